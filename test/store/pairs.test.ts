import { afterAll, beforeAll, expect, test } from 'vitest';

import type { PairRow, Store } from '../../src/activities/store.js';
import { episodeId, taskId } from '../../src/contracts/ids.js';
import { createStore } from '../../src/store/store.js';
import { freshDatabase, type FreshDatabase } from '../support/postgres.js';
import {
  aDraft,
  aScope,
  closeOnActive,
  deploy,
  openCandidate,
  playTask,
} from '../support/store-builders.js';

let database: FreshDatabase;
let store: Store;
const scope = aScope('acme', 'clerk');
beforeAll(async () => {
  database = await freshDatabase();
  store = createStore(database.pool);
  await deploy(store, scope);
});
afterAll(() => database.drop());

const arm = (episode: string, score: number | null, missing: 'arm' | null = null) => ({
  episode: episodeId(episode),
  score,
  category: missing === null ? 'ok' : 'tokens',
  missing,
});

test('a pair keeps every run that it averages, and one that differs in a run is another pair', async () => {
  const candidate = await openCandidate(store, scope, 'acme.c1', [aDraft('a')]);
  await closeOnActive(store, scope, candidate);
  const [first, second] = [
    { baseline: arm('b0', 1), candidate: arm('c0', 1) },
    { baseline: arm('b1', 0), candidate: arm('c1', null, 'arm') },
  ];
  const pair: PairRow = {
    index: 0,
    task: taskId('t0'),
    slices: {},
    topUpFor: null,
    baseline: arm('b0', 0.5),
    candidate: arm('c0', 0.5, 'arm'),
    replicates: [first, second],
  };

  await store.putPairs(scope.tenant, candidate, 'gate', [pair]);
  await store.putPairs(scope.tenant, candidate, 'gate', [pair]);

  expect(await store.pairsOf(scope.tenant, candidate, 'gate')).toEqual([pair]);
  const other = { ...pair, replicates: [first, first] };
  await expect(store.putPairs(scope.tenant, candidate, 'gate', [other])).rejects.toThrow(
    'a committed pair is never replaced',
  );
});

test('a run that failed by its own fault is stored as failed and as missing', async () => {
  const outcome = {
    score: 0,
    evaluator: 'ratchet',
    source: 'none',
    category: 'tokens',
    detail: '',
    missing: 'arm',
  } as const;

  const { episode } = await playTask(store, scope, 'faulty', { outcome });

  expect((await store.episode(scope.tenant, episode))?.outcome).toEqual(outcome);
});

test('a promotion may be diagnosed twice: the second looks at pairs of its own', async () => {
  const candidate = await openCandidate(store, scope, 'acme.c2', [aDraft('b')]);
  await closeOnActive(store, scope, candidate);
  const pairOf = (task: string, score: number): PairRow => ({
    index: 0,
    task: taskId(task),
    slices: {},
    topUpFor: null,
    baseline: arm(`${task}-b`, 1),
    candidate: arm(`${task}-c`, score),
  });

  await store.putPairs(scope.tenant, candidate, 'diagnosis', [pairOf('t1', 1)], 40);
  await store.putPairs(scope.tenant, candidate, 'diagnosis', [pairOf('t2', 0)], 90);

  const again = store.putPairs(scope.tenant, candidate, 'diagnosis', [pairOf('t2', 0)], 40);
  await expect(again).rejects.toThrow('a committed pair is never replaced');
});
