import { expect, test } from 'vitest';

import { addCanaryOutcome, emptyCanary } from '../../../src/domain/gate/canary.js';
import {
  asksForMore,
  canaryIfNoneCame,
  promotionIfNoneCame,
} from '../../../src/domain/gate/pending.js';
import {
  addPromotionOutcome,
  emptyPromotionMonitor,
} from '../../../src/domain/gate/promotion-monitor.js';
import { referenceStrata } from '../../../src/domain/gate/strata.js';

const SLICES = { kind: 'a' };

function promoted(known: number) {
  const strata = referenceStrata([{ slices: SLICES, n: 300, failures: 15 }]);
  return Array.from({ length: known }, () => ({ success: 1, slices: SLICES })).reduce(
    addPromotionOutcome,
    emptyPromotionMonitor(strata),
  );
}

test.each([
  [0, false],
  [3, false],
  [60, true],
  [5_000, true],
])('of 200 known successes, %i outcomes that never came change the verdict: %s', (n, changes) => {
  const monitor = promoted(200);

  const after = promotionIfNoneCame(monitor, n === 0 ? [] : [{ slices: SLICES, n }]);

  expect(monitor.action.kind).toBe('none');
  expect(asksForMore(monitor, after)).toBe(changes);
});

function inCanary(count: number) {
  return Array.from({ length: count }, () => ['control', 'canary'] as const)
    .flat()
    .reduce(
      (state, arm) => addCanaryOutcome(state, { arm, success: 1, slices: SLICES }),
      emptyCanary(['kind=a']),
    );
}

test('outcomes missing in both arms alike say nothing of the canary', () => {
  const pending = (['canary', 'control'] as const).map((arm) => ({ arm, slices: SLICES, n: 50 }));

  expect(canaryIfNoneCame(inCanary(20), pending).alarm).toBeUndefined();
});

test('outcomes missing in the canary alone would be harm', () => {
  const pending = [
    { arm: 'canary' as const, slices: SLICES, n: 30 },
    { arm: 'control' as const, slices: SLICES, n: 2 },
  ];
  const controls = Array.from({ length: 40 }, () => ({
    arm: 'control' as const,
    success: 1,
    slices: SLICES,
  }));

  const state = controls.reduce(addCanaryOutcome, canaryIfNoneCame(inCanary(20), pending));

  expect(state.alarm?.scope).toBe('slice');
});
