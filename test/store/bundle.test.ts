import { afterAll, beforeAll, expect, test } from 'vitest';

import { createAgentRegistry } from '../../src/activities/agent-registry.js';
import { permissionFor } from '../../src/activities/candidate-reading.js';
import { createLearnerActivities } from '../../src/activities/learner-activities.js';
import type { Messenger } from '../../src/activities/messenger.js';
import type { Store } from '../../src/activities/store.js';
import { candidateId } from '../../src/contracts/ids.js';
import { SYSTEM } from '../../src/domain/feedback.js';
import type { CandidateId, Scope } from '../../src/domain/ids.js';
import { createStore } from '../../src/store/store.js';
import { deskAgent } from '../support/desk.js';
import { freshDatabase, type FreshDatabase } from '../support/postgres.js';
import {
  aDraft,
  aScope,
  closeOnActive,
  deploy,
  lessonNamed,
  openCandidate,
  PARAMETERS,
  passGate,
} from '../support/store-builders.js';

let database: FreshDatabase;
let store: Store;

beforeAll(async () => {
  database = await freshDatabase();
  store = createStore(database.pool);
});

afterAll(() => database.drop());

const warmer = aDraft('temperature', {
  kind: 'parameter',
  body: { form: 'value', parameter: 'temperature', value: 0.4 },
});

/** A version that serves the lessons of these keys. */
async function serving(scope: Scope, ...keys: readonly string[]): Promise<void> {
  await deploy(store, scope);
  const id = await openCandidate(
    store,
    scope,
    candidateId(`${scope.tenant}.base`),
    keys.map((key) => aDraft(key)),
  );
  const version = await closeOnActive(store, scope, id);
  await passGate(store, scope, id);
  const by = { candidate: id, actor: SYSTEM, detail: {}, reason: 'its turn' };
  const canary = { candidate: id, version, share: 0.5, seed: 1 };
  await store.transition(scope, {
    ...by,
    from: ['passed'],
    to: 'canary',
    pointer: { expected: 1, change: { canary } },
  });
  await store.transition(scope, {
    ...by,
    from: ['canary'],
    to: 'probation',
    pointer: { expected: 2, change: { active: version, canary: null } },
  });
}

async function openEmpty(scope: Scope): Promise<CandidateId> {
  return openCandidate(store, scope, candidateId(`${scope.tenant}.next`), []);
}

async function removing(scope: Scope, candidate: CandidateId, key: string): Promise<void> {
  const removals = [{ lesson: lessonNamed(key), candidate }];
  await store.applyMerge(scope, {
    results: [],
    revisions: [],
    support: [],
    opened: null,
    removals,
  });
}

async function permission(scope: Scope, id: CandidateId, layers = {}) {
  const row = await store.candidate(scope.tenant, id);
  if (row === null) throw new Error('not there');
  return permissionFor(store, scope, row, deskAgent({ id: 'desk', learning: { layers } }));
}

function aLearner(messenger: Partial<Messenger> = {}) {
  return createLearnerActivities({
    store,
    agents: createAgentRegistry([deskAgent({ id: 'desk' })]),
    messenger: {
      wake: () => Promise.resolve(true),
      grant: () => Promise.resolve(true),
      startCandidate: () => Promise.resolve(),
      wakeLearner: () => Promise.resolve(),
      reserve: () => Promise.resolve({ alpha: 0.005, epoch: 1, isUnderpowered: false }),
      settle: () => Promise.resolve({ isArmed: true }),
      reflectOnDrift: () => Promise.resolve([]),
      ...messenger,
    },
  });
}

test('a version is without the lesson that its candidate takes away', async () => {
  const scope = aScope('removal');
  await serving(scope, 'kept', 'stale');
  const id = await openEmpty(scope);

  await removing(scope, id, 'stale');
  await removing(scope, id, 'stale');
  const row = await store.candidate(scope.tenant, id);
  const version = await closeOnActive(store, scope, id);

  expect(row?.bundle).toEqual({ put: [], remove: [lessonNamed('stale')], parameters: {} });
  expect((await store.lessonsServing(scope, version)).map(({ key }) => key)).toEqual(['kept']);
});

test('a removal needs the permission of the layer it takes from', async () => {
  const scope = aScope('removal-permission');
  await serving(scope, 'note');
  const id = await openEmpty(scope);
  await removing(scope, id, 'note');

  expect(await permission(scope, id)).toBe('auto');
  expect(await permission(scope, id, { toolNotes: 'approve' })).toBe('approve');
});

test('a lesson of a parameter sets it in the version of its candidate', async () => {
  const scope = aScope('parameter');
  await serving(scope, 'note');
  const id = await openCandidate(store, scope, candidateId('parameter.next'), [warmer]);

  const row = await store.candidate(scope.tenant, id);
  const version = await closeOnActive(store, scope, id);

  expect(row?.bundle.parameters).toEqual({ temperature: 0.4 });
  expect((await store.version(scope, version))?.parameters).toEqual({
    ...PARAMETERS,
    temperature: 0.4,
  });
  expect(await permission(scope, id)).toBe('approve');
  expect(await permission(scope, id, { parameters: 'frozen' })).toBe('frozen');
});

test('a bundle that is closed lets nothing be taken away', async () => {
  const scope = aScope('closed-removal');
  await serving(scope, 'a', 'b');
  const id = await openEmpty(scope);
  await removing(scope, id, 'a');
  await closeOnActive(store, scope, id);

  await expect(removing(scope, id, 'b')).rejects.toMatchObject({ name: 'ConflictError' });
});

test('a candidate whose workflow has ended gets one of its own', async () => {
  const scope = aScope('orphan', 'desk');
  await deploy(store, scope);
  const id = await openCandidate(store, scope, candidateId('orphan.c1'), [aDraft('note')]);
  await store.setCarrier(scope.tenant, id, 'reflect/e-ended');
  const granted: string[] = [];
  const started: string[] = [];
  const { closeBundle } = aLearner({
    grant: (workflowId) => Promise.resolve(granted.push(workflowId) > 1),
    startCandidate: (_scope, candidate) => Promise.resolve(void started.push(candidate)),
  });

  const turn = await closeBundle(scope);

  expect(turn).toEqual({ candidate: id, workflowId: `reflect/${id}` });
  expect(granted).toEqual(['reflect/e-ended', `reflect/${id}`]);
  expect(started).toEqual([id]);
  expect((await store.candidate(scope.tenant, id))?.workflowId).toBe(`reflect/${id}`);
});

test('in rounds, a bundle closes when whoever reads tasks has read them all', async () => {
  const scope = aScope('behind', 'desk');
  await deploy(store, scope);
  const id = await openCandidate(store, scope, candidateId('behind.c1'), [aDraft('note')]);
  await store.watchOutcomes(scope, 'reflect/other');
  await store.setBarrier(scope, 4);
  const { closeBundle } = aLearner();

  const early = await closeBundle(scope);
  const isNews = [
    await store.settleWatch(scope, 'reflect/other', 4),
    await store.settleWatch(scope, 'reflect/other', 4),
  ];
  const turn = await closeBundle(scope);

  expect(early).toBeNull();
  expect(isNews).toEqual([true, false]);
  expect(turn?.candidate).toBe(id);
});

test('without rounds, a bundle waits for no reader', async () => {
  const scope = aScope('no-barrier', 'desk');
  await deploy(store, scope);
  const id = await openCandidate(store, scope, candidateId('no-barrier.c1'), [aDraft('note')]);
  await store.watchOutcomes(scope, 'reflect/other');

  const turn = await aLearner().closeBundle(scope);

  expect(turn?.candidate).toBe(id);
});
