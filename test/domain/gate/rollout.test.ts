import { describe, expect, test } from 'vitest';

import {
  defaultRolloutPolicy,
  isProbationOver,
  nextRolloutStep,
} from '../../../src/domain/gate/rollout.js';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

describe('a canary stage', () => {
  const policy = defaultRolloutPolicy;

  test.each([
    ['too few outcomes', 29, 2 * HOUR_MS],
    ['too little time', 500, HOUR_MS - 1],
  ])('stays with %s', (_, outcomes, elapsedMs) => {
    expect(nextRolloutStep(policy, 0, { outcomes, elapsedMs })).toEqual({ kind: 'stay' });
  });

  test('advances by count and time, both', () => {
    expect(nextRolloutStep(policy, 0, { outcomes: 30, elapsedMs: HOUR_MS })).toEqual({
      kind: 'advance',
      stage: 1,
    });
  });

  test('promotes after the last stage', () => {
    const seen = { outcomes: 60, elapsedMs: HOUR_MS };

    expect(nextRolloutStep(policy, 1, seen)).toEqual({ kind: 'advance', stage: 2 });
    expect(nextRolloutStep(policy, 2, seen)).toEqual({ kind: 'promote' });
  });

  test('a policy without stages promotes at once', () => {
    const direct = { ...policy, stages: [] };

    expect(nextRolloutStep(direct, 0, { outcomes: 0, elapsedMs: 0 })).toEqual({ kind: 'promote' });
  });
});

test.each([
  ['200 outcomes in a day', 200, DAY_MS, true],
  ['30 outcomes in seven days', 30, 7 * DAY_MS, true],
  ['199 outcomes in six days', 199, 6 * DAY_MS, false],
  ['29 outcomes in a year', 29, 365 * DAY_MS, false],
])('probation with %s: over is a matter of both', (_, outcomes, elapsedMs, over) => {
  expect(isProbationOver(defaultRolloutPolicy, { outcomes, elapsedMs })).toBe(over);
});
