import { afterAll, beforeAll, expect, test } from 'vitest';

import {
  createMaintenanceActivities,
  type ClosedRun,
  type HistorySource,
} from '../../src/activities/maintenance-activities.js';
import type { Store } from '../../src/activities/store.js';
import { StrategyCache } from '../../src/activities/strategy-cache.js';
import { SYSTEM } from '../../src/domain/feedback.js';
import type { Scope } from '../../src/domain/ids.js';
import { createStore } from '../../src/store/store.js';
import { withTenant } from '../../src/store/transaction.js';
import { freshDatabase, type FreshDatabase } from '../support/postgres.js';
import {
  aDraft,
  aRecall,
  aScope,
  closeOnActive,
  deploy,
  lessonNamed,
  openCandidate,
  passGate,
  playTask,
} from '../support/store-builders.js';

let database: FreshDatabase;
let store: Store;
beforeAll(async () => {
  database = await freshDatabase();
  store = createStore(database.pool);
});
afterAll(() => database.drop());

/** Temporal as a list of closed runs, some of which it has forgotten. */
class ClosedRuns implements HistorySource {
  readonly #runs: readonly ClosedRun[];
  readonly #forgotten: ReadonlySet<string>;
  readonly asked: string[] = [];

  constructor(count: number, forgotten: readonly string[] = []) {
    this.#runs = Array.from({ length: count }, (_, at) => ({
      workflowId: `task/acme/sql-analyst/t-${String(at)}`,
      runId: `run-${String(at)}`,
    }));
    this.#forgotten = new Set(forgotten);
  }

  async *closedRuns(): AsyncGenerator<ClosedRun> {
    for (const run of this.#runs) yield await Promise.resolve(run);
  }

  history({ runId }: ClosedRun) {
    this.asked.push(runId);
    return Promise.resolve(this.#forgotten.has(runId) ? null : { events: [{ eventId: '1' }] });
  }
}

function activities(histories: HistorySource = new ClosedRuns(0), woken: Scope[] = []) {
  return createMaintenanceActivities({
    store,
    strategies: new StrategyCache(store),
    messenger: {
      wake: () => Promise.resolve(true),
      wakeLearner: (scope) => Promise.resolve(void woken.push(scope)),
      settle: () => Promise.reject(new Error('nothing is settled here')),
    },
    histories,
    carriers: {
      carries: () => Promise.resolve(true),
      heldByLearner: () => Promise.resolve([]),
    },
  });
}

/** An agent that serves two lessons: one on its tool as it is, one on how it was before. */
async function withStaleLesson(tenant: string): Promise<Scope> {
  const scope = aScope(tenant);
  await deploy(store, scope);
  const stale = aDraft('stale', { toolVersions: { execute_sql: 'tool-0' } });
  const candidate = await openCandidate(store, scope, 'c-1', [stale, aDraft('fresh')]);
  const version = await closeOnActive(store, scope, candidate);
  await passGate(store, scope, candidate);
  const by = { candidate, actor: SYSTEM, reason: 'test', detail: {} };
  const canary = { candidate, version, share: 0.5, seed: 1 };
  const begun = { expected: 1, change: { canary } };
  await store.transition(scope, { ...by, from: ['passed'], to: 'canary', pointer: begun });
  const landed = { expected: 2, change: { active: version, canary: null } };
  await store.transition(scope, { ...by, from: ['canary'], to: 'probation', pointer: landed });
  await store.transition(scope, { ...by, from: ['probation'], to: 'promoted' });
  return scope;
}

test('opens a candidate that takes a stale lesson away, and tells the learner', async () => {
  const scope = await withStaleLesson('stale');
  const woken: Scope[] = [];

  const review = await activities(undefined, woken).reviewLessons(scope);

  const removal = { id: lessonNamed('stale'), revision: 1, reason: 'stale' };
  expect(review).toMatchObject({ lessons: 2, removals: [removal] });
  const open = await store.openCandidate(scope);
  expect(open).toMatchObject({ id: review.candidate, state: 'open' });
  expect(open?.bundle).toMatchObject({ put: [], remove: [lessonNamed('stale')] });
  expect(woken).toEqual([scope]);
});

test('proposes a removal once while it is open or under way', async () => {
  const scope = await withStaleLesson('once');
  await activities().reviewLessons(scope);

  const again = await activities().reviewLessons(scope);

  expect(again.removals).toHaveLength(1);
  expect(again.candidate).toBeNull();
  expect(await store.candidates(scope)).toHaveLength(2);
});

test('removes nothing by itself: what serves stays what it was', async () => {
  const scope = await withStaleLesson('gated');
  const before = await store.pointer(scope);

  await activities().reviewLessons(scope);

  expect(await store.pointer(scope)).toEqual(before);
});

test('counts a use half as much a half-life later', async () => {
  const scope = await withStaleLesson('uses');
  const lesson = { lesson: lessonNamed('fresh'), revision: 1 };
  const recalled = [{ ...lesson, text: '', score: 1 }];
  const { episode } = await playTask(store, scope, 't-1', { recalled });
  await playTask(store, scope, 't-2', { recalled });
  await withTenant(database.pool, scope.tenant, (client) =>
    client.query(`update episodes set started_at = now() - interval '30 days' where episode = $1`, [
      episode,
    ]),
  );

  const [use] = await store.lessonUses(scope, 30);

  expect(use).toMatchObject({ ...lesson, idleDays: 0 });
  expect(use?.recentUses).toBeCloseTo(1.5, 3);
});

test('says that hold-outs are lost when far fewer tasks went without than were drawn to', async () => {
  const scope = await withStaleLesson('lost');
  for (let at = 0; at < 60; at += 1) {
    const draw = { lesson: lessonNamed('fresh'), revision: 1, propensity: 0.5, heldOut: false };
    await playTask(store, scope, `t-${String(at)}`, { recall: aRecall([draw]) });
  }

  const { holdOutDeviations } = await activities().reviewLessons(scope);

  expect(holdOutDeviations).toBeLessThan(-4);
  const audit = await store.auditOf(scope.tenant, { kind: 'agent', id: scope.agent }, 10);
  expect(audit.map(({ action }) => action)).toContain('hold-out-broken');
});

test('archives closed histories in batches, each once, and passes over forgotten ones', async () => {
  const scope = aScope('archive');
  const histories = new ClosedRuns(150, ['run-3']);
  const { archiveHistories } = activities(histories);

  const first = await archiveHistories(scope);
  const second = await archiveHistories(scope);
  const asked = histories.asked.length;
  const third = await archiveHistories(scope);

  expect([first, second, third]).toEqual([
    { archived: 100, more: true },
    { archived: 49, more: false },
    { archived: 0, more: false },
  ]);
  expect(histories.asked.slice(asked)).toEqual(['run-3']);
  const stored = await store.archivedHistories(scope.tenant, 'task/acme/sql-analyst/t-0');
  expect(stored).toEqual([{ runId: 'run-0', history: { events: [{ eventId: '1' }] } }]);
});
