import { afterAll, beforeAll, expect, test } from 'vitest';

import type { Store } from '../../src/activities/store.js';
import { StrategyCache } from '../../src/activities/strategy-cache.js';
import { countUtility } from '../../src/activities/utility-counting.js';
import { SYSTEM } from '../../src/domain/feedback.js';
import type { CandidateId, Scope, VersionId } from '../../src/domain/ids.js';
import { createStore } from '../../src/store/store.js';
import { freshDatabase, type FreshDatabase } from '../support/postgres.js';
import {
  activeVersion,
  aDraft,
  aRecall,
  aScope,
  closeOnActive,
  deploy,
  FAILED,
  lessonNamed,
  openCandidate,
  passGate,
  PASSED,
  playTask,
} from '../support/store-builders.js';

let database: FreshDatabase;
let store: Store;
beforeAll(async () => {
  database = await freshDatabase();
  store = createStore(database.pool);
});
afterAll(() => database.drop());

const BAD = lessonNamed('bad');
const GOOD = lessonNamed('good');

interface Promoted {
  readonly scope: Scope;
  readonly candidate: CandidateId;
  readonly version: VersionId;
}

/** An agent whose active version has a good lesson and a bad one; `on` probation, or through it. */
async function withTwoLessons(tenant: string, state: 'probation' | 'promoted'): Promise<Promoted> {
  const scope = aScope(tenant);
  await deploy(store, scope);
  const candidate = await openCandidate(store, scope, 'c-1', [aDraft('bad'), aDraft('good')]);
  const version = await closeOnActive(store, scope, candidate);
  await passGate(store, scope, candidate);
  const by = { candidate, actor: SYSTEM, reason: 'test', detail: {} };
  const canary = { candidate, version, share: 0.5, seed: 1 };
  const begun = { expected: 1, change: { canary } };
  await store.transition(scope, { ...by, from: ['passed'], to: 'canary', pointer: begun });
  const landed = { expected: 2, change: { active: version, canary: null } };
  await store.transition(scope, { ...by, from: ['canary'], to: 'probation', pointer: landed });
  if (state === 'promoted') {
    await store.transition(scope, { ...by, from: ['probation'], to: 'promoted' });
  }
  return { scope, candidate, version };
}

/** Tasks that found both lessons and failed where the bad one was in the prompt. */
async function play(scope: Scope, tasks: number): Promise<void> {
  for (let at = 0; at < tasks; at += 1) {
    const heldOut = at % 2 === 0;
    const drawn = { revision: 1, propensity: 0.5 };
    await playTask(store, scope, `t-${String(at)}`, {
      outcome: heldOut ? PASSED : FAILED,
      recall: aRecall([
        { ...drawn, lesson: BAD, heldOut },
        { ...drawn, lesson: GOOD, heldOut: at % 4 < 2 },
      ]),
    });
  }
}

function count(scope: Scope, woken: string[] = []) {
  const messenger = {
    wake: (workflowId: string) => Promise.resolve(woken.push(workflowId) > 0),
  };
  return countUtility({ store, strategies: new StrategyCache(store), messenger }, scope);
}

async function servedBy(scope: Scope, version: VersionId): Promise<readonly string[]> {
  return (await store.lessonsServing(scope, version)).map(({ id }) => id);
}

test('takes a lesson that harms out of service, and leaves the one beside it', async () => {
  const { scope, version } = await withTwoLessons('harm', 'promoted');
  await play(scope, 60);

  const counted = await count(scope);

  expect(counted).toEqual({ outcomes: 60, quarantined: [`${BAD}@1`] });
  expect(await servedBy(scope, await activeVersion(store, scope))).toEqual([GOOD]);
  expect(await servedBy(scope, version)).toEqual([BAD, GOOD]);
  expect((await store.latestRevision(scope, BAD))?.status).toBe('quarantined');
  expect((await store.latestRevision(scope, GOOD))?.status).toBe('active');
});

test('writes what was counted into the audit, and does nothing the second time', async () => {
  const { scope } = await withTwoLessons('twice', 'promoted');
  await play(scope, 60);

  await count(scope);
  const again = await count(scope);

  expect(again).toEqual({ outcomes: 0, quarantined: [] });
  const audit = await store.auditOf(scope.tenant, { kind: 'lesson', id: `${BAD}@1` }, 10);
  expect(audit).toMatchObject([
    {
      action: 'quarantine',
      detail: {
        treated: { successes: 0, failures: 30 },
        heldOut: { successes: 30, failures: 0 },
      },
    },
  ]);
  expect((await store.pointer(scope))?.number).toBe(4);
});

test('leaves a lesson alone that was compared with its absence too seldom', async () => {
  const { scope, version } = await withTwoLessons('few', 'promoted');
  await play(scope, 30);

  expect((await count(scope)).quarantined).toEqual([]);
  expect(await activeVersion(store, scope)).toBe(version);
});

test('rolls back the candidate whose lesson harms while it is on probation', async () => {
  const { scope, candidate } = await withTwoLessons('probation', 'probation');
  await play(scope, 60);
  const woken: string[] = [];

  await count(scope, woken);

  const row = await store.candidate(scope.tenant, candidate);
  expect(row?.state).toBe('rolled-back');
  expect(woken).toContain(row?.workflowId);
  expect(await servedBy(scope, await activeVersion(store, scope))).toEqual([]);
});

test('sends a canary back to evaluation that stood on the lesson', async () => {
  const { scope } = await withTwoLessons('canary', 'promoted');
  const other = await openCandidate(store, scope, 'c-2', [aDraft('other')]);
  const version = await closeOnActive(store, scope, other);
  await passGate(store, scope, other);
  const canary = { candidate: other, version, share: 0.5, seed: 1 };
  const pointer = { expected: 3, change: { canary } };
  const by = { candidate: other, actor: SYSTEM, reason: 'test', detail: {} };
  await store.transition(scope, { ...by, from: ['passed'], to: 'canary', pointer });
  await play(scope, 60);

  await count(scope);

  expect((await store.candidate(scope.tenant, other))?.state).toBe('evaluating');
  expect(await store.pointer(scope)).toMatchObject({ number: 5, canary: null });
  expect(await servedBy(scope, await activeVersion(store, scope))).toEqual([GOOD]);
});
