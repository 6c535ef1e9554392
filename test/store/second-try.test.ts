import { afterAll, beforeAll, expect, test } from 'vitest';

import type { Store } from '../../src/activities/store.js';
import { ConflictError } from '../../src/domain/errors.js';
import { SYSTEM, type Actor } from '../../src/domain/feedback.js';
import type { CandidateId, Scope } from '../../src/domain/ids.js';
import { createStore } from '../../src/store/store.js';
import { freshDatabase, type FreshDatabase } from '../support/postgres.js';
import {
  aDraft,
  aScope,
  closeOnActive,
  deploy,
  lessonNamed,
  openCandidate,
} from '../support/store-builders.js';

let database: FreshDatabase;
let store: Store;
beforeAll(async () => {
  database = await freshDatabase();
  store = createStore(database.pool);
});
afterAll(() => database.drop());

const OWNER: Actor = { id: 'ann', role: 'owner' };

/** A candidate about `keys` whose gate ended with this verdict. */
async function tried(
  scope: Scope,
  name: string,
  keys: readonly string[],
  verdict: 'reject' | 'inconclusive',
  reason: string,
): Promise<CandidateId> {
  const drafts = keys.map((key) => aDraft(key));
  const id = await openCandidate(store, scope, name, drafts);
  await closeOnActive(store, scope, id);
  await judged(scope, id, verdict, reason);
  return id;
}

async function judged(
  scope: Scope,
  id: CandidateId,
  verdict: 'reject' | 'inconclusive',
  reason: string,
): Promise<void> {
  const found = await store.candidate(scope.tenant, id);
  if (found === null || found.baseline === null || found.version === null) {
    throw new Error(`${id} is not closed`);
  }
  const { baseline, version } = found;
  const by = { candidate: id, actor: SYSTEM, reason, detail: {} };
  await store.transition(scope, { ...by, from: ['open'], to: 'evaluating' });
  await store.putGateRecord(scope, {
    ...{ candidate: id, purpose: 'gate', baseline, version, verdict, reason },
    ...{ alpha: 0.005, seed: 7, summary: { effect: { mean: 0.25 } } },
  });
  const to = verdict === 'reject' ? 'rejected' : 'waiting';
  await store.transition(scope, { ...by, from: ['evaluating'], to });
}

async function deployed(tenant: string): Promise<Scope> {
  const scope = aScope(tenant);
  await deploy(store, scope);
  return scope;
}

test('a rejected bundle leaves its lessons to the next, with what its gate saw', async () => {
  const scope = await deployed('again');
  await tried(scope, 'again-1', ['a', 'b'], 'reject', 'futile');

  const failed = await store.failedTries(scope);

  const seen = { revision: 1, verdict: 'reject', reason: 'futile', meanEffect: 0.25, tries: 1 };
  expect(failed).toEqual([
    { lesson: lessonNamed('a'), ...seen },
    { lesson: lessonNamed('b'), ...seen },
  ]);
});

test('the next bundle holds what it took along, once, and nothing once it is closed', async () => {
  const scope = await deployed('along');
  await tried(scope, 'along-1', ['a', 'b'], 'reject', 'futile');
  const next = await openCandidate(store, scope, 'along-2', [aDraft('c')]);
  const failed = await store.failedTries(scope);

  await store.takeAlong(scope, next, failed);
  await store.takeAlong(scope, next, failed);

  const found = await store.candidate(scope.tenant, next);
  expect(found?.bundle.put.map(({ lesson }) => lesson)).toEqual(['c', 'a', 'b'].map(lessonNamed));
  expect(await store.failedTries(scope)).toEqual([]);
  await closeOnActive(store, scope, next);
  await expect(store.takeAlong(scope, next, failed)).rejects.toThrow(ConflictError);
});

test('counts every bundle that held the revision', async () => {
  const scope = await deployed('counted');
  await tried(scope, 'counted-1', ['a'], 'reject', 'futile');
  const next = await openCandidate(store, scope, 'counted-2', [aDraft('b')]);
  await store.takeAlong(scope, next, await store.failedTries(scope));
  await closeOnActive(store, scope, next);
  await judged(scope, next, 'reject', 'futile');

  const failed = await store.failedTries(scope);

  expect(failed.map(({ lesson, tries }) => [lesson, tries])).toEqual([
    [lessonNamed('a'), 2],
    [lessonNamed('b'), 1],
  ]);
});

test('what a person refused is not tried again', async () => {
  const scope = await deployed('vetoed');
  const id = await tried(scope, 'vetoed-1', ['a'], 'inconclusive', 'budget');

  const before = await store.failedTries(scope);
  await store.transition(scope, {
    ...{ candidate: id, from: ['waiting'], to: 'rejected' },
    ...{ actor: OWNER, reason: 'veto: no', detail: {} },
  });

  expect(before.map(({ verdict }) => verdict)).toEqual(['inconclusive']);
  expect(await store.failedTries(scope)).toEqual([]);
});

test('a candidate that expires does not retire what a later one took along', async () => {
  const scope = await deployed('taken');
  const first = await tried(scope, 'taken-1', ['a'], 'inconclusive', 'budget');
  const next = await openCandidate(store, scope, 'taken-2', [aDraft('b')]);
  await store.takeAlong(scope, next, await store.failedTries(scope));
  await closeOnActive(store, scope, next);
  const by = { actor: SYSTEM, reason: 'said', detail: {} };
  await store.transition(scope, { ...by, candidate: next, from: ['open'], to: 'evaluating' });

  await store.transition(scope, { ...by, candidate: first, from: ['waiting'], to: 'rejected' });

  const lessons = await store.lessonsByKey(scope, ['a', 'b']);
  expect(lessons.map(({ status }) => status)).toEqual(['shadow', 'shadow']);
});

test('rules are not tried again', async () => {
  const scope = await deployed('rules');
  const id = await openCandidate(store, scope, 'rules-1', [aDraft('a', { kind: 'rule' })]);
  await closeOnActive(store, scope, id);

  await judged(scope, id, 'reject', 'futile');

  expect(await store.failedTries(scope)).toEqual([]);
});
