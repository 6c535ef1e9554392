import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';

import type { Store } from '../../src/activities/store.js';
import {
  endUncarried,
  findUncarried,
  UNCARRIED,
  type Carriers,
} from '../../src/activities/uncarried.js';
import { candidateId } from '../../src/contracts/ids.js';
import type { CandidateState } from '../../src/domain/candidate.js';
import { SYSTEM } from '../../src/domain/feedback.js';
import type { CandidateId, Scope } from '../../src/domain/ids.js';
import { createStore } from '../../src/store/store.js';
import type { Settlement } from '../../src/workflows/messages.js';
import { freshDatabase, type FreshDatabase } from '../support/postgres.js';
import {
  aDraft,
  aScope,
  closeOnActive,
  deploy,
  openCandidate,
  passGate,
} from '../support/store-builders.js';

const OLGA = { id: 'olga', role: 'owner' } as const;

let database: FreshDatabase;
let store: Store;
let settled: Settlement[] = [];

beforeAll(async () => {
  database = await freshDatabase();
  store = createStore(database.pool);
});
beforeEach(() => {
  settled = [];
});
afterAll(() => database.drop());

const messenger = {
  wake: () => Promise.resolve(true),
  settle: (_scope: Scope, settlement: Settlement) => {
    settled.push(settlement);
    return Promise.resolve({ isArmed: true });
  },
};

/** Every workflow has ended but these; the learner keeps something for those. */
function carriersWhere(running: readonly string[], held: readonly string[] = []): Carriers {
  return {
    carries: (workflowId) => Promise.resolve(running.includes(workflowId)),
    heldByLearner: () => Promise.resolve(held),
  };
}

async function aCandidate(
  scope: Scope,
  key: string,
  state: 'evaluating' | 'passed' | 'canary' | 'probation',
): Promise<CandidateId> {
  const name = candidateId(`${scope.tenant}.${key}`);
  const id = await openCandidate(store, scope, name, [aDraft(key)]);
  const version = await closeOnActive(store, scope, id);
  if (state === 'evaluating') {
    await move(scope, id, 'evaluating');
    return id;
  }
  await passGate(store, scope, id);
  if (state === 'passed') return id;
  await move(scope, id, 'canary', { canary: { candidate: id, version, share: 0.25, seed: 7 } });
  if (state === 'probation') await move(scope, id, state, { active: version, canary: null });
  return id;
}

async function move(
  scope: Scope,
  candidate: CandidateId,
  to: CandidateState,
  change?: Parameters<Store['changePointer']>[2],
): Promise<void> {
  const pointer = await store.pointer(scope);
  await store.transition(scope, {
    candidate,
    from: ['open', 'passed', 'canary', 'probation'],
    to,
    actor: SYSTEM,
    reason: to,
    detail: {},
    ...(change === undefined ? {} : { pointer: { expected: pointer?.number ?? 0, change } }),
  });
}

async function auditedEnds(scope: Scope, id: CandidateId, reason: string) {
  const entries = await store.auditOf(scope.tenant, { kind: 'candidate', id }, 20);
  return entries.filter((entry) => entry.reason === reason);
}

test.each([
  ['evaluating', 'aborted'],
  ['passed', 'aborted'],
  ['canary', 'rolled-back'],
  ['probation', 'rolled-back'],
] as const)('a candidate %s that nobody carries ends %s, once', async (state, end) => {
  const scope = aScope(`uncarried-${state}`);
  const { active } = await deploy(store, scope);
  const id = await aCandidate(scope, 'one', state);
  const row = await store.candidate(scope.tenant, id);
  await store.watchOutcomes(scope, row?.workflowId ?? '');

  const found = await findUncarried(store, carriersWhere([]), scope);
  const ended = await endUncarried({ store, messenger }, scope, id, UNCARRIED);
  const again = await endUncarried({ store, messenger }, scope, id, UNCARRIED);

  expect(found).toEqual([id]);
  expect([ended, again]).toEqual([end, end]);
  expect(await store.pointer(scope)).toMatchObject({ active, canary: null });
  expect((await store.candidate(scope.tenant, id))?.endedAt).not.toBeNull();
  expect(await auditedEnds(scope, id, UNCARRIED.reason)).toHaveLength(1);
  expect(settled[0]).toMatchObject({ candidate: id, step: 'ended', promoted: false, end });
});

test('what a workflow carries is left alone, and so is a bundle that is open', async () => {
  const scope = aScope('carried');
  await deploy(store, scope);
  const id = await aCandidate(scope, 'one', 'canary');
  await openCandidate(store, scope, candidateId('carried.open'), [aDraft('open')]);
  const carrier = (await store.candidate(scope.tenant, id))?.workflowId ?? '';

  const found = await findUncarried(store, carriersWhere([carrier]), scope);

  expect(found).toEqual([]);
});

test('one that has ended is found where the learner still keeps something for it', async () => {
  const scope = aScope('held');
  await deploy(store, scope);
  const id = await aCandidate(scope, 'one', 'evaluating');
  await endUncarried({ store, messenger }, scope, id, UNCARRIED);
  settled = [];

  const found = await findUncarried(store, carriersWhere([], [id]), scope);
  const forgotten = await findUncarried(store, carriersWhere([]), scope);
  await endUncarried({ store, messenger }, scope, id, UNCARRIED);

  expect(found).toEqual([id]);
  expect(forgotten).toEqual([]);
  expect(settled).toMatchObject([{ candidate: id, step: 'ended', end: 'aborted' }]);
});

test('of two overlapping probations the one that nobody carries does not stay in evaluation', async () => {
  const scope = aScope('overlapping');
  const { active } = await deploy(store, scope);
  const older = await aCandidate(scope, 'older', 'probation');
  const newer = await aCandidate(scope, 'newer', 'probation');

  const ended = await endUncarried({ store, messenger }, scope, older, UNCARRIED);

  expect(ended).toBe('aborted');
  expect((await store.pointer(scope))?.active).toBe(active);
  expect((await store.candidate(scope.tenant, newer))?.state).toBe('rolled-back');
});

test.each([
  ['evaluating', 'veto', 'rejected'],
  ['canary', 'abort', 'aborted'],
  ['canary', 'rollback', 'rolled-back'],
] as const)('a person ends one that is %s by %s, as %s', async (state, word, end) => {
  const scope = aScope(`person-${state}-${word}`);
  await deploy(store, scope);
  const id = await aCandidate(scope, 'one', state);
  const said = { actor: OLGA, reason: `${word}: it is stuck`, detail: {}, word };

  const ended = await endUncarried({ store, messenger }, scope, id, said);

  expect(ended).toBe(end);
  expect((await store.pointer(scope))?.canary).toBeNull();
  expect(await auditedEnds(scope, id, said.reason)).toMatchObject([{ actor: OLGA }]);
});
