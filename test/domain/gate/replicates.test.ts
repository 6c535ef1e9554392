import { expect, test } from 'vitest';

import {
  addCommittedToDiagnosis,
  decideAgain,
  gatePairOf,
  type CommittedArm,
  type CommittedPair,
} from '../../../src/domain/gate/committed-pair.js';
import { emptyDiagnosis } from '../../../src/domain/gate/diagnosis.js';
import { gatePolicy } from '../../../src/domain/gate/gate-policy.js';
import { poolRuns } from '../../../src/domain/gate/replicates.js';
import { noSlices } from '../../../src/domain/gate/slices.js';

const run = (score: number | null, category = score === 1 ? 'ok' : 'failed'): CommittedArm => ({
  score,
  category,
  missing: null,
});
const FAULT: CommittedArm = { score: null, category: 'tokens', missing: 'arm' };
const LOST: CommittedArm = { score: null, category: 'lost', missing: 'infrastructure' };

function aPair(baseline: CommittedArm, candidate: CommittedArm, index = 0): CommittedPair {
  return { index, task: `t${String(index)}`, slices: {}, baseline, candidate };
}

test('one run of an arm is what it is', () => {
  expect(poolRuns([run(1)])).toEqual(run(1));
  expect(poolRuns([FAULT])).toEqual(FAULT);
});

test('runs are averaged, and the worst names the category', () => {
  expect(poolRuns([run(1), run(0, 'wrong-rows'), run(1), run(0.5, 'half')])).toEqual({
    score: 0.625,
    category: 'wrong-rows',
    missing: null,
  });
});

test('a critical category in one run is not averaged away', () => {
  const runs = [run(1), run(0, 'wrong'), run(0.5, 'data-loss')] as const;

  expect(poolRuns(runs, ['data-loss']).category).toBe('data-loss');
});

test('a run that failed by its own fault counts as 0 and makes the arm missing', () => {
  expect(poolRuns([run(1), FAULT])).toEqual({ score: 0.5, category: 'tokens', missing: 'arm' });
  expect(poolRuns([FAULT, FAULT])).toEqual(FAULT);
});

test('one run that the infrastructure lost leaves nothing to average', () => {
  expect(poolRuns([run(1), LOST])).toEqual(LOST);
});

test('an arm that is missing in part is missing for the guard, at the score it has', () => {
  const pooled = poolRuns([run(1), FAULT]);

  expect(gatePairOf(aPair(run(1), pooled)).outcome).toEqual({
    kind: 'observed',
    baseline: 1,
    candidate: 0.5,
    missing: ['candidate'],
  });
});

test("an arm's own fault is 0 in gate and diagnosis alike, and a lost one voids the pair in both", () => {
  const faulty = addCommittedToDiagnosis(emptyDiagnosis(), aPair(run(1), FAULT));
  const lost = addCommittedToDiagnosis(emptyDiagnosis(), aPair(run(1), LOST));

  expect(gatePairOf(aPair(run(1), FAULT)).outcome).toMatchObject({ candidate: 0, baseline: 1 });
  expect(faulty.pairs).toBe(1);
  expect(gatePairOf(aPair(run(1), LOST)).outcome.kind).toBe('void');
  expect(lost.pairs).toBe(0);
});

test('a candidate that wins what it answers and loses its failures ends as missing outcomes', () => {
  const pairs = Array.from({ length: 60 }, (_none, index) =>
    index % 2 === 0 ? aPair(run(0), run(1), index) : aPair(run(1), FAULT, index),
  );
  const scored = pairs.map((pair) =>
    pair.candidate === FAULT ? { ...pair, candidate: run(0) } : pair,
  );
  const basis = { policy: gatePolicy(), plan: noSlices };

  expect(decideAgain(basis, pairs).reason).toBe('missing-outcomes');
  expect(decideAgain(basis, scored).reason).not.toBe('missing-outcomes');
});
