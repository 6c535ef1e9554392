import { afterAll, beforeAll, expect, test } from 'vitest';

import { rollBack, rollBackTo, settleEnded } from '../../src/activities/rollback.js';
import type { Store } from '../../src/activities/store.js';
import { candidateId } from '../../src/contracts/ids.js';
import { SYSTEM } from '../../src/domain/feedback.js';
import type { CandidateId, Scope, VersionId } from '../../src/domain/ids.js';
import { createStore } from '../../src/store/store.js';
import { freshDatabase, type FreshDatabase } from '../support/postgres.js';
import {
  aDraft,
  aRoot,
  aScope,
  closeOnActive,
  deploy,
  lessonNamed,
  openCandidate,
  passGate,
} from '../support/store-builders.js';

const OWNER = { id: 'olga', role: 'owner' } as const;

let database: FreshDatabase;
let store: Store;

beforeAll(async () => {
  database = await freshDatabase();
  store = createStore(database.pool);
});

afterAll(() => database.drop());

async function toCanary(scope: Scope, key: string): Promise<CandidateId> {
  const name = `${scope.tenant}.${key}`;
  const id = await openCandidate(store, scope, candidateId(name), [aDraft(key)]);
  const version = await closeOnActive(store, scope, id);
  await passGate(store, scope, id);
  await move(scope, id, 'canary', { canary: { candidate: id, version, share: 0.25, seed: 7 } });
  return id;
}

/** A candidate that is on probation with what served before it. */
async function toProbation(scope: Scope, key: string): Promise<CandidateId> {
  const id = await toCanary(scope, key);
  const version = (await store.candidate(scope.tenant, id))?.version;
  if (version == null) throw new Error('not closed');
  await move(scope, id, 'probation', { active: version, canary: null });
  return id;
}

async function move(
  scope: Scope,
  candidate: CandidateId,
  to: 'canary' | 'probation' | 'promoted',
  change?: Parameters<Store['changePointer']>[2],
): Promise<void> {
  const pointer = await store.pointer(scope);
  await store.transition(scope, {
    candidate,
    from: ['passed', 'canary', 'probation'],
    to,
    actor: SYSTEM,
    reason: to,
    detail: {},
    ...(change === undefined ? {} : { pointer: { expected: pointer?.number ?? 0, change } }),
  });
}

function takeBack(scope: Scope, candidate: CandidateId, more = {}) {
  const given = { actor: SYSTEM, reason: 'alarm', detail: { automatic: true } };
  return rollBack(store, { ...scope, candidate, ...given, ...more });
}

async function stateOf(scope: Scope, candidate: CandidateId) {
  const row = await store.candidate(scope.tenant, candidate);
  return { state: row?.state, lesson: row?.lessons[0]?.status, evaluation: row?.evaluation };
}

async function served(scope: Scope, version: VersionId): Promise<readonly string[]> {
  return (await store.lessonsServing(scope, version)).map(({ key }) => key);
}

test('returns below both of two overlapping probations in one change of the pointer', async () => {
  const scope = aScope('overlap');
  const { active } = await deploy(store, scope);
  const older = await toProbation(scope, 'older');
  const newer = await toProbation(scope, 'newer');
  const third = await toCanary(scope, 'third');
  const before = (await store.pointer(scope))?.number ?? 0;

  const { to, state, moved } = await takeBack(scope, older);
  const again = await takeBack(scope, newer);

  expect(to).toBe(active);
  expect(state).toBe('evaluating');
  expect(moved).toHaveLength(3);
  expect(again).toMatchObject({ to: active, state: 'rolled-back', moved: [] });
  expect(await stateOf(scope, newer)).toMatchObject({
    state: 'rolled-back',
    lesson: 'quarantined',
  });
  expect(await stateOf(scope, older)).toMatchObject({
    state: 'evaluating',
    lesson: 'shadow',
    evaluation: 2,
  });
  expect(await stateOf(scope, third)).toMatchObject({ state: 'evaluating', evaluation: 2 });
  expect(await store.pointer(scope)).toMatchObject({ number: before + 1, active, canary: null });
  for (const candidate of [older, newer, third]) {
    const entries = await store.auditOf(scope.tenant, { kind: 'candidate', id: candidate }, 10);
    expect(entries.filter(({ reason }) => reason === 'alarm')).toHaveLength(1);
  }
});

