import { expect, test } from 'vitest';

import {
  addCriticalOutcome,
  emptyCriticalWatch,
  standingCriticalWatch,
  type CategoryReference,
  type CriticalWatch,
} from '../../../src/domain/gate/critical-watch.js';
import { mulberry32 } from '../../../src/domain/random.js';

const CATEGORY = 'data-loss';

const reference = (n: number, cases: number, slices = {}): CategoryReference => ({
  slices,
  n,
  categories: { ok: n - cases, [CATEGORY]: cases },
});

function live(watch: CriticalWatch, categories: readonly string[], slices = {}): CriticalWatch {
  return categories.reduce(
    (state, category) => addCriticalOutcome(state, { success: 1, slices, category }),
    watch,
  );
}

/** 200 outcomes at a rate, after a reference at another; how many of them it took to alarm. */
function alarmAfter(seed: number, before: number, after: number, n: number): number | undefined {
  const next = mulberry32(seed);
  const draw = (rate: number) => (next() < rate ? 1 : 0);
  let cases = 0;
  for (let task = 0; task < n; task += 1) cases += draw(before);
  let watch = emptyCriticalWatch([CATEGORY], [reference(n, cases)]);
  for (let task = 1; task <= 200; task += 1) {
    watch = live(watch, [draw(after) === 1 ? CATEGORY : 'ok']);
    if (watch.alarm !== undefined) return task;
  }
  return undefined;
}

function shareAlarmed(runs: number, before: number, after: number, n: number): number {
  const found = Array.from({ length: runs }, (_none, run) => alarmAfter(run, before, after, n));
  return found.filter((at) => at !== undefined).length / runs;
}

test('acts on nothing that changed in one promotion of fifty, rare categories among them', () => {
  for (const rate of [0.001, 0.005, 0.02, 0.1]) {
    // Three standard errors of 400 runs above the level of 1 / 50.
    expect(shareAlarmed(400, rate, rate, 300)).toBeLessThanOrEqual(0.041);
  }
});

test('finds a category that went from none to one task in twenty, in most promotions', () => {
  expect(shareAlarmed(100, 0, 0.05, 300)).toBeGreaterThanOrEqual(0.8);
  expect(shareAlarmed(100, 0, 0.1, 300)).toBeGreaterThanOrEqual(0.97);
});

test('names the category, the value, the threshold and the outcomes it took', () => {
  const watch = emptyCriticalWatch(['leak', CATEGORY], [reference(300, 0)]);

  const { alarm } = live(watch, ['ok', CATEGORY, CATEGORY]);

  expect(alarm).toMatchObject({ category: CATEGORY, n: 2, threshold: Math.log(100) });
  expect(alarm?.logE).toBeGreaterThan(Math.log(100));
});

test('a mix of tasks that turns to where the category is common is not blamed', () => {
  const strata = [reference(200, 0, { kind: 'easy' }), reference(200, 60, { kind: 'hard' })];
  const usual = Array.from({ length: 120 }, (_none, i) => (i % 10 < 3 ? CATEGORY : 'ok'));

  const watch = live(emptyCriticalWatch([CATEGORY], strata), usual, { kind: 'hard' });

  expect(watch.alarm).toBeUndefined();
  const blamed = live(emptyCriticalWatch([CATEGORY], [reference(400, 60)]), usual);
  expect(blamed.alarm).toBeDefined();
});

test('after probation a change may come at any time, and takes what an act without diagnosis takes', () => {
  const survived = live(
    emptyCriticalWatch([CATEGORY], [reference(300, 0)]),
    Array.from({ length: 200 }, () => 'ok'),
  );
  const burst = Array.from({ length: 3 }, () => CATEGORY);

  const watch = live(standingCriticalWatch(survived), burst);

  expect(live(survived, burst).alarm).toBeUndefined();
  expect(watch.alarm).toMatchObject({ category: CATEGORY, threshold: Math.log(40_000) });
});

test('survives as JSON, and without critical categories there is nothing to alarm', () => {
  const watch = standingCriticalWatch(emptyCriticalWatch([CATEGORY], [reference(9, 1)]));

  expect(JSON.parse(JSON.stringify(watch))).toEqual(watch);
  expect(live(emptyCriticalWatch([], []), [CATEGORY, CATEGORY]).alarm).toBeUndefined();
});
