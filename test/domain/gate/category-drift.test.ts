import fc from 'fast-check';
import { expect, test } from 'vitest';

import {
  UNSEEN_CATEGORY,
  addLiveCategory,
  emptyCategoryDrift,
  referenceShares,
} from '../../../src/domain/gate/category-drift.js';

const run = (theta: Readonly<Record<string, number>>, categories: readonly string[]): number =>
  categories.reduce(addLiveCategory, emptyCategoryDrift(theta)).logE;

test('B1: gives the printed ln E for the printed counts', () => {
  const theta = { a: 0.7, b: 0.1, c: 0.1, d: 0.06, e: 0.04 };
  const counts = { a: 60, b: 18, c: 12, d: 4, e: 6 };
  const categories = Object.entries(counts).flatMap(([name, count]) =>
    Array.from({ length: count }, () => name),
  );

  expect(Math.abs(run(theta, categories) / 0.47977426 - 1)).toBeLessThan(1e-6);
});

test('does not depend on the order of outcomes', () => {
  const theta = { a: 0.5, b: 0.3, c: 0.2 };
  const shuffled = fc
    .array(fc.constantFrom('a', 'b', 'c'), { maxLength: 50 })
    .chain((list) =>
      fc.tuple(
        fc.constant(list),
        fc.shuffledSubarray(list, { minLength: list.length, maxLength: list.length }),
      ),
    );

  fc.assert(
    fc.property(shuffled, ([list, other]) => {
      expect(run(theta, other)).toBeCloseTo(run(theta, list), 9);
    }),
  );
});

test('is a martingale under its reference: the mean of the next value is the present one', () => {
  const theta = { a: 0.5, b: 0.3, c: 0.2 };
  const state = ['a', 'a', 'b'].reduce(addLiveCategory, emptyCategoryDrift(theta));

  const mean = Object.entries(theta).reduce(
    (total, [name, share]) => total + share * Math.exp(addLiveCategory(state, name).logE),
    0,
  );

  expect(mean).toBeCloseTo(Math.exp(state.logE), 12);
});

test('an estimated reference is no certainty: what repeats its own counts is never a shift', () => {
  const known = emptyCategoryDrift({ a: 0.5, b: 0.5 });
  const guessed = emptyCategoryDrift({ a: 0.5, b: 0.5 }, 20);
  const alone = Array.from({ length: 100 }, () => 'a');

  expect(alone.reduce(addLiveCategory, guessed).logE).toBeLessThan(
    alone.reduce(addLiveCategory, known).logE,
  );
  // The mean of the next value is the present one under the predictive of the estimate.
  const state = ['a', 'a', 'b'].reduce(addLiveCategory, guessed);
  const mean = (['a', 'b'] as const).reduce((total, name) => {
    const share = (20 * 0.5 + (name === 'a' ? 2 : 1)) / (20 + 3);
    return total + share * Math.exp(addLiveCategory(state, name).logE);
  }, 0);
  expect(mean).toBeCloseTo(Math.exp(state.logE), 12);
});

test('finds a kind of failure that the reference never saw', () => {
  const theta = referenceShares({ ok: 450, timeout: 50 });

  expect(theta[UNSEEN_CATEGORY]).toBeCloseTo(1 / 503, 12);
  expect(run(theta, ['new-error', 'another', 'new-error'])).toBeGreaterThan(Math.log(20));
});

test('refuses a category for which no share is known', () => {
  expect(() => run({ ok: 1 }, ['timeout'])).toThrow(RangeError);
});