test('takes out what a promotion brought where a deployment came after it', async () => {
  const scope = aScope('deployed');
  await deploy(store, scope);
  const kept = await toProbation(scope, 'kept');
  await move(scope, kept, 'promoted');
  const id = await toProbation(scope, 'spoiled');
  const { active: deployed } = await deploy(store, scope, { policyDigest: 'policy-2' });

  const { to, state } = await takeBack(scope, id);

  expect(state).toBe('rolled-back');
  expect(to).not.toBe(deployed);
  expect(await served(scope, to)).toEqual(['kept']);
  expect((await store.version(scope, to))?.policyDigest).toBe('policy-2');
});

test('keeps an aborted canary from serving, and its lessons from being blamed', async () => {
  const scope = aScope('aborted');
  const { active } = await deploy(store, scope);
  const id = await toCanary(scope, 'half');

  await takeBack(scope, id, { to: 'aborted', actor: OWNER });

  expect(await stateOf(scope, id)).toMatchObject({ state: 'aborted', lesson: 'retired' });
  expect(await store.pointer(scope)).toMatchObject({ active, canary: null });
});

test('refuses a rollback decided while another version served, and changes nothing', async () => {
  const scope = aScope('stale');
  await deploy(store, scope);
  const id = await toProbation(scope, 'one');
  const before = await store.pointer(scope);

  const refused = takeBack(scope, id, { expectedVersion: 'v-earlier' });

  await expect(refused).rejects.toMatchObject({ name: 'ConflictError' });
  expect(await store.pointer(scope)).toEqual(before);
});

test('a return to a named version rolls back what was promoted since', async () => {
  const scope = aScope('named');
  const { active: first } = await deploy(store, scope);
  const kept = await toProbation(scope, 'a');
  await move(scope, kept, 'promoted');
  const id = await toProbation(scope, 'b');
  const given = { actor: OWNER, reason: 'it was better then' };

  const { to } = await rollBackTo(store, scope, { ...given, to: first });
  const repeated = await rollBackTo(store, scope, { ...given, to: first });

  expect([to, repeated.to]).toEqual([first, first]);
  expect(await served(scope, to)).toEqual([]);
  expect((await stateOf(scope, kept)).state).toBe('rolled-back');
  expect((await stateOf(scope, id)).state).toBe('rolled-back');
  const pointer = await store.pointer(scope);
  const forward = await rollBackTo(store, scope, { ...given, to: first, expectedVersion: first });
  expect(forward.to).toBe(first);
  expect(await store.pointer(scope)).toEqual(pointer);
});

test('a return to the version that serves takes its canary back, in one audited step', async () => {
  const scope = aScope('canary-back');
  const { active } = await deploy(store, scope);
  const id = await toCanary(scope, 'half');
  const before = (await store.pointer(scope))?.number ?? 0;
  const given = { actor: OWNER, reason: 'stop the canary', to: active };

  const done = await rollBackTo(store, scope, given);
  const repeated = await rollBackTo(store, scope, given);

  expect(done).toMatchObject({ to: active, isChanged: true, ended: [id], again: [] });
  expect(done.moved).toHaveLength(1);
  expect(repeated).toMatchObject({ to: active, isChanged: false, ended: [], moved: [] });
  expect((await stateOf(scope, id)).state).toBe('rolled-back');
  expect(await store.pointer(scope)).toMatchObject({ number: before + 1, active, canary: null });
  const entries = await store.auditOf(scope.tenant, { kind: 'candidate', id }, 10);
  expect(entries.filter(({ reason }) => reason === 'stop the canary')).toHaveLength(1);
});

