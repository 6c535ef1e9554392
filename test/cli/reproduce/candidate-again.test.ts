import { expect, test } from 'vitest';

import { candidateAgain } from '../../../src/cli/reproduce/candidate-again.js';
import { agentId, candidateId, episodeId, taskId, versionId } from '../../../src/contracts/ids.js';
import type { CandidateState } from '../../../src/domain/candidate.js';
import { SYSTEM } from '../../../src/domain/feedback.js';
import { decideAgain } from '../../../src/domain/gate/committed-pair.js';
import { gatePolicy } from '../../../src/domain/gate/gate-policy.js';
import { noSlices } from '../../../src/domain/gate/slices.js';
import type { JsonObject } from '../../../src/domain/json.js';
import { auditHash, GENESIS } from '../../../src/store/audit.js';
import type {
  CandidateLife,
  EvaluatedPair,
  EvaluatedRecord,
} from '../../../src/store/candidate-queries.js';
import { aScope } from '../../support/store-builders.js';

const scope = aScope();
const id = candidateId('acme.sql-analyst.c1');
const baseline = versionId('v-0');
const version = versionId('v-1');

function aPair(index: number, won: boolean): EvaluatedPair {
  const arm = (name: string, score: number) => ({
    episode: episodeId(`s-${String(index)}-${name}`),
    score,
    category: score === 1 ? 'ok' : 'wrong-rows',
    missing: null,
  });
  return {
    purpose: 'gate',
    evaluation: 1,
    index,
    task: taskId(`t-${String(index)}`),
    slices: {},
    topUpFor: null,
    baseline: arm('baseline', 0),
    candidate: arm('candidate', won ? 1 : 0),
  };
}

const PAIRS = Array.from({ length: 20 }, (_, index) => aPair(index, index % 4 !== 0));

function aRecord(pairs: readonly EvaluatedPair[], changes: JsonObject = {}): EvaluatedRecord {
  const policy = gatePolicy({ alpha: 0.05 });
  const summary = decideAgain({ policy, plan: noSlices }, pairs);
  const stored: JsonObject = JSON.parse(
    JSON.stringify({ ...summary, basis: { policy, plan: noSlices, diagnosis: null }, ...changes }),
  );
  const { verdict, reason } = summary;
  return {
    candidate: id,
    purpose: 'gate',
    evaluation: 1,
    baseline,
    version,
    verdict,
    reason,
    alpha: 0.05,
    seed: 7,
    summary: stored,
  };
}

function anAudit(states: readonly CandidateState[]): CandidateLife['audit'] {
  return states.slice(1).map((after, index) => {
    const entry = {
      sequence: index + 1,
      at: '2026-01-01T00:00:00.000Z',
      actor: SYSTEM,
      action: after,
      object: { kind: 'candidate', id },
      reason: 'test',
      detail: { before: states[index] ?? 'open', after },
      previous: GENESIS,
    };
    return { ...entry, hash: auditHash(scope.tenant, entry) };
  });
}

function aLife(states: readonly CandidateState[], pairs = PAIRS): CandidateLife {
  const state = states.at(-1) ?? 'open';
  return {
    candidate: {
      id,
      number: 1,
      state,
      title: 'shop',
      bundle: { put: [], remove: [], parameters: {} },
      permission: 'auto',
      opener: null,
      workflowId: 'reflect/e-1',
      baseline,
      version,
      evaluation: 1,
      lessons: [],
      openedAt: '2026-01-01T00:00:00.000Z',
      endedAt: null,
      reason: '',
      agent: agentId('clerk'),
      settledUpTo: 0,
    },
    audit: anAudit(states),
    gateRecords: [],
    pairs,
    proposedBy: [],
    halfOf: null,
    halves: [],
  };
}

const LIFE: readonly CandidateState[] = ['open', 'evaluating', 'passed', 'canary', 'probation'];

test('a candidate whose verdict and states follow from what is stored is alike', () => {
  const found = candidateAgain(scope, aLife(LIFE), [aRecord(PAIRS)]);

  expect(found).toEqual({ decisions: 5, difference: null });
});

test('a candidate that was never evaluated is alike when its states follow from its audit', () => {
  const found = candidateAgain(scope, aLife(['open', 'evaluating', 'aborted'], []), []);

  expect(found).toEqual({ decisions: 2, difference: null });
});

test('a pair that was changed afterwards is found by the numbers it leads to', () => {
  const changed = PAIRS.map((pair, index) => (index === 3 ? aPair(3, false) : pair));

  const { difference } = candidateAgain(scope, aLife(LIFE, changed), [aRecord(PAIRS)]);

  expect(difference).toMatch(/^gateRecords\[0\]\./);
});

test('a verdict that was changed afterwards is found', () => {
  const record = { ...aRecord(PAIRS), verdict: 'inconclusive' };

  const { difference } = candidateAgain(scope, aLife(LIFE), [record]);

  expect(difference).toBe('gateRecords[0].verdict: stored "inconclusive", derived "pass"');
});

test('evidence that was changed afterwards is found', () => {
  const { difference } = candidateAgain(scope, aLife(LIFE), [aRecord(PAIRS, { logE: 99 })]);

  expect(difference).toMatch(/^gateRecords\[0\]\.summary\.logE: stored 99, derived /);
});

test('a record that does not say what it was decided by cannot be derived again', () => {
  const { difference } = candidateAgain(scope, aLife(LIFE), [aRecord(PAIRS, { basis: null })]);

  expect(difference).toContain('expected policy and slice plan');
});

test('an audit entry that was changed afterwards is found by its hash', () => {
  const life = aLife(LIFE);
  const audit = life.audit.map((entry, index) =>
    index === 1 ? { ...entry, reason: 'another one' } : entry,
  );

  const { difference } = candidateAgain(scope, { ...life, audit }, []);

  expect(difference).toContain('audit[2].hash');
});

test('a state that no audit entry leads to is found', () => {
  const life = aLife(LIFE);
  const candidate = { ...life.candidate, state: 'promoted' as const };

  const { difference } = candidateAgain(scope, { ...life, candidate }, []);

  expect(difference).toBe('candidate.state: stored promoted, derived probation');
});

test('a transition that is missing from the audit is found', () => {
  const life = aLife(LIFE);

  const { difference } = candidateAgain(scope, { ...life, audit: life.audit.slice(1) }, []);

  expect(difference).toBe('audit[2].before: stored evaluating, derived open');
});
