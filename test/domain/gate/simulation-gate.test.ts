import { describe, expect, test, vi } from 'vitest';

import { addHarm, addSuperiority } from '../../../src/domain/gate/eprocess.js';
import { gatePolicy } from '../../../src/domain/gate/gate-policy.js';
import { defaultLedgerPolicy } from '../../../src/domain/gate/ledger.js';
import {
  drawDifference,
  runEffectTest,
  runLife,
  runSlicedGate,
  ternaryTest,
} from '../../../src/domain/gate/simulation.js';
import type { PairedModel } from '../../../src/domain/gate/simulation.js';
import { mulberry32 } from '../../../src/domain/random.js';

// Seconds of computing, which a busy machine may stretch.
vi.setConfig({ testTimeout: 180_000 });

/**
 * Seeded effect tests at e >= 20, looked at after every pair from 20 to 400. One stream a run serves both rules,
 * the one with futility and the one without, as far as either wants it.
 */
const effectTests = (model: PairedModel, runs: number) => {
  const seed = 2026 + Math.round(100 * model.d) + Math.round(10 * model.rho);
  const counts = { promoted: 0, pairs: 0, promotedOrFutile: 0, futile: 0, pairsWithFutility: 0 };
  for (let run = 0; run < runs; run += 1) {
    const stream = seed * 100_000 + run;
    const alone = runEffectTest(mulberry32(stream), model, { alpha: 0.05, hasFutility: false });
    counts.promoted += alone.end === 'promoted' ? 1 : 0;
    counts.pairs += alone.pairs;
    const both = runEffectTest(mulberry32(stream), model, { alpha: 0.05, hasFutility: true });
    counts.promotedOrFutile += both.end === 'promoted' ? 1 : 0;
    counts.futile += both.end === 'futile' ? 1 : 0;
    counts.pairsWithFutility += both.pairs;
  }
  return {
    promoted: counts.promoted / runs,
    pairs: counts.pairs / runs,
    withFutility: {
      promoted: counts.promotedOrFutile / runs,
      futile: counts.futile / runs,
      pairs: counts.pairsWithFutility / runs,
    },
  };
};

/** GATE 3.1: d, rho; promoted and mean pairs; the same with futility, and what it ended. */
const PUBLISHED = [
  [0, 0, 0.0281, 391, 0.0279, 0.664, 236],
  [0, 0.5, 0.0266, 392, 0.026, 0.931, 141],
  [0.05, 0, 0.158, 361, 0.156, 0.219, 305],
  [0.05, 0.5, 0.302, 335, 0.286, 0.367, 248],
  [0.1, 0, 0.566, 278, 0.555, 0.051, 263],
  [0.1, 0.5, 0.867, 196, 0.836, 0.059, 181],
  [0.2, 0, 0.998, 90, 0.996, 0.003, 90],
  [0.2, 0.5, 1, 60, 0.998, 0.002, 60],
  [0.3, 0, 1, 40, 1, 0, 40],
  [0.3, 0.5, 1, 32, 1, 0, 32],
] as const;

// 20,000 runs where nothing is better (one standard error .12 points), else 5,000 (.7 points, 2 pairs).
describe.each(PUBLISHED)(
  'at d = %d and rho = %d',
  (d, rho, power, pairs, withFutility, futile, pairsWithFutility) => {
    const found = effectTests({ p: 0.5, d, rho }, d === 0 ? 20_000 : 5000);

    if (d === 0) {
      test('B2: between 18 and 36 of a thousand are promoted, 50 never', () => {
        expect(found.promoted).toBeLessThanOrEqual(0.036);
        expect(found.promoted).toBeGreaterThanOrEqual(0.018);
        expect(found.withFutility.promoted).toBeLessThanOrEqual(0.036);
      });
    }

    test(`B3: power ${String(power)} and ${String(pairs)} pairs in the mean, as published`, () => {
      expect(Math.abs(found.promoted - power)).toBeLessThanOrEqual(0.02);
      expect(Math.abs(found.pairs - pairs)).toBeLessThanOrEqual(5);
    });

    test(`B3: with futility ${String(withFutility)} and ${String(pairsWithFutility)} pairs, as published`, () => {
      expect(Math.abs(found.withFutility.promoted - withFutility)).toBeLessThanOrEqual(0.02);
      expect(Math.abs(found.withFutility.futile - futile)).toBeLessThanOrEqual(0.02);
      expect(Math.abs(found.withFutility.pairs - pairsWithFutility)).toBeLessThanOrEqual(5);
    });
  },
);

// By duality the sequence misses the true mean exactly where a test of that mean crosses 2 / .05.
test.each([
  [0, 0, 0.0275],
  [0, 0.5, 0.029],
  [0.1, 0.5, 0.0286],
  [0.3, 0.5, 0.0339],
])(
  'B4: the confidence sequence ever misses in at most one run of twenty (d = %d, rho = %d: published %d)',
  (d, rho, published) => {
    const draw = mulberry32(404);
    const runs = 10_000;

    let missed = 0;
    for (let run = 0; run < runs; run += 1) {
      const above = ternaryTest((process, difference) => addSuperiority(process, difference, d));
      const below = ternaryTest((process, difference) => addHarm(process, difference, d));
      for (let n = 1; n <= 400; n += 1) {
        const difference = drawDifference(draw, { p: 0.5, d, rho });
        above.add(difference);
        below.add(difference);
        if (above.hasReached(40) || below.hasReached(40)) {
          missed += 1;
          break;
        }
      }
    }

    expect(missed / runs).toBeLessThanOrEqual(0.05);
    expect(Math.abs(missed / runs - published)).toBeLessThanOrEqual(0.01);
  },
);

describe('B5: over 1,000 lives of 60 candidates', () => {
  /** False discovery rate, power, and the share of lives with any false promotion. */
  const lives = (shareGood: number) => {
    const draw = mulberry32(7);
    const runs = Array.from({ length: 1000 }, () =>
      runLife(draw, { candidates: 60, shareGood, effect: 0.15, policy: defaultLedgerPolicy }),
    );
    const total = (of: (life: (typeof runs)[number]) => number): number =>
      runs.reduce((sum, life) => sum + of(life), 0);
    return {
      falseShare:
        total(({ falsePromotions, truePromotions }) => {
          return falsePromotions / Math.max(1, falsePromotions + truePromotions);
        }) / runs.length,
      power:
        total((life) => life.truePromotions) /
        Math.max(
          1,
          total((life) => life.good),
        ),
      anyFalse: total((life) => (life.falsePromotions > 0 ? 1 : 0)) / runs.length,
    };
  };

  test('one in ten good by 15 points: at most 3 % of promotions are false, 93 % of good ones stay', () => {
    const { falseShare, power } = lives(0.1);

    expect(falseShare).toBeLessThanOrEqual(0.03);
    expect(power).toBeGreaterThanOrEqual(0.93);
  });

  test('none good: any promotion at all, which is false, comes in a tenth of lives at most', () => {
    expect(lives(0).anyFalse).toBeLessThanOrEqual(0.1);
  });
});

describe('B6: slices', () => {
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
