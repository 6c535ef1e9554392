import fc from 'fast-check';
import { expect, test } from 'vitest';

import {
  affordablePairs,
  EVALUATION_DAYS,
  isSpent,
  nextBudgetMs,
} from '../../src/domain/learning-budget.js';

const DAY_MS = 86_400_000;

test('a day pays for a pair only where it pays for every run of it', () => {
  expect(isSpent({ perDay: 100, spent: 90 }, 5)).toBe(false);
  expect(isSpent({ perDay: 100, spent: 91 }, 5)).toBe(true);
  expect(isSpent({ perDay: 0, spent: 0 }, 1)).toBe(true);
});

test('a limit of 100 runs pays for ten pairs of five runs an arm a day, not for 400', () => {
  expect(affordablePairs({ perDay: 100, spent: 0 }, 5)).toBe(10 + 10 * EVALUATION_DAYS);
  expect(affordablePairs({ perDay: 100, spent: 100 }, 5)).toBe(10 * EVALUATION_DAYS);
  expect(affordablePairs({ perDay: 9, spent: 0 }, 5)).toBe(0);
});

test('no day is asked for more runs than it has, whatever was spent', () => {
  const natural = fc.integer({ min: 0, max: 30_000 });
  fc.assert(
    fc.property(natural, natural, fc.integer({ min: 1, max: 10 }), (perDay, spent, replicates) => {
      const pairs = affordablePairs({ perDay, spent }, replicates);
      const runs = Math.max(0, perDay - spent) + EVALUATION_DAYS * perDay;
      expect(pairs).toBeGreaterThanOrEqual(0);
      expect(2 * replicates * pairs).toBeLessThanOrEqual(runs);
    }),
  );
});

test('the next budget begins after the next midnight UTC, and within a day and a minute', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 4_000_000_000_000 }), (nowMs) => {
      const nextMs = nextBudgetMs(nowMs);
      expect(Math.floor(nextMs / DAY_MS)).toBe(Math.floor(nowMs / DAY_MS) + 1);
      expect(nextMs - nowMs).toBeLessThanOrEqual(DAY_MS + 60_000);
    }),
  );
});
