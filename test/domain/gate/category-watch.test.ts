import { expect, test } from 'vitest';

import {
  addWatchedCategory,
  emptyCategoryWatch,
  type CategoryWatch,
} from '../../../src/domain/gate/category-watch.js';
import { mulberry32 } from '../../../src/domain/random.js';

const KINDS = ['ok', 'wrong-rows', 'timeout', 'refusal'];
const USUAL = [0.8, 0.1, 0.06, 0.04];

function draws(shares: readonly number[], count: number, seed: number): readonly string[] {
  const random = mulberry32(seed);
  return Array.from({ length: count }, () => {
    let u = random();
    return KINDS[shares.findIndex((share) => (u -= share) < 0)] ?? 'ok';
  });
}

function watch(from: CategoryWatch, categories: readonly string[]): CategoryWatch {
  return categories.reduce((state, category) => addWatchedCategory(state, { category }), from);
}

const known = (n: number) => [
  {
    slices: {},
    n,
    categories: Object.fromEntries(
      KINDS.map((kind, index) => [kind, Math.round(n * (USUAL[index] ?? 0))]),
    ),
  },
];

test('compares with nothing before 500 outcomes are known, and gathers them itself', () => {
  const begun = watch(emptyCategoryWatch(known(400)), draws(USUAL, 99, 1));
  const full = watch(begun, ['ok']);

  expect(begun.drift).toBeNull();
  expect(full.drift).toMatchObject({ n: 0, counts: {} });
  expect(emptyCategoryWatch(known(500)).drift).not.toBeNull();
});

test('tells a shift of .10 to .25 of one kind, and which kind it was', () => {
  const runs = Array.from({ length: 100 }, (_, seed) =>
    watch(emptyCategoryWatch(known(1000)), draws([0.65, 0.25, 0.06, 0.04], 200, 100 + seed)),
  );

  const told = runs.filter(({ shift }) => shift !== undefined);

  expect(told.length).toBeGreaterThanOrEqual(95);
  expect(
    told.filter(({ shift }) =>
      shift?.shares.slice(0, 2).some(({ category }) => category === 'wrong-rows'),
    ).length,
  ).toBeGreaterThanOrEqual(90);
});

test('tells of at most 7 % of watches of 500 outcomes where nothing changed, reference estimated', () => {
  const told = Array.from({ length: 300 }, (_, seed) => {
    const reference = watch(emptyCategoryWatch([]), draws(USUAL, 500, 5000 + seed));
    return watch(reference, draws(USUAL, 500, 9000 + seed)).shift !== undefined;
  }).filter(Boolean);

  expect(told.length / 300).toBeLessThanOrEqual(0.07);
});

test('the first crossing stays, and an outcome without a category says nothing', () => {
  const told = watch(emptyCategoryWatch(known(500)), draws([0, 0, 1, 0], 30, 3));

  expect(told.shift).toBeDefined();
  expect(watch(told, draws(USUAL, 100, 4))).toEqual(told);
  expect(addWatchedCategory(emptyCategoryWatch([]), {})).toEqual(emptyCategoryWatch([]));
});

test('the state survives as JSON', () => {
  const state = watch(emptyCategoryWatch(known(500)), draws(USUAL, 20, 6));

  expect(JSON.parse(JSON.stringify(state))).toEqual(state);
});