/** Two promotions, the newer on probation; the lesson of the older is quarantined by then. */
async function withRevoked(tenant: string) {
  const scope = aScope(tenant);
  await deploy(store, scope);
  const older = await toProbation(scope, 'older');
  await move(scope, older, 'promoted');
  const good = await toProbation(scope, 'good');
  await move(scope, good, 'promoted');
  const before = (await store.pointer(scope))?.active;
  if (before === undefined) throw new Error('deployed');
  const newer = await toProbation(scope, 'newer');
  const [lesson] = (await store.candidate(scope.tenant, older))?.lessons ?? [];
  if (lesson === undefined) throw new Error('closed');
  const { id, revision } = lesson;
  const given = { actor: SYSTEM, reason: 'it harms', detail: {} };
  await store.quarantineLesson(scope, { lesson: id, revision, ...given });
  return { scope, newer, before };
}

test('a return to a named version is refused where that serves what was quarantined', async () => {
  const { scope, before } = await withRevoked('revoked-to');
  const pointer = await store.pointer(scope);

  const refused = rollBackTo(store, scope, { actor: OWNER, reason: 'back', to: before });

  await expect(refused).rejects.toThrow(/found quarantined lessons in it \(.+@1\), expected none/);
  expect(await store.pointer(scope)).toEqual(pointer);
});

test('what was taken back after its probation is told to the learner, for nobody else would', async () => {
  const scope = aScope('ended');
  const { active: first } = await deploy(store, scope);
  const older = await toProbation(scope, 'older');
  await move(scope, older, 'promoted');
  const newer = await toProbation(scope, 'newer');
  const told: unknown[] = [];

  const { past } = await rollBackTo(store, scope, { actor: OWNER, reason: 'back', to: first });
  await settleEnded(
    {
      settle: (_scope, settlement) => {
        told.push(settlement);
        return Promise.resolve({ isArmed: true });
      },
    },
    scope,
    past,
  );

  expect(await stateOf(scope, newer)).toMatchObject({ state: 'rolled-back' });
  expect(told).toMatchObject([
    { candidate: older, step: 'ended', promoted: false, end: 'rolled-back' },
  ]);
});

/** A note on probation that took the place of an earlier one. */
async function aReplacement(scope: Scope): Promise<CandidateId> {
  await deploy(store, scope);
  const base = await toProbation(scope, 'note');
  await move(scope, base, 'promoted');
  const better = await openCandidate(store, scope, candidateId(`${scope.tenant}.better`), [
    aDraft('note', { body: { form: 'text', text: 'note(id, name, year)' } }),
  ]);
  const version = await closeOnActive(store, scope, better);
  await passGate(store, scope, better);
  await move(scope, better, 'canary', {
    canary: { candidate: better, version, share: 0.5, seed: 1 },
  });
  await move(scope, better, 'probation', { active: version, canary: null });
  return better;
}

test('gives back the parameters and lessons that a bundle replaced', async () => {
  const scope = aScope('replaced');
  const better = await aReplacement(scope);
  await store.deploy(scope, aRoot({ policyDigest: 'policy-3' }), SYSTEM);

  const { to } = await takeBack(scope, better);

  const [note] = await store.lessonsServing(scope, to);
  expect(note).toMatchObject({ id: lessonNamed('note'), revision: 1, status: 'active' });
});

test('does not give back what was quarantined since', async () => {
  const scope = aScope('revoked');
  const better = await aReplacement(scope);
  await store.quarantineLesson(scope, {
    lesson: lessonNamed('note'),
    revision: 1,
    actor: SYSTEM,
    reason: 'it harms',
    detail: {},
  });

  const { to } = await takeBack(scope, better);

  expect(await store.lessonsServing(scope, to)).toEqual([]);
  expect((await store.pointer(scope))?.active).toBe(to);
});
