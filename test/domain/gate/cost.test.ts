import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import {
  addCost,
  costDifference,
  emptyCost,
  summarizeCost,
  type CostState,
} from '../../../src/domain/gate/cost.js';
import { addPair, concludeGate, emptyGate } from '../../../src/domain/gate/gate.js';
import { gatePolicy } from '../../../src/domain/gate/gate-policy.js';
import { reportGate } from '../../../src/domain/gate/gate-summary.js';
import { mulberry32 } from '../../../src/domain/random.js';
import { aPair, observed } from './pairs.js';

const policy = gatePolicy();

/** Pairs whose costs scatter by a factor of up to 1.5, the candidate's `factor` times as high. */
function costs(factor: number, pairs: number, seed: number): CostState {
  const random = mulberry32(seed);
  const noisy = () => 1000 * 1.5 ** (2 * random() - 1);
  return Array.from({ length: pairs }, () => ({
    baseline: noisy(),
    candidate: factor * noisy(),
  })).reduce<CostState>((state, cost) => addCost(state, cost, policy), emptyCost);
}

const verdictOf = (state: CostState) => summarizeCost(state, policy)?.verdict;

test('a difference turns its sign with the arms, and is 0 where neither cost anything', () => {
  const cost = fc.double({ min: 0, max: 1e9, noNaN: true });

  fc.assert(
    fc.property(cost, cost, (baseline, candidate) => {
      const difference = costDifference({ baseline, candidate });
      expect(Math.abs(difference)).toBeLessThanOrEqual(1);
      expect(costDifference({ baseline: candidate, candidate: baseline })).toBeCloseTo(-difference);
    }),
  );
  expect(costDifference({ baseline: 0, candidate: 0 })).toBe(0);
});

describe('over 400 runs', () => {
  const share = (factor: number, pairs: number, verdict: string): number =>
    Array.from({ length: 400 }, (_, seed) => verdictOf(costs(factor, pairs, 70_000 + seed))).filter(
      (found) => found === verdict,
    ).length / 400;

  test('a cost that is the same is shown not to be up within 200 pairs in 9 of 10', () => {
    expect(share(1, 200, 'not-up')).toBeGreaterThanOrEqual(0.9);
  });

  test('a cost that is up by more than a tenth is called not up in at most one of ten', () => {
    expect(share(1.11, 400, 'not-up')).toBeLessThanOrEqual(0.1);
  });

  test('a cost that is up by half is called up within 60 pairs', () => {
    expect(share(1.5, 60, 'up')).toBeGreaterThanOrEqual(0.95);
  });
});

test('nothing is told where no cost is known', () => {
  expect(summarizeCost(emptyCost, policy)).toBeNull();
});

describe('in the gate', () => {
  /** A candidate that always wins, at `factor` times the cost. */
  const decide = (factor: number, costBlocks: boolean, count = 200) => {
    const gate = Array.from({ length: count }, (_, index) => ({
      ...aPair({ index, outcome: observed(1) }),
      cost: { baseline: 100, candidate: 100 * factor },
    })).reduce(addPair, emptyGate(gatePolicy({ costBlocks })));
    return reportGate(gate, concludeGate(gate));
  };

  test('a cost is told and decides nothing, unless it is configured to', () => {
    expect(decide(2, false)).toMatchObject({
      verdict: 'pass',
      n: 20,
      cost: { ratio: 2, n: 20, verdict: 'up', blocks: false },
    });
  });

  test('one that has grown rejects where it blocks', () => {
    expect(decide(2, true)).toMatchObject({ verdict: 'reject', reason: 'cost-grew' });
  });

  test('a pass waits until the cost is shown, where it blocks', () => {
    const report = decide(1, true);

    expect(report).toMatchObject({ verdict: 'pass', cost: { verdict: 'not-up', blocks: true } });
    expect(report.n).toBeGreaterThan(20);
  });

  test('a cost that stays open is inconclusive where it blocks', () => {
    expect(decide(1, true, 25)).toMatchObject({
      verdict: 'inconclusive',
      reason: 'cost-not-shown',
    });
    expect(decide(1.1, true, 400)).toMatchObject({ reason: 'cost-not-shown' });
  });
});
