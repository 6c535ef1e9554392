import { expect, test } from 'vitest';

import { addCanaryOutcome, emptyCanary } from '../../../src/domain/gate/canary.js';
import {
  asksForMore,
  harmsIfNoneCame,
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
  return Array.from({ length: count }, () => ['control', 'control', 'control', 'canary'] as const)
    .flat()
    .reduce(
      (state, arm) => addCanaryOutcome(state, { arm, success: 1, slices: SLICES }),
      emptyCanary(['kind=a']),
    );
}

test.each([
  ['nothing', 0, 0, false],
  ['as much of both arms', 10, 30, false],
  ['two of the canary', 2, 0, false],
  ['the canary alone', 15, 0, true],
  ['the canary more than the controls', 40, 10, true],
  ['the controls alone', 0, 40, false],
])('where %s is missing of 20 canary outcomes', (_what, canary, control, harms) => {
  const pending = [
    { arm: 'canary' as const, slices: SLICES, n: canary },
    { arm: 'control' as const, slices: SLICES, n: control },
  ];

  expect(harmsIfNoneCame(inCanary(20), pending)).toBe(harms);
});

test('a canary whose outcomes are all missing harms, whatever the controls did', () => {
  const pending = [{ arm: 'canary' as const, slices: SLICES, n: 30 }];

  expect(harmsIfNoneCame(emptyCanary([]), pending)).toBe(true);
});
