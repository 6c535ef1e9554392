import fc from 'fast-check';
import { expect, test } from 'vitest';

import {
  addOutcome,
  NO_EVIDENCE_BOUND,
  NO_UTILITY,
  probabilityBelow,
  shrunkTo,
  standingOf,
  upliftBound,
  upliftOf,
  type Utility,
} from '../../../src/domain/utility/uplift.js';

const counts = fc.record({
  successes: fc.double({ min: 0, max: 1_000, noNaN: true }),
  failures: fc.double({ min: 0, max: 1_000, noNaN: true }),
});
const utilities = fc.record({ treated: counts, heldOut: counts });

function aUtility(treated: [number, number], heldOut: [number, number]): Utility {
  return {
    treated: { successes: treated[0], failures: treated[1] },
    heldOut: { successes: heldOut[0], failures: heldOut[1] },
  };
}

test('says nothing of a lesson nobody compared', () => {
  expect(standingOf(NO_UTILITY)).toBe('unknown');
  expect(upliftBound(aUtility([90, 10], [0, 0]))).toBe(NO_EVIDENCE_BOUND);
});

test('calls a lesson harmful whose tasks fail more than those held out of it', () => {
  expect(standingOf(aUtility([100, 100], [25, 3]))).toBe('harmful');
  expect(standingOf(aUtility([160, 40], [10, 18]))).toBe('helpful');
});

test('does not call a lesson harmful from fewer than twenty tasks without it', () => {
  expect(standingOf(aUtility([0, 200], [19, 0]))).toBe('suspected');
  expect(standingOf(aUtility([0, 200], [20, 0]))).toBe('harmful');
});

test('ranks by the bound: shown to help, then unknown, then shown to harm', () => {
  const helps = upliftBound(aUtility([160, 40], [10, 20]));
  const harms = upliftBound(aUtility([80, 120], [25, 5]));

  expect(helps).toBeGreaterThan(NO_EVIDENCE_BOUND);
  expect(harms).toBeLessThan(NO_EVIDENCE_BOUND);
});

test('a probability rises with its bound and stays between 0 and 1', () => {
  fc.assert(
    fc.property(utilities, (utility) => {
      const values = [-1, -0.2, -0.02, 0, 0.3, 1].map((bound) => probabilityBelow(utility, bound));
      values.forEach((value, at) => {
        expect(value).toBeGreaterThanOrEqual(values[at - 1] ?? 0);
        expect(value).toBeLessThanOrEqual(1);
      });
    }),
  );
});

test('the bound lies below the mean and within -1 and 1', () => {
  fc.assert(
    fc.property(utilities, (utility) => {
      const bound = upliftBound(utility);

      expect(bound).toBeGreaterThanOrEqual(-1);
      expect(bound).toBeLessThan(Math.max(upliftOf(utility).mean, 0));
    }),
  );
});

test('adds a score to the arm that the task was in', () => {
  const once = addOutcome(NO_UTILITY, false, 0.25);
  const twice = addOutcome(once, true, 1);

  expect(twice).toEqual(aUtility([0.25, 0.75], [1, 0]));
});

test('lends a slice the rates of the whole traffic, which many tasks of its own outweigh', () => {
  const whole = aUtility([80, 20], [20, 20]);

  expect(upliftOf(shrunkTo(whole, NO_UTILITY)).mean).toBeCloseTo(0.24, 2);
  expect(upliftOf(shrunkTo(whole, aUtility([10, 190], [90, 10]))).mean).toBeLessThan(-0.6);
});
