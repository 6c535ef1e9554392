import { describe, expect, test, vi } from 'vitest';

import {
  addCanaryOutcome,
  defaultCanaryPolicy,
  emptyCanary,
  type CanaryPolicy,
} from '../../../src/domain/gate/canary.js';
import {
  addCriticalOutcome,
  defaultCriticalWatchPolicy,
  emptyCriticalWatch,
} from '../../../src/domain/gate/critical-watch.js';
import { defaultDiagnosisPolicy } from '../../../src/domain/gate/diagnosis.js';
import {
  defaultPromotionMonitorPolicy,
  emptyPromotionMonitor,
} from '../../../src/domain/gate/promotion-monitor.js';
import type { MonitorPolicy } from '../../../src/domain/gate/monitor.js';
import { runDetector, runDiagnosis, type Draw } from '../../../src/domain/gate/simulation.js';
import {
  addStandingOutcome,
  standingAction,
  standingWatch,
} from '../../../src/domain/gate/standing-watch.js';
import { referenceStrata } from '../../../src/domain/gate/strata.js';
import { mulberry32 } from '../../../src/domain/random.js';

// Seconds of computing, which a busy machine may stretch.
vi.setConfig({ testTimeout: 180_000 });

const mean = (runs: number, seed: number, run: (draw: Draw) => boolean): number => {
  const draw = mulberry32(seed);
  return Array.from({ length: runs }, () => run(draw)).filter(Boolean).length / runs;
};

/** Whether a canary that loses 30 points goes on unharmed for a hundred outcomes of its own. */
const survives =
  (policy: CanaryPolicy) =>
  (draw: Draw): boolean => {
    let state = emptyCanary([], policy);
    for (let task = 1; task <= 1000 && state.alarm === undefined; task += 1) {
      const arm = task % 10 === 0 ? 'canary' : 'control';
      const success = draw() < (arm === 'canary' ? 0.4 : 0.7) ? 1 : 0;
      state = addCanaryOutcome(state, { arm, success, slices: {} });
    }
    return state.alarm === undefined;
  };

/** Whether a critical category at its usual rate of one in fifty is acted upon within a probation. */
const blamed =
  (threshold: number) =>
  (draw: Draw): boolean => {
    const kind = (): string => (draw() < 0.02 ? 'data-loss' : 'ok');
    const cases = Array.from({ length: 300 }, kind).filter((found) => found !== 'ok').length;
    const known = [{ slices: {}, n: 300, categories: { 'data-loss': cases } }];
    let watch = emptyCriticalWatch(['data-loss'], known, {
      ...defaultCriticalWatchPolicy,
      threshold,
    });
    for (let t = 0; t < 200 && watch.alarm === undefined; t += 1) {
      watch = addCriticalOutcome(watch, { success: 1, slices: {}, category: kind() });
    }
    return watch.alarm !== undefined;
  };

/** What the watch after probation does by itself where failures go from `previous` to .05 and then to `later`. */
const takenBack =
  (previous: number, later: number, more: Partial<MonitorPolicy> = {}) =>
  (draw: Draw): boolean => {
    const raw = { ...defaultPromotionMonitorPolicy.raw, ...more };
    const failures = Math.round(300 * previous);
    let watch = standingWatch(
      emptyPromotionMonitor(referenceStrata([{ slices: {}, n: 300, failures }]), {
        ...defaultPromotionMonitorPolicy,
        raw,
      }),
    );
    for (let t = 0; t < 700; t += 1) {
      const fails = t < 600 ? 0.05 : later;
      watch = addStandingOutcome(watch, { success: draw() < fails ? 0 : 1, slices: {} });
      if (standingAction(watch).kind === 'rollback') return true;
    }
    return false;
  };

const diagnosed = (d: number, is: string, more: Partial<typeof defaultDiagnosisPolicy> = {}) => {
  const policy = { ...defaultDiagnosisPolicy, ...more };
  return (draw: Draw): boolean =>
    runDiagnosis(draw, { p: 0.7, d, rho: 0.5 }, policy).diagnosis === is;
};

const falseAlarm =
  (threshold: number) =>
  (draw: Draw): boolean =>
    runDetector(draw, {
      kind: 'shiryaev-roberts',
      f0: 0.3,
      threshold,
      limit: 201,
      failureRate: () => 0.3,
    }) <= 200;

describe('switched off, a guard of live outcomes breaks the bar that it holds:', () => {
  test.each<{
    readonly guard: string;
    readonly bar: number;
    readonly on: () => number;
    readonly off: () => number;
  }>([
    {
      guard: 'the alarm of a canary: one that loses 30 points goes on in 5 % at most',
      bar: 0.05,
      on: () => mean(60, 1, survives(defaultCanaryPolicy)),
      off: () => mean(20, 1, survives({ ...defaultCanaryPolicy, level: 1e-300 })),
    },
    {
      guard: 'A_mon: a false alarm within 200 outcomes comes in 10 % at most',
      bar: 0.1,
      on: () => mean(300, 2, falseAlarm(2000)),
      off: () => mean(100, 2, falseAlarm(50)),
    },
    {
      guard: 'the threshold of a critical category: its usual rate is blamed in 5 % at most',
      bar: 0.05,
      on: () => mean(150, 3, blamed(defaultCriticalWatchPolicy.threshold)),
      off: () => mean(60, 3, blamed(1.2)),
    },
    {
      guard: 'severity: a promotion whose tasks all fail goes on for 100 outcomes in none',
      bar: 0,
      on: () => 1 - mean(40, 4, takenBack(0.1, 1)),
      off: () => 1 - mean(10, 4, takenBack(0.1, 1, { severeFactor: 1e300 })),
    },
    {
      guard: 'what would come back: a gain that is gone is taken back for that in 5 % at most',
      bar: 0.05,
      on: () => mean(60, 5, takenBack(0.6, 0.55)),
      off: () => mean(20, 5, takenBack(0.6, 0.55, { slack: -1 })),
    },
    {
      guard:
        'the margin of a diagnosis: no difference is called anything but drift in 10 % at most',
      bar: 0.1,
      on: () => 1 - mean(200, 6, diagnosed(0, 'drift')),
      off: () => 1 - mean(60, 6, diagnosed(0, 'drift', { margin: 0 })),
    },
    {
      guard: 'the level of a diagnosis: no difference is called a regression in 10 % at most',
      bar: 0.1,
      on: () => mean(200, 7, diagnosed(0, 'regression')),
      off: () => mean(100, 7, diagnosed(0, 'regression', { level: 0.9 })),
    },
    {
      guard: 'the pairs of a diagnosis: a loss of 20 points is left open in 5 % at most',
      bar: 0.05,
      on: () => mean(200, 8, diagnosed(-0.2, 'unresolved')),
      off: () => mean(100, 8, diagnosed(-0.2, 'unresolved', { maxPairs: 20 })),
    },
  ])('$guard', ({ bar, on, off }) => {
    expect(on()).toBeLessThanOrEqual(bar);
    expect(off()).toBeGreaterThan(bar);
  });
});
