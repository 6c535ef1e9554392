import { afterAll, beforeAll, expect, test } from 'vitest';

import {
  createMaintenanceActivities,
  type ClosedRun,
  type HistorySource,
} from '../../src/activities/maintenance-activities.js';
import type { Store } from '../../src/activities/store.js';
import { StrategyCache } from '../../src/activities/strategy-cache.js';
import { createAgentRegistry } from '../../src/activities/agent-registry.js';
import type { AgentDefinition } from '../../src/contracts/agent.js';
import { candidateId } from '../../src/contracts/ids.js';
import type { LessonDraft } from '../../src/domain/lesson.js';
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
import { anAgent, CountingTool } from '../support/tools.js';

type LearningInput = NonNullable<AgentDefinition['learning']>;

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

function analyst(retention: LearningInput['retention'] = {}) {
  return anAgent({
    id: 'sql-analyst',
    instructions: 'Answer the question with one SQL statement.',
    tools: [new CountingTool().tool({ name: 'execute_sql' })],
    learning: { retention },
  });
}

function activities(
  histories: HistorySource = new ClosedRuns(0),
  woken: Scope[] = [],
  agents = [analyst()],
) {
  return createMaintenanceActivities({
    store,
    agents: createAgentRegistry(agents),
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

/** A note on what the tool answered, of the trust that it may have. */
function aNote(key: string, changes: Partial<LessonDraft> = {}): LessonDraft {
  return aDraft(key, { trust: 'low', ...changes });
}

/** An agent that serves two lessons: one on its tool as it is, one on how it was before. */
function withStaleLesson(tenant: string): Promise<Scope> {
  const stale = aNote('stale', { toolVersions: { execute_sql: 'tool-0' } });
  return serving(tenant, [stale, aNote('fresh')]);
}

/** An agent that serves lessons, whatever validation would say of them by now. */
async function serving(tenant: string, drafts: readonly LessonDraft[]): Promise<Scope> {
  const scope = aScope(tenant);
  await deploy(store, scope);
  const candidate = await openCandidate(store, scope, 'c-1', drafts);
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

  expect(again).toMatchObject({ removals: [], candidate: null });
  expect(await store.candidates(scope)).toHaveLength(2);
});

test('proposes a removal that was decided against again after a month, not every round', async () => {
  const scope = await withStaleLesson('decided');
  const { candidate } = await activities().reviewLessons(scope);
  const id = candidateId(candidate ?? expect.fail('nothing was proposed'));
  await store.transition(scope, {
    ...{ candidate: id, from: ['open'], to: 'rejected', actor: SYSTEM, detail: {} },
    reason: 'not shown',
  });
  const soon = await activities().reviewLessons(scope);
  await withTenant(database.pool, scope.tenant, (client) =>
    client.query(
      `update candidates set ended_at = now() - interval '31 days' where candidate = $1`,
      [id],
    ),
  );

  const later = await activities().reviewLessons(scope);

  expect(soon).toMatchObject({ removals: [], candidate: null });
  expect(later.removals).toMatchObject([{ id: lessonNamed('stale') }]);
  expect(later.candidate).not.toBeNull();
});

test('keeps to the retention that the agent names: how long idle, how many in one candidate', async () => {
  const keys = ['one', 'two', 'three'];
  const scope = await serving(
    'named',
    keys.map((key) => aNote(key)),
  );
  await database.pool.query(
    `update lesson_revisions set created_at = now() - interval '8 days' where tenant = $1`,
    [scope.tenant],
  );

  const byDefault = await activities().reviewLessons(scope);
  const named = analyst({ idleDays: 7, batch: 2 });
  const byName = await activities(undefined, [], [named]).reviewLessons(scope);

  expect(byDefault.removals).toEqual([]);
  expect(byName.removals.map(({ reason }) => reason)).toEqual(['idle', 'idle']);
});

test('makes room where the lessons in service hold more tokens than the agent allows', async () => {
  const scope = await serving('crowded', [aNote('one'), aNote('two')]);

  const named = analyst({ capacityTokens: 4 });
  const { removals } = await activities(undefined, [], [named]).reviewLessons(scope);

  expect(removals.map(({ reason }) => reason)).toEqual(['capacity']);
});

const RULE: Partial<LessonDraft> = {
  kind: 'rule',
  sources: [{ channel: 'operator', principal: 'olga', authority: 0.95 }],
  toolVersions: {},
};

test('takes a lesson that holds a secret by the checks of now out of service at once', async () => {
  const text = 'Connect with password=hunter22-Zx9 before you count the orders.';
  const told = aDraft('told', { ...RULE, body: { form: 'text', text } });
  const scope = await serving('secret', [told, aNote('fresh')]);
  const before = (await store.pointer(scope)) ?? expect.fail('no pointer');

  const review = await activities().reviewLessons(scope);

  const after = (await store.pointer(scope)) ?? expect.fail('no pointer');
  const left = await store.lessonsServing(scope, after.active);
  expect(review).toMatchObject({
    lessons: 2,
    checked: 2,
    refused: [{ id: lessonNamed('told'), revision: 1, code: 'SECRET', isQuarantined: true }],
    removals: [],
  });
  expect(after.number).toBe(before.number + 1);
  expect(left.map(({ key }) => key)).toEqual(['fresh']);
  const [stored] = await store.lessonsByKey(scope, ['told']);
  expect(stored?.status).toBe('quarantined');
  const audit = await store.auditOf(scope.tenant, null, 100);
  const entries = audit.filter(({ action }) => action === 'quarantine');
  expect(entries[0]?.reason).toMatch(/^does not pass validation any more: SECRET /);
  expect(await activities().reviewLessons(scope)).toMatchObject({ checked: 1, refused: [] });
});

test('puts the removal of a lesson that validation would refuse for its form to the gate', async () => {
  const text = `Count the orders of each shop. ${'Then add the rows of the table. '.repeat(60)}`;
  const scope = await serving('long', [aDraft('long', { ...RULE, body: { form: 'text', text } })]);
  const before = await store.pointer(scope);

  const review = await activities().reviewLessons(scope);

  const refused = { code: 'LESSON_TOO_LONG', isQuarantined: false };
  expect(review).toMatchObject({ refused: [refused], removals: [{ reason: 'invalid' }] });
  expect((await store.openCandidate(scope))?.bundle.remove).toEqual([lessonNamed('long')]);
  expect(await store.pointer(scope)).toEqual(before);
});

test('refuses nothing of a layer that was frozen after it was learned: freezing takes nothing away', async () => {
  const scope = await withStaleLesson('frozen');
  const frozen = anAgent({ ...analyst(), learning: { layers: { toolNotes: 'frozen' } } });

  const { checked, refused } = await activities(undefined, [], [frozen]).reviewLessons(scope);

  expect({ checked, refused }).toEqual({ checked: 2, refused: [] });
});

test('reviews an agent that the configuration no longer names by the defaults', async () => {
  const scope = await withStaleLesson('unnamed');

  const review = await activities(undefined, [], []).reviewLessons(scope);

  expect(review).toMatchObject({ checked: 0, removals: [{ reason: 'stale' }] });
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
