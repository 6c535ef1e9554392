import { expect, test } from 'vitest';

import {
  exactTestPromotes,
  logBetaBinomial,
  zTestPromotes,
} from '../../../src/bench/gate/comparators.js';

test('the exact test needs five wins of five, and eight of nine', () => {
  expect([exactTestPromotes(4, 0), exactTestPromotes(5, 0)]).toEqual([false, true]);
  expect([exactTestPromotes(7, 2), exactTestPromotes(8, 1)]).toEqual([false, true]);
  expect(exactTestPromotes(0, 0)).toBe(false);
});

test('the z-test promotes from 1.645 standard errors on', () => {
  // Mean .2, variance .2 - .04 times 20/19: z = 2.18 at 20 pairs, all wins; 1.56 at 11.
  expect(zTestPromotes(4, 0, 20)).toBe(true);
  expect(zTestPromotes(2, 0, 20)).toBe(false);
  expect(zTestPromotes(0, 0, 20)).toBe(false);
});

test('the mixture starts at e = 1 and has mean one over a fair coin', () => {
  expect(logBetaBinomial(0, 0)).toBeCloseTo(0, 12);
  for (const [won, lost] of [
    [0, 0],
    [3, 1],
    [10, 12],
  ] as const) {
    const next =
      (Math.exp(logBetaBinomial(won + 1, lost)) + Math.exp(logBetaBinomial(won, lost + 1))) / 2;
    expect(next).toBeCloseTo(Math.exp(logBetaBinomial(won, lost)), 9);
  }
});

test('the mixture of one win is three halves: 2 * integral of 2p over (1/2, 1)', () => {
  expect(Math.exp(logBetaBinomial(1, 0))).toBeCloseTo(1.5, 12);
});
