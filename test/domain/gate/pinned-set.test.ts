import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { addRollback, armed, rearm } from '../../../src/domain/gate/arming.js';
import { gatePolicy } from '../../../src/domain/gate/gate-policy.js';
import { decideGate, emptyGate } from '../../../src/domain/gate/gate.js';
import { pinCases, pinnedRuns } from '../../../src/domain/gate/pinned-set.js';
import type { PinnedCase } from '../../../src/domain/gate/pinned-set.js';
import { countPool, planSlices } from '../../../src/domain/gate/slices.js';
import { mulberry32 } from '../../../src/domain/random.js';
import { aPair, fold, observed } from './pairs.js';

const cases = (from: number, to: number, hardness = 'easy'): readonly PinnedCase[] =>
  Array.from({ length: to - from }, (_, i) => ({ task: `t${from + i}`, slices: { hardness } }));

test('keeps every case while a stratum is below its cap', () => {
  expect(pinCases([], cases(0, 50), 'agent')).toHaveLength(50);
});

test('keeps at most the cap of each stratum', () => {
  const pinned = pinCases([], [...cases(0, 200), ...cases(200, 230, 'hard')], 'agent');

  expect(pinned.filter(({ slices }) => slices['hardness'] === 'easy')).toHaveLength(50);
  expect(pinned.filter(({ slices }) => slices['hardness'] === 'hard')).toHaveLength(30);
});

test('samples alike whether cases came at once, in parts or twice', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 120 }), (cut) => {
      const atOnce = pinCases([], cases(0, 120), 'agent');

      const inParts = pinCases(pinCases([], cases(0, cut), 'agent'), cases(cut, 120), 'agent');

      expect(inParts).toEqual(atOnce);
      expect(pinCases(inParts, cases(0, 120), 'agent')).toEqual(atOnce);
    }),
    { numRuns: 20 },
  );
});

test('old cases and late ones stay equally likely', () => {
  const pinned = pinCases([], cases(0, 1000), 'agent', 500);

  const old = pinned.filter(({ task }) => Number(task.slice(1)) < 500).length;
  expect(Math.abs(old - 250)).toBeLessThan(45);
});

test('three rollbacks in an epoch switch automatic promotion off until a person re-arms', () => {
  const two = addRollback(addRollback(armed, 1, 'c1'), 1, 'c2');
  const three = addRollback(two, 1, 'c3');

  expect(two.isArmed).toBe(true);
  expect(three.isArmed).toBe(false);
  expect(addRollback(three, 2, 'c4')).toMatchObject({ rollbacks: 1, isArmed: false });
  expect(rearm(three)).toMatchObject({ rollbacks: 0, isArmed: true });
});

test('rollbacks of different epochs do not add up', () => {
  const state = [1, 1, 2, 2, 3].reduce(
    (before, epoch, index) => addRollback(before, epoch, `c${String(index)}`),
    armed,
  );

  expect(state.isArmed).toBe(true);
});

const pooled = (count: number) =>
  Array.from({ length: count }, (_none, number) => ({
    task: `t${String(number)}`,
    number,
    uses: 0,
    isNewer: false,
  }));

describe('the pairs of a pinned set', () => {
  test('are whole rounds of a small one, each in an order of its own, the same for the same seed', () => {
    const runs = pinnedRuns(pooled(4), 7);
    const rounds = Array.from({ length: 7 }, (_none, at) =>
      runs.filter(({ round }) => round === at).map(({ task }) => task.task),
    );

    expect(runs).toHaveLength(28);
    for (const round of rounds) expect([...round].sort()).toEqual(['t0', 't1', 't2', 't3']);
    expect(new Set(rounds.map((round) => round.join())).size).toBeGreaterThan(1);
    expect(pinnedRuns(pooled(4), 7)).toEqual(runs);
  });

  test.each([
    [0, 0],
    [1, 29],
    [9, 27],
    [14, 28],
    [15, 15],
    [29, 29],
    [30, 30],
    [200, 200],
  ])('of %i cases are %i', (cases, pairs) => {
    expect(pinnedRuns(pooled(cases), 1)).toHaveLength(pairs);
  });
});

/**
 * Share of 2,000 candidates, better by the effect test, that a small pinned set rejects: beside three slices, by how
 * often baseline and candidate solve each case.
 */
function rejected(
  cases: number,
  solved: (index: number) => readonly [baseline: number, candidate: number],
): number {
  const runs = pinnedRuns(pooled(cases), 1);
  const pool = Array.from({ length: 30 }, (_none, at) => ({
    kind: ['a', 'b', 'c'][at % 3] ?? 'a',
  }));
  const plan = planSlices(countPool(pool, runs.length), gatePolicy());
  const won = Array.from({ length: 60 }, (_none, index) =>
    aPair({ index, outcome: observed(1), slices: { kind: ['a', 'b', 'c'][index % 3] ?? 'a' } }),
  );
  const shown = fold(emptyGate(gatePolicy({ alpha: 0.05 }), plan), won);
  let count = 0;
  for (let seed = 1; seed <= 2000; seed += 1) {
    const random = mulberry32(seed);
    const pairs = runs.map(({ task }, at) => {
      const [baseline, candidate] = solved(task.number);
      const difference = (random() < candidate ? 1 : 0) - (random() < baseline ? 1 : 0);
      const index = shown.nextIndex + at;
      return aPair({ index, outcome: observed(difference), topUpFor: 'pinned' });
    });
    if (decideGate(fold(shown, pairs))?.verdict === 'reject') count += 1;
  }
  return count / 2000;
}

describe('a small pinned set, simulated', () => {
  test.each([1, 2, 5, 9])('of %i cases, none lost, rejects hardly ever, however noisy', (cases) => {
    // P(ever rejects) <= level / S = 2.5 % beside three slices.
    expect(rejected(cases, () => [0.5, 0.5])).toBeLessThanOrEqual(0.025);
    expect(rejected(cases, () => [0.9, 0.9])).toBeLessThanOrEqual(0.025);
  });

  test.each([1, 2, 5, 9])('of %i cases, all lost, rejects', (cases) => {
    expect(rejected(cases, () => [0.9, 0.05])).toBeGreaterThanOrEqual(0.99);
  });

  test.each([
    [1, 1],
    [2, 1],
    [3, 1],
    [6, 2],
    [9, 3],
  ])('of %i cases, %i lost for good, rejects', (cases, lost) => {
    expect(rejected(cases, (index) => (index < lost ? [1, 0] : [1, 1]))).toBe(1);
  });
});
