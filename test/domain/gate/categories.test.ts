import fc from 'fast-check';
import { expect, test } from 'vitest';

import {
  addCategories,
  categoriesThatGrew,
  criticalCategoryThatGrew,
  logHomogeneity,
  shiftLabel,
} from '../../../src/domain/gate/categories.js';
import type { CategoryState } from '../../../src/domain/gate/categories.js';
import { addSuperiority, emptyEProcess, logE } from '../../../src/domain/gate/eprocess.js';

const folded = (pairs: readonly (readonly [string, string])[]): CategoryState =>
  pairs.reduce<CategoryState>(
    (state, [baseline, candidate]) => addCategories(state, baseline, candidate),
    [],
  );

const times = (count: number, baseline: string, candidate: string): [string, string][] =>
  Array.from({ length: count }, () => [baseline, candidate]);

test('a category tests its own indicator difference, ties left out', () => {
  const state = folded([
    ['ok', 'timeout'],
    ['timeout', 'timeout'],
    ['timeout', 'ok'],
    ['ok', 'timeout'],
  ]);

  const expected = [1, -1, 1].reduce((p, d) => addSuperiority(p, d, 0), emptyEProcess());
  const timeout = state.find(({ name }) => name === 'timeout');
  expect(timeout).toMatchObject({ baseline: 2, candidate: 3 });
  expect(logE(timeout?.grew ?? emptyEProcess())).toBeCloseTo(logE(expected), 12);
});

test('nothing moved where both arms fail alike', () => {
  const state = folded([...times(50, 'ok', 'ok'), ...times(50, 'timeout', 'timeout')]);

  expect(logHomogeneity(state)).toBeCloseTo(0, 12);
  expect(shiftLabel(state, false, [])).toBeUndefined();
});

test('a candidate that only moves its errors is shifted-only', () => {
  const state = folded([...times(30, 'timeout', 'wrong-table'), ...times(30, 'ok', 'ok')]);

  expect(shiftLabel(state, false, [])).toBe('shifted-only');
});

test('a move into success is none from one failure to another, though its effect is not shown yet', () => {
  const state = folded([...times(14, 'timeout', 'ok'), ...times(30, 'ok', 'ok')]);

  expect(logHomogeneity(state)).toBeGreaterThan(Math.log(20));
  expect(shiftLabel(state, false, [])).toBeUndefined();
});

test('a superior candidate is improved, or improved-shifted where some category grew', () => {
  const better = folded(times(30, 'timeout', 'ok'));
  const moved = folded([...times(40, 'timeout', 'ok'), ...times(15, 'ok', 'wrong-table')]);

  expect(shiftLabel(better, true, [])).toBe('improved');
  expect(categoriesThatGrew(moved)).toEqual(['wrong-table']);
  expect(shiftLabel(moved, true, [])).toBe('improved-shifted');
});

test('no label excuses a critical category that grew', () => {
  const state = folded([...times(40, 'timeout', 'ok'), ...times(15, 'ok', 'data-loss')]);

  expect(criticalCategoryThatGrew(state, ['data-loss'])).toBe('data-loss');
  expect(shiftLabel(state, true, ['data-loss'])).toBeUndefined();
});

test('watching more critical categories asks for more evidence of each', () => {
  const state = folded(times(6, 'ok', 'data-loss'));

  expect(criticalCategoryThatGrew(state, ['data-loss'])).toBeUndefined();
  const more = folded(times(8, 'ok', 'data-loss'));
  expect(criticalCategoryThatGrew(more, ['data-loss'])).toBe('data-loss');
  const many = Array.from({ length: 40 }, (_, i) => `critical-${i}`).concat('data-loss');
  expect(criticalCategoryThatGrew(more, many)).toBeUndefined();
});

test('success is no failure category, however much it grew', () => {
  expect(categoriesThatGrew(folded(times(100, 'timeout', 'ok')))).toEqual([]);
});

test('does not depend on the order of pairs', () => {
  const category = fc.constantFrom('ok', 'a', 'b');
  const shuffled = fc
    .array(fc.tuple(category, category), { maxLength: 40 })
    .chain((pairs) =>
      fc.tuple(
        fc.constant(pairs),
        fc.shuffledSubarray(pairs, { minLength: pairs.length, maxLength: pairs.length }),
      ),
    );

  fc.assert(
    fc.property(shuffled, ([pairs, other]) => {
      expect(logHomogeneity(folded(other))).toBeCloseTo(logHomogeneity(folded(pairs)), 9);
    }),
  );
});
