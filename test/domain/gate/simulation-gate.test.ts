import { describe, expect, test, vi } from 'vitest';

import {
  addHarm,
  addSuperiority,
  emptyEProcess,
  exceeds,
  logE,
} from '../../../src/domain/gate/eprocess.js';
import { gatePolicy } from '../../../src/domain/gate/gate-policy.js';
import { defaultLedgerPolicy } from '../../../src/domain/gate/ledger.js';
import {
  drawDifference,
  runEffectTest,
  runLife,
  runSlicedGate,
} from '../../../src/domain/gate/simulation.js';
import type { EffectRun, PairedModel } from '../../../src/domain/gate/simulation.js';
import { mulberry32 } from '../../../src/domain/random.js';

// Seconds of computing, which a busy machine may stretch.
vi.setConfig({ testTimeout: 180_000 });

/** Shares and mean pairs over seeded effect tests at e >= 20, looked at after every pair from 20 to 400. */
const effectTests = (model: PairedModel, runs: number, hasFutility: boolean, alpha = 0.05) => {
  const draw = mulberry32(2026 + Math.round(100 * model.d) + Math.round(10 * model.rho));
  const ends: EffectRun[] = [];
  for (let run = 0; run < runs; run += 1) {
    ends.push(runEffectTest(draw, model, { alpha, hasFutility }));
  }
  const share = (end: EffectRun['end']): number =>
    ends.filter((run) => run.end === end).length / runs;
  return {
    promoted: share('promoted'),
    futile: share('futile'),
    pairs: ends.reduce((total, run) => total + run.pairs, 0) / runs,
  };
};

describe('false promotions', () => {
  // 10,000 runs each, 20,000 in all: one standard error is .16 points, the bar is .9 points away.
  test.each([0, 0.5])('stay near 27 of a thousand, however often one looks (rho = %d)', (rho) => {
    const { promoted } = effectTests({ p: 0.5, d: 0, rho }, 10_000, false);

    expect(promoted).toBeLessThanOrEqual(0.036);
    expect(promoted).toBeGreaterThanOrEqual(0.018);
  });
});

describe('power', () => {
  // 3,000 runs: one standard error is at most .9 points and 2.5 pairs.
  test.each([
    [0.1, 0, 0.566, 278],
    [0.1, 0.5, 0.867, 196],
    [0.2, 0, 0.998, 90],
    [0.2, 0.5, 1, 60],
    [0.3, 0.5, 1, 32],
  ])('at +%d and rho = %d is as published', (d, rho, power, pairs) => {
    const run = effectTests({ p: 0.5, d, rho }, 3000, false);

    expect(Math.abs(run.promoted - power)).toBeLessThanOrEqual(0.02);
    expect(Math.abs(run.pairs - pairs)).toBeLessThanOrEqual(5);
  });

  test('costs at most three points more where futility may stop early', () => {
    const run = effectTests({ p: 0.5, d: 0.1, rho: 0.5 }, 3000, true);

    expect(Math.abs(run.promoted - 0.836)).toBeLessThanOrEqual(0.02);
    expect(Math.abs(run.futile - 0.059)).toBeLessThanOrEqual(0.015);
    expect(Math.abs(run.pairs - 181)).toBeLessThanOrEqual(5);
  });

  test('futility ends a candidate that changes nothing after a third of the budget', () => {
    const run = effectTests({ p: 0.5, d: 0, rho: 0.5 }, 2000, true);

    expect(run.futile).toBeGreaterThan(0.9);
    expect(run.pairs).toBeLessThan(150);
  });
});

