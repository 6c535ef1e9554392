import { afterAll, beforeAll, expect, test } from 'vitest';

import type { Store } from '../../src/activities/store.js';
import { SYSTEM } from '../../src/domain/feedback.js';
import type { Scope } from '../../src/domain/ids.js';
import { createStore } from '../../src/store/store.js';
import { freshDatabase, type FreshDatabase } from '../support/postgres.js';
import {
  aDraft,
  aScope,
  closeOnActive,
  deploy,
  endEpisode,
  openCandidate,
  PASSED,
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

async function deployed(tenant: string): Promise<Scope> {
  const scope = aScope(tenant);
  await deploy(store, scope);
  return scope;
}

test('is at rest before the first task', async () => {
  const scope = await deployed('first');

  expect(await store.unsettled(scope)).toEqual([]);
  expect(await store.newestTask(scope)).toBe(0);
});

test('says what a task still waits for until it was reflected upon', async () => {
  const scope = await deployed('task');
  const { task, episode } = await startTask(store, scope, 't-1');

  const running = await store.unsettled(scope);
  await endEpisode(store, scope, episode);
  const ended = await store.unsettled(scope);
  await store.markReflected(scope.tenant, episode, 'nothing to propose');

  expect(running).toEqual([`task ${task} has not ended`]);
  expect(ended).toEqual([`episode ${episode} is being reflected upon`]);
  expect(await store.unsettled(scope)).toEqual([]);
});

test('is at rest after an episode that nothing is to be learned from', async () => {
  const scope = await deployed('nothing');
  const { episode } = await startTask(store, scope, 't-1');

  await store.recordEpisode({
    tenant: scope.tenant,
    id: episode,
    end: 'done',
    output: null,
    outcome: PASSED,
    informative: { value: false, reason: 'a routine success' },
    unreflected: 'a routine success',
    tokens: 0,
    costMicroUsd: 0,
  });

  expect(await store.unsettled(scope)).toEqual([]);
});

test('asks nothing of tasks above the barrier', async () => {
  const scope = await deployed('above');
  await startTask(store, scope, 't-1');
  await store.setBarrier(scope, 0);

  expect(await store.unsettled(scope)).toEqual([]);
  expect(await store.newestTask(scope)).toBe(0);
});

test('waits for later feedback to be reflected upon', async () => {
  const scope = await deployed('feedback');
  const { episode } = await playTask(store, scope, 't-1');
  await store.markReflected(scope.tenant, episode, 'first');
  await store.putFeedback(scope.tenant, {
    id: 'f-1',
    episode,
    actor: 'ann',
    role: 'user',
    score: 0,
    correction: 'select 2',
    comment: null,
  });

  const before = await store.unsettled(scope);
  await store.markReflected(scope.tenant, episode, 'again');

  expect(before).toEqual(['feedback f-1 is being reflected upon']);
  expect(await store.unsettled(scope)).toEqual([]);
});

test('waits for proposals that the learner has not read', async () => {
  const scope = await deployed('proposal');
  const { episode } = await playTask(store, scope, 't-1');
  await store.putProposals(scope, episode, [{ draft: aDraft('a'), rejected: null }]);
  await store.markReflected(scope.tenant, episode, 'one lesson proposed');

  const [proposal] = await store.waitingProposals(scope, 1);

  expect(await store.unsettled(scope)).toEqual([
    `proposal ${proposal?.id ?? ''} waits for the learner`,
  ]);
});

test('an evaluation is at rest once it has seen every task and waits for more', async () => {
  const scope = await deployed('evaluation');
  const { episode, number } = await playTask(store, scope, 't-1');
  await store.markReflected(scope.tenant, episode, 'nothing');
  const candidate = await openCandidate(store, scope, 'evaluation-1', [aDraft('a')]);
  await closeOnActive(store, scope, candidate);
  await store.transition(scope, {
    candidate,
    from: ['open'],
    to: 'evaluating',
    actor: SYSTEM,
    reason: 'a slot is free',
    detail: {},
  });
  const watch = `shadow/${candidate}`;

  const running = await store.unsettled(scope);
  await store.watchOutcomes(scope, watch);
  const behind = await store.unsettled(scope);
  await store.settleWatch(scope, watch, number);

  expect(running).toEqual([`candidate ${candidate} is evaluating`]);
  expect(behind).toEqual([
    `workflow ${watch} has tasks to read`,
    `candidate ${candidate} is evaluating`,
  ]);
  expect(await store.unsettled(scope)).toEqual([]);
});
