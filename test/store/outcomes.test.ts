import { afterAll, beforeAll, expect, test } from 'vitest';

import type { OutcomePage, Store } from '../../src/activities/store.js';
import {
  addPromotionOutcome,
  emptyPromotionMonitor,
} from '../../src/domain/gate/promotion-monitor.js';
import { referenceStrata } from '../../src/domain/gate/strata.js';
import type { EpisodeId, Scope } from '../../src/domain/ids.js';
import { JUDGE_ABSTAINED, UNJUDGED } from '../../src/domain/judging.js';
import { createStore } from '../../src/store/store.js';
import { withTenant } from '../../src/store/transaction.js';
import { freshDatabase, type FreshDatabase } from '../support/postgres.js';
import {
  acceptTask,
  aScope,
  deploy,
  endEpisode,
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

const READER = 'reflect/e-1';

async function watched(tenant: string): Promise<Scope> {
  const scope = aScope(tenant);
  await deploy(store, scope);
  await store.watchOutcomes(scope, READER);
  return scope;
}

function read(
  scope: Scope,
  { cursor = 0, passedOver = [] as readonly number[], limit = 100 } = {},
): Promise<OutcomePage> {
  return store.readOutcomes(scope, READER, cursor, passedOver, limit);
}

const numbers = (page: OutcomePage): readonly number[] => page.outcomes.map(({ number }) => number);

/** Moves an episode's end into the past, as waiting would. */
async function endedAgo(scope: Scope, episode: EpisodeId, interval: string): Promise<void> {
  await withTenant(database.pool, scope.tenant, (client) =>
    client.query('update episodes set ended_at = now() - $2::interval where episode = $1', [
      episode,
      interval,
    ]),
  );
}

test('answers outcomes in the order in which tasks were accepted', async () => {
  const scope = await watched('order');
  const first = await startTask(store, scope, 't-1');
  const second = await startTask(store, scope, 't-2');
  await endEpisode(store, scope, second.episode, FAILED);
  await endEpisode(store, scope, first.episode);

  const page = await read(scope);

  expect(page).toMatchObject({ cursor: 2, passedOver: [] });
  expect(page.outcomes.map(({ number, success }) => [number, success])).toEqual([
    [1, 1],
    [2, 0],
  ]);
});

test('answers pages by cursor and nothing twice', async () => {
  const scope = await watched('pages');
  for (const id of ['t-1', 't-2', 't-3']) await playTask(store, scope, id);

  const first = await read(scope, { limit: 2 });
  const second = await read(scope, { cursor: first.cursor, limit: 2 });
  const third = await read(scope, { cursor: second.cursor, limit: 2 });

  expect([first, second, third].map(numbers)).toEqual([[1, 2], [3], []]);
});

test('waits for a task whose outcome is not known yet', async () => {
  const scope = await watched('waits');
  await playTask(store, scope, 't-1');
  await startTask(store, scope, 't-2');
  await playTask(store, scope, 't-3');

  const page = await read(scope);

  expect(numbers(page)).toEqual([1]);
  expect(page).toMatchObject({ cursor: 1, passedOver: [] });
});

test('passes over a task 60 s after a later one ended, and delivers it when it is known', async () => {
  const scope = await watched('passes');
  const slow = await startTask(store, scope, 't-1');
  const later = await playTask(store, scope, 't-2');
  await endedAgo(scope, later.episode, '61 s');

  const page = await read(scope);
  await endEpisode(store, scope, slow.episode, FAILED);
  await playTask(store, scope, 't-3');
  const next = await read(scope, page);

  expect(numbers(page)).toEqual([2]);
  expect(page).toMatchObject({ cursor: 2, passedOver: [1] });
  expect(numbers(next)).toEqual([1, 3]);
  expect(next).toMatchObject({ cursor: 3, passedOver: [] });
});

test('keeps asking for what was passed over until it is known', async () => {
  const scope = await watched('keeps');
  await acceptTask(store, scope, 't-1');
  const later = await playTask(store, scope, 't-2');
  await endedAgo(scope, later.episode, '2 min');
  const page = await read(scope);

  const next = await read(scope, page);

  expect(next).toEqual({ outcomes: [], cursor: 2, passedOver: [1] });
});

test('counts an outcome that nobody could tell as unknown until a day after the end', async () => {
  const scope = await watched('unknown');
  const task = await playTask(store, scope, 't-1', { outcome: UNKNOWN });

  const before = await read(scope);
  await endedAgo(scope, task.episode, '24 h 1 s');
  const after = await read(scope);

  expect(before.outcomes).toEqual([]);
  expect(after.outcomes).toMatchObject([{ number: 1, success: null }]);
});

test('counts as failed at once what has no score by the fault of the arm', async () => {
  const scope = await watched('fault');
  await playTask(store, scope, 't-1', { outcome: { ...UNKNOWN, missing: 'arm' } });

  const page = await read(scope);

  expect(page.outcomes).toMatchObject([{ number: 1, success: 0 }]);
});

test('what no judge told within the window is void, not failed', async () => {
  const scope = await watched('void');
  const ofJudge = { ...UNKNOWN, missing: 'infrastructure' } as const;
  const unjudged = await playTask(store, scope, 't-1', {
    outcome: { ...ofJudge, category: UNJUDGED },
  });
  const abstained = await playTask(store, scope, 't-2', {
    outcome: { ...ofJudge, category: JUDGE_ABSTAINED },
  });

  const before = await read(scope);
  await endedAgo(scope, unjudged.episode, '24 h 1 s');
  await endedAgo(scope, abstained.episode, '24 h 1 s');
  const after = await read(scope);

  expect(before.outcomes).toEqual([]);
  expect(after.outcomes).toMatchObject([
    { number: 1, success: null, isVoid: true },
    { number: 2, success: null, isVoid: true },
  ]);
});

test('reads nothing above the barrier', async () => {
  const scope = await watched('barrier');
  for (const id of ['t-1', 't-2', 't-3']) await playTask(store, scope, id);
  await store.setBarrier(scope, 2);

  const below = await read(scope);
  await store.setBarrier(scope, null);
  const above = await read(scope, below);

  expect([below, above].map(numbers)).toEqual([[1, 2], [3]]);
  expect(await store.barrier(scope)).toBeNull();
});

test('wakes each reader once until it reads', async () => {
  const scope = await watched('wake');
  await store.watchOutcomes(scope, 'learner/wake');

  const first = await playTask(store, scope, 't-1');
  const second = await playTask(store, scope, 't-2');
  await read(scope);
  const third = await playTask(store, scope, 't-3');

  expect([first, second, third].map(({ wake }) => wake)).toEqual([
    ['learner/wake', READER],
    [],
    [READER],
  ]);
});

test('names the readers again to a caller that repeats itself before they have read', async () => {
  const scope = await watched('again');
  const { episode } = await playTask(store, scope, 't-1');

  const repeated = await endEpisode(store, scope, episode);
  await read(scope);
  const read1 = await endEpisode(store, scope, episode);

  expect(repeated.wake).toEqual([READER]);
  expect(read1.wake).toEqual([]);
});

test('wakes nobody for a task behind the barrier, and everybody when the barrier moves', async () => {
  const scope = await watched('held');
  await store.setBarrier(scope, 0);
  await read(scope);

  const { wake } = await playTask(store, scope, 't-1');
  const moved = await store.setBarrier(scope, 1);

  expect(wake).toEqual([]);
  expect(moved.wake).toEqual([READER]);
});

test('wakes nobody who stopped watching', async () => {
  const scope = await watched('stopped');
  await store.unwatchOutcomes(scope, READER);

  const { wake } = await playTask(store, scope, 't-1');

  expect(wake).toEqual([]);
});

test('a reader that missed an outcome is woken by it, however the two overlap', async () => {
  const scope = await watched('overlap');
  await playTask(store, scope, 't-1');
  const { episode } = await startTask(store, scope, 't-2');
  let seen = 0;
  let writer: Promise<{ readonly wake: readonly string[] }> | undefined;

  // The reader has lowered the flag and read, and commits only after the writer has begun.
  await withTenant(database.pool, scope.tenant, async (client) => {
    await client.query('update outcome_watches set wake = false where workflow_id = $1', [READER]);
    const { rows } = await client.query('select 1 from outcomes where episode = $1', [episode]);
    seen = rows.length;
    writer = endEpisode(store, scope, episode);
    await client.query('select pg_sleep(0.3)');
  });

  expect(seen).toBe(0);
  expect((await writer)?.wake).toEqual([READER]);
});

test('counts outcomes by combination of slices for the version that served them', async () => {
  const scope = await watched('strata');
  const { active } = await deploy(store, scope);
  await playTask(store, scope, 't-1', { slices: { database: 'a' }, outcome: FAILED });
  await playTask(store, scope, 't-2', { slices: { database: 'a' } });
  await playTask(store, scope, 't-3', { slices: { database: 'b' } });
  await playTask(store, scope, 't-4', { slices: { database: 'b' }, outcome: UNKNOWN });

  const { strata: all } = await store.outcomeReference(scope, active, 100, 100);
  const { strata: newest } = await store.outcomeReference(scope, active, 3, 1);

  expect(all).toEqual([
    {
      slices: { database: 'a' },
      n: 2,
      failures: 1,
      categories: { ok: 1, 'wrong-rows': 1 },
    },
    { slices: { database: 'b' }, n: 1, failures: 0, categories: { ok: 1 } },
  ]);
  expect(newest).toMatchObject([{ slices: { database: 'a' }, n: 1, failures: 0 }]);
});

/** A reference with everything known counted, as a monitor of a promotion takes it. */
async function monitorAfter(scope: Scope) {
  const { active } = await deploy(store, scope);
  const { strata } = await store.outcomeReference(scope, active, 1_000, 1_000);
  return { strata, monitor: emptyPromotionMonitor(referenceStrata(strata)) };
}

test('an agent whose graded outcomes do not change is not acted upon, whatever they are', async () => {
  const scores = [0.2, 0.45, 0.5, 0.8, 0.95];
  for (const score of scores) {
    const scope = await watched(`graded-${String(score)}`);
    for (let n = 1; n <= 30; n += 1) {
      await playTask(store, scope, `t-${String(n)}`, { outcome: { ...PASSED, score } });
    }
    const { strata, monitor } = await monitorAfter(scope);

    const page = await read(scope);
    const later = Array.from({ length: 300 }, () => page.outcomes[0]?.success ?? 0);
    const watch = later.reduce(
      (state, success) => addPromotionOutcome(state, { success, slices: { database: 'shop' } }),
      monitor,
    );

    expect(strata[0]?.failures).toBeCloseTo(30 * (1 - score), 9);
    expect(watch.action).toEqual({ kind: 'none' });
  }
}, 60_000);

test('graded outcomes that fall are acted upon, though all of them were below one half before', async () => {
  const scope = await watched('graded-fall');
  for (let n = 1; n <= 30; n += 1) {
    await playTask(store, scope, `t-${String(n)}`, { outcome: { ...PASSED, score: 0.45 } });
  }
  const { monitor } = await monitorAfter(scope);

  const watch = Array.from({ length: 100 }, () => 0).reduce(
    (state, success) => addPromotionOutcome(state, { success, slices: { database: 'shop' } }),
    monitor,
  );

  expect(watch.action.kind).toBe('rollback');
});

test('a reference counts what never came as its reader does, and says what may yet come', async () => {
  const scope = await watched('same-rule');
  const { active } = await deploy(store, scope);
  await playTask(store, scope, 't-1');
  const never = await playTask(store, scope, 't-2', { outcome: UNKNOWN });
  await endedAgo(scope, never.episode, '24 h 1 s');
  await playTask(store, scope, 't-3', { outcome: UNKNOWN });
  const running = await startTask(store, scope, 't-4');
  const unasked = { ...UNKNOWN, category: UNJUDGED };
  const untold = await playTask(store, scope, 't-5', { outcome: unasked });
  await endedAgo(scope, untold.episode, '24 h 1 s');

  const found = await store.outcomeReference(scope, active, 1_000, 1_000);
  const longer = await store.outcomeReference(scope, active, 1_000, 1_000, { windowHours: 48 });
  const counted = await store.outcomeReference(scope, active, 1_000, 1_000, {
    countsPending: true,
  });
  const page = await read(scope);

  expect(found).toMatchObject({ strata: [{ n: 2, failures: 1 }], pending: [3, running.number] });
  expect(longer).toMatchObject({ strata: [{ n: 1, failures: 0 }], pending: [2, 3, 4, 5] });
  expect(counted).toMatchObject({ strata: [{ n: 4, failures: 3 }], pending: [] });
  expect(page.outcomes.map(({ number, success }) => [number, success])).toEqual([
    [1, 1],
    [2, null],
    [5, null],
  ]);
  expect(page.outcomes.filter(({ isVoid }) => isVoid).map(({ number }) => number)).toEqual([5]);
});

test('tells the category of an outcome, and what an accepted label makes of it', async () => {
  const scope = await watched('categories');
  const judged = { ...FAILED, source: 'judge', category: 'judged-wrong' } as const;
  await playTask(store, scope, 't-1', { outcome: { ...FAILED, category: 'data-loss' } });
  const { episode } = await playTask(store, scope, 't-2', { outcome: judged });
  await store.putFeedback(scope.tenant, {
    id: 'veto',
    episode,
    actor: 'olga',
    role: 'owner',
    score: 1,
    correction: null,
    comment: null,
    act: 'veto',
  });

  const { outcomes } = await store.readOutcomes(scope, READER, 0, [], 10);

  expect(outcomes.map(({ category, success }) => [category, success])).toEqual([
    ['data-loss', 0],
    ['ok', 1],
  ]);
});

test('what a judge says later is read in its place, and wakes who waits for it', async () => {
  const scope = await watched('judged');
  const { episode } = await playTask(store, scope, 't-1', {
    outcome: { ...UNKNOWN, category: UNJUDGED, missing: 'infrastructure' },
  });
  const before = await store.readOutcomes(scope, READER, 0, [], 10);

  const first = await store.putJudgedOutcome(scope.tenant, episode, { ...FAILED, source: 'judge' });
  const after = await store.readOutcomes(scope, READER, before.cursor, before.passedOver, 10);
  const again = await store.putJudgedOutcome(scope.tenant, episode, PASSED);

  expect(before.outcomes).toEqual([]);
  expect(first.wake).toEqual([READER]);
  expect(after.outcomes).toMatchObject([{ episode, success: 0, category: 'wrong-rows' }]);
  expect(again.wake).toEqual([]);
});

test('judgements of live outcomes are counted by the day, and none is made past their number', async () => {
  const scope = await watched('spent');

  const spent = await Promise.all([1, 2, 3, 4, 5].map(() => store.spendJudgement(scope, 3)));

  expect(spent.filter(Boolean)).toHaveLength(3);
  expect(await store.spendJudgement(scope, 0)).toBe(false);
  expect(await store.spendJudgement(scope, 4)).toBe(true);
});
