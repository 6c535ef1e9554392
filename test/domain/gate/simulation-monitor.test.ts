import { describe, expect, test, vi } from 'vitest';

import { addCanaryOutcome, emptyCanary } from '../../../src/domain/gate/canary.js';
import { runDetector, runDiagnosis } from '../../../src/domain/gate/simulation.js';
import { mulberry32 } from '../../../src/domain/random.js';

// Seconds of computing, which a busy machine may stretch.
vi.setConfig({ testTimeout: 180_000 });

describe('B7: the monitor', () => {
  test('at A = 500 a false alarm comes after 500 tasks or more in the mean', () => {
    const draw = mulberry32(5);
    const runs = 2000;

    let tasks = 0;
    for (let run = 0; run < runs; run += 1) {
      tasks += runDetector(draw, {
        kind: 'shiryaev-roberts',
        f0: 0.3,
        threshold: 500,
        limit: 20_000,
        failureRate: () => 0.3,
      });
    }

    expect(tasks / runs).toBeGreaterThanOrEqual(500);
  });

  test('at A = 2000 a false alarm within 200 tasks comes in at most one of ten streams', () => {
    const draw = mulberry32(6);
    const runs = 2000;

    let early = 0;
    for (let run = 0; run < runs; run += 1) {
      const at = runDetector(draw, {
        kind: 'shiryaev-roberts',
        f0: 0.3,
        threshold: 2000,
        limit: 201,
        failureRate: () => 0.3,
      });
      early += at <= 200 ? 1 : 0;
    }

    expect(early / runs).toBeLessThanOrEqual(0.1);
  });

  test('at A = 2000 a loss of 20 points is found in 55 tasks in the mean', () => {
    const draw = mulberry32(5);
    const delays: number[] = [];
    while (delays.length < 2000) {
      const at = runDetector(draw, {
        kind: 'shiryaev-roberts',
        f0: 0.3,
        threshold: 2000,
        limit: 5000,
        failureRate: (t) => (t <= 200 ? 0.3 : 0.5),
      });
      if (at > 200) delays.push(at - 200);
    }

    const mean = delays.reduce((total, delay) => total + delay, 0) / delays.length;
    expect(mean).toBeLessThanOrEqual(55);
  });
});

// 3,000 runs: one standard error is at most .4 points at these shares.
test.each([
  [0, { drift: 0.952, regression: 0.045, unresolved: 0.004 }],
  [-0.2, { drift: 0.019, regression: 0.979, unresolved: 0.002 }],
])('B7: diagnosis of a true difference of %d has the published shares', (d, expected) => {
  const draw = mulberry32(21);
  const runs = 3000;
  const counts = { drift: 0, regression: 0, unresolved: 0 };

  for (let run = 0; run < runs; run += 1) {
    counts[runDiagnosis(draw, { p: 0.7, d, rho: 0.5 }).diagnosis] += 1;
  }

  expect(Math.abs(counts.drift / runs - expected.drift)).toBeLessThanOrEqual(0.03);
  expect(Math.abs(counts.regression / runs - expected.regression)).toBeLessThanOrEqual(0.03);
  expect(Math.abs(counts.unresolved / runs - expected.unresolved)).toBeLessThanOrEqual(0.03);
});

describe('a canary at 10 %, one outcome against nine controls', () => {
  /** Share of seeded canaries that alarm within 100 canary outcomes. */
  const alarmed = (canarySuccess: number): number => {
    const draw = mulberry32(5);
    const runs = 400;
    let alarms = 0;
    for (let run = 0; run < runs; run += 1) {
      let state = emptyCanary([]);
      for (let task = 1; task <= 1000 && state.alarm === undefined; task += 1) {
        const arm = task % 10 === 0 ? 'canary' : 'control';
        const success = draw() < (arm === 'canary' ? canarySuccess : 0.7) ? 1 : 0;
        state = addCanaryOutcome(state, { arm, success, slices: {} });
      }
      alarms += state.alarm === undefined ? 0 : 1;
    }
    return alarms / runs;
  };

  test('alarms falsely in few of them', () => {
    expect(alarmed(0.7)).toBeLessThanOrEqual(0.04);
  });

  test('finds a loss of 20 points in nine of ten', () => {
    expect(alarmed(0.5)).toBeGreaterThanOrEqual(0.9);
  });
});
