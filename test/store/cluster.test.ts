import { afterAll, beforeAll, expect, test } from 'vitest';

import type { Store } from '../../src/activities/store.js';
import type { Scope } from '../../src/domain/ids.js';
import { createStore } from '../../src/store/store.js';
import { turn } from '../domain/trajectories.js';
import { freshDatabase, type FreshDatabase } from '../support/postgres.js';
import {
  aScope,
  deploy,
  FAILED,
  PASSED,
  playTask,
  startTask,
  UNKNOWN,
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

/** A task whose only step says its name, so that it is known again. */
async function play(
  scope: Scope,
  id: string,
  outcome: typeof PASSED,
  slices: Readonly<Record<string, string>> = { database: 'shop' },
) {
  const { episode } = await playTask(store, scope, id, { outcome, slices });
  for (const step of turn([], id)) await store.putStep(scope.tenant, episode, step);
  return episode;
}

const told = (found: Awaited<ReturnType<Store['cluster']>>): readonly string[] =>
  found.map(({ hasFailed, trajectory: [step] }) => {
    const text = step?.kind === 'model' ? step.text : '';
    return `${hasFailed ? 'failed' : 'passed'} ${text}`;
  });

test('answers the newest passed and failed episodes of the same slices, without itself', async () => {
  const scope = await deployed('like-it');
  await play(scope, 'old', PASSED);
  await play(scope, 'near', PASSED);
  const blamed = await play(scope, 'blamed', FAILED);
  await play(scope, 'another', FAILED);
  await play(scope, 'elsewhere', FAILED, { database: 'zoo' });
  await play(scope, 'later', PASSED);

  const found = await store.cluster(scope.tenant, blamed, 2);

  expect(told(found)).toEqual(['passed later', 'passed near', 'failed another']);
});

test('leaves out what has no outcome, and other agents', async () => {
  const scope = await deployed('no-outcome');
  const blamed = await play(scope, 'blamed', FAILED);
  await play(scope, 'open', UNKNOWN);
  await startTask(store, scope, 'running');
  const other = aScope('no-outcome', 'another-agent');
  await deploy(store, other);
  await play(other, 'theirs', PASSED);

  expect(await store.cluster(scope.tenant, blamed, 5)).toEqual([]);
});

test('answers nothing of an episode that another tenant has', async () => {
  const scope = await deployed('mine');
  const blamed = await play(scope, 'blamed', FAILED);
  await play(scope, 'passed', PASSED);
  const stranger = await deployed('stranger');

  expect(await store.cluster(stranger.tenant, blamed, 5)).toEqual([]);
});

test('of many it answers the best that passed and the worst that failed, whatever is newest', async () => {
  const scope = await deployed('graded');
  const graded = (score: number) => ({ ...PASSED, score, category: score >= 0.5 ? 'ok' : 'wrong' });
  await play(scope, 'perfect', graded(1));
  await play(scope, 'hopeless', graded(0));
  await play(scope, 'good', graded(0.7));
  await play(scope, 'poor', graded(0.4));
  const blamed = await play(scope, 'blamed', FAILED);

  const found = await store.cluster(scope.tenant, blamed, 1);

  expect(told(found)).toEqual(['passed perfect', 'failed hopeless']);
});
