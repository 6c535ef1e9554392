import { afterAll, beforeAll, expect, test } from 'vitest';

import type { Store } from '../../src/activities/store.js';
import { SYSTEM } from '../../src/domain/feedback.js';
import type { EpisodeId, Scope } from '../../src/domain/ids.js';
import { createStore } from '../../src/store/store.js';
import { freshDatabase, type FreshDatabase } from '../support/postgres.js';
import {
  aDraft,
  aRecall,
  aScope,
  deploy,
  FAILED,
  lessonNamed,
  openCandidate,
  playTask,
  startTask,
} from '../support/store-builders.js';

let database: FreshDatabase;
let store: Store;
beforeAll(async () => {
  database = await freshDatabase();
  store = createStore(database.pool);
});
afterAll(() => database.drop());

const START = { cursor: 0, passedOver: [] };

async function agentWithLesson(tenant: string): Promise<Scope> {
  const scope = aScope(tenant);
  await deploy(store, scope);
  await openCandidate(store, scope, 'c-1', [aDraft('cust')]);
  return scope;
}

/** A task that was recalled the lesson for, and had it or was held out of it. */
async function recalling(scope: Scope, id: string, heldOut: boolean): Promise<EpisodeId> {
  const draw = { lesson: lessonNamed('cust'), revision: 1, propensity: 0.1, heldOut };
  return (await playTask(store, scope, id, { recall: aRecall([draw]) })).episode;
}

test('counts tasks that had a lesson and tasks held out of it, in all and by slice', async () => {
  const scope = await agentWithLesson('counting');
  const having = await recalling(scope, 't-1', false);
  const without = await recalling(scope, 't-2', true);

  await store.countUtility(scope, START, { cursor: 2, passedOver: [] }, [
    { episode: having, score: 0.75 },
    { episode: without, score: 0 },
  ]);

  const utility = {
    treated: { successes: 0.75, failures: 0.25 },
    heldOut: { successes: 0, failures: 1 },
  };
  const lesson = { lesson: lessonNamed('cust'), revision: 1, status: 'candidate' };
  expect(await store.utilities(scope)).toEqual([
    { ...lesson, slice: '', utility },
    { ...lesson, slice: 'database=shop', utility },
  ]);
});

test('counts outcomes once, whoever of two comes first', async () => {
  const scope = await agentWithLesson('once');
  const episode = await recalling(scope, 't-1', false);
  const outcomes = [{ episode, score: 1 }];

  const both = await Promise.all([
    store.countUtility(scope, START, { cursor: 1, passedOver: [] }, outcomes),
    store.countUtility(scope, START, { cursor: 1, passedOver: [] }, outcomes),
  ]);

  expect(both.sort()).toEqual([false, true]);
  expect((await store.utilities(scope))[0]?.utility.treated).toEqual({ successes: 1, failures: 0 });
  expect(await store.utilityCursor(scope)).toEqual({ cursor: 1, passedOver: [] });
});

test('moves on over outcomes without a lesson and adds to what is counted', async () => {
  const scope = await agentWithLesson('on');
  const plain = await playTask(store, scope, 't-1');
  const first = await recalling(scope, 't-2', false);
  const second = await recalling(scope, 't-3', false);

  await store.countUtility(scope, START, { cursor: 1, passedOver: [] }, [
    { episode: plain.episode, score: 1 },
  ]);
  for (const [at, episode] of [first, second].entries()) {
    const from = { cursor: at + 1, passedOver: [] };
    await store.countUtility(scope, from, { cursor: at + 2, passedOver: [] }, [
      { episode, score: 1 },
    ]);
  }

  expect((await store.utilities(scope))[0]?.utility.treated).toEqual({ successes: 2, failures: 0 });
});

test('tells episodes that all succeeded from those of which one failed or still runs', async () => {
  const scope = await agentWithLesson('streak');
  const good = (await playTask(store, scope, 't-1')).episode;
  const better = (await playTask(store, scope, 't-2')).episode;
  const bad = (await playTask(store, scope, 't-3', { outcome: FAILED })).episode;
  const { episode: running } = await startTask(store, scope, 't-4');

  const answers = await Promise.all(
    [
      [good, better],
      [good, bad],
      [good, running],
    ].map((ids) => store.haveSucceeded(scope.tenant, ids)),
  );

  expect(answers).toEqual([true, false, false]);
});

test('quarantines a revision once, with one audit entry', async () => {
  const scope = await agentWithLesson('quarantine');
  const quarantined = {
    lesson: lessonNamed('cust'),
    revision: 1,
    actor: SYSTEM,
    reason: 'it harms',
    detail: { mean: -0.2 },
  };

  const answers = [
    await store.quarantineLesson(scope, quarantined),
    await store.quarantineLesson(scope, quarantined),
  ];

  expect(answers).toEqual([true, false]);
  expect((await store.latestRevision(scope, quarantined.lesson))?.status).toBe('quarantined');
  const object = { kind: 'lesson', id: `${quarantined.lesson}@1` };
  expect(await store.auditOf(scope.tenant, object, 10)).toMatchObject([
    { action: 'quarantine', reason: 'it harms', actor: { role: 'system' } },
  ]);
});