// By duality the sequence misses the true mean exactly where a test of that mean crosses 2 / .05.
test.each([
  [0, 0],
  [0.1, 0.5],
  [0.3, 0.5],
])(
  'the confidence sequence ever misses in at most one run of twenty (d = %d, rho = %d)',
  (d, rho) => {
    const draw = mulberry32(404);
    const runs = 2000;

    let missed = 0;
    for (let run = 0; run < runs; run += 1) {
      let [above, below] = [emptyEProcess(), emptyEProcess()];
      for (let n = 1; n <= 400; n += 1) {
        const difference = drawDifference(draw, { p: 0.5, d, rho });
        above = addSuperiority(above, difference, d);
        below = addHarm(below, difference, d);
        if (exceeds(logE(above), 40) || exceeds(logE(below), 40)) {
          missed += 1;
          break;
        }
      }
    }

    expect(missed / runs).toBeLessThanOrEqual(0.05);
  },
);

test('over lives of 60 candidates, one in ten good, few promotions are false and few good ones lost', () => {
  // 300 lives, about 1,800 good candidates: one standard error of power is half a point.
  const draw = mulberry32(7);
  const lives = Array.from({ length: 300 }, () =>
    runLife(draw, { candidates: 60, shareGood: 0.1, effect: 0.15, policy: defaultLedgerPolicy }),
  );

  const total = (of: (life: (typeof lives)[number]) => number): number =>
    lives.reduce((sum, life) => sum + of(life), 0);
  const falseShare = total(
    (life) => life.falsePromotions / Math.max(1, life.falsePromotions + life.truePromotions),
  );
  expect(falseShare / lives.length).toBeLessThanOrEqual(0.03);
  expect(total((life) => life.truePromotions) / total((life) => life.good)).toBeGreaterThanOrEqual(
    0.93,
  );
});

describe('slices', () => {
  test('one that lost exactly the margin shows non-inferiority in at most 10 % of runs', () => {
    const draw = mulberry32(77);
    const runs = 3000;
    let passed = 0;
    for (let run = 0; run < runs; run += 1) {
      const { end } = runEffectTest(
        draw,
        { p: 0.5, d: -0.15, rho: 0.5 },
        { alpha: 0.1, hasFutility: false, margin: -0.15, minPairs: 1, maxPairs: 200 },
      );
      if (end === 'promoted') passed += 1;
    }

    expect(passed / runs).toBeLessThanOrEqual(0.1);
  });

  /** The full gate over four slices of 40, 30, 20 and 10 % with these effects, 1,500 seeded runs. */
  const gates = (effects: readonly number[], alpha = 0.05) => {
    const draw = mulberry32(2027);
    const runs = 1500;
    const shares = [0.4, 0.3, 0.2, 0.1];
    const slices = effects.map((d, index) => ({
      share: shares[index] ?? 0,
      model: { p: 0.5, d, rho: 0.5 },
    }));
    let [passed, pairs] = [0, 0];
    for (let run = 0; run < runs; run += 1) {
      const result = runSlicedGate(draw, slices, gatePolicy({ alpha }));
      passed += result.decision.verdict === 'pass' ? 1 : 0;
      pairs += result.pairs;
    }
    return { passed: passed / runs, pairs: pairs / runs };
  };

  test('the gate promotes at most 3 % of candidates that improve nothing', () => {
    expect(gates([0, 0, 0, 0]).passed).toBeLessThanOrEqual(0.03);
  });

  test.each([[[0.2, 0.2, 0.2, -0.2]], [[0.2, 0.2, -0.2, 0.2]]])(
    'the gate promotes at most three of a hundred candidates with effects %j',
    (effects) => {
      expect(gates(effects).passed).toBeLessThanOrEqual(0.03);
    },
  );

  test('the gate promotes 97 % of candidates that gain 15 points everywhere, in 130 pairs', () => {
    const { passed, pairs } = gates([0.15, 0.15, 0.15, 0.15]);

    expect(passed).toBeGreaterThanOrEqual(0.97);
    expect(pairs).toBeLessThanOrEqual(130);
  });

  test('at the first level of the ledger it still promotes them, for half as many pairs again', () => {
    const { passed, pairs } = gates([0.15, 0.15, 0.15, 0.15], 0.005);

    expect(Math.abs(passed - 0.967)).toBeLessThanOrEqual(0.02);
    expect(Math.abs(pairs - 177)).toBeLessThanOrEqual(10);
  });
});
