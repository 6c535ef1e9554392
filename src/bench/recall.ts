import { createAgentRegistry } from '../activities/agent-registry.js';
import { StrategyCache } from '../activities/strategy-cache.js';
import { createLifecycleActivities } from '../activities/task-lifecycle.js';
import { openDatabase, type Database } from '../cli/house.js';
import type { Io } from '../cli/io.js';
import type { Config } from '../config.js';
import { defineAgent, type Agent } from '../contracts/agent.js';
import { lessonIdOf } from '../contracts/digest.js';
import { agentId, taskId, tenantId } from '../contracts/ids.js';
import type { Actor } from '../domain/feedback.js';
import type { Scope, VersionId } from '../domain/ids.js';
import type { JsonObject } from '../domain/json.js';
import type { LessonDraft } from '../domain/lesson.js';
import { recallLessons } from '../domain/retrieval/recall.js';
import {
  analyzeLessons,
  importLessons,
  rowsWrittenSince,
  writeMark,
} from '../store/lesson-import.js';
import { percentilesOf, rounded, type Percentiles } from './durations.js';
import { lessonOfItsOwn, recallData } from './recall-data.js';

export interface RecallOptions {
  readonly lessons: number;
  readonly queries: number;
  /** Of lessons and tasks; 1 unless told. */
  readonly seed?: number;
}

/** Milliseconds, one process, one query after the other. */
export interface RecallReport {
  readonly lessons: number;
  readonly queries: number;
  /** Queries asked before the first that counts. */
  readonly warmUp: number;
  /** What they took together, the first apart. */
  readonly warmMs: number;
  /** The first query: lessons read from the database and indexed. */
  readonly coldLoadMs: number;
  /** The whole activity: pointer and task read, lessons ranked, episode opened. */
  readonly activity: Percentiles;
  readonly ranking: Percentiles;
  /** The first query after a promotion: one index derived from the other. */
  readonly afterPromotionMs: number;
  readonly visibleAfterPromotion: true;
  readonly rowsWrittenByPromotion: number;
}

const WARM_UP = 50;
const BATCH = 2_000;
const OPERATOR: Actor = { id: 'bench', role: 'owner' };

/** Asks a strategy version of many lessons the way a task does, and once more after a promotion. */
export async function runRecall(
  options: RecallOptions,
  config: Config,
  io: Io,
  signal: AbortSignal,
): Promise<number> {
  const database = await openDatabase({ config, log: io.note, signal });
  try {
    const report = await measureRecall(options, database, io, signal);
    io.result(report, textOf(report));
    return 0;
  } finally {
    await database.close();
  }
}

/** Leaves the tenant it made behind, as every tenant is. */
export async function measureRecall(
  { lessons, queries, seed = 1 }: RecallOptions,
  { pool, store }: Pick<Database, 'pool' | 'store'>,
  io: Pick<Io, 'progress'>,
  signal: AbortSignal,
): Promise<RecallReport> {
  const run = new Date().toISOString().replace(/\D/g, '').slice(0, 17);
  const agent = recallAgent();
  const scope = { tenant: tenantId(`bench-recall-${run}`), agent: agentId(agent.id) };
  const data = recallData(lessons, WARM_UP + queries, seed);
  const agents = createAgentRegistry([agent]);
  const root = await deploy({ pool, store }, agents, agent, scope);

  const bar = io.progress(lessons);
  const refs = [];
  for (let from = 0; from < lessons; from += BATCH) {
    signal.throwIfAborted();
    refs.push(...(await importLessons(pool, scope, data.lessons.slice(from, from + BATCH))));
    bar.update(refs.length, `${String(refs.length)} of ${String(lessons)} lessons`);
  }
  bar.end();
  const put = { put: refs, remove: [], parameters: {} };
  const full = await store.deriveVersion(scope, root, put);
  await activate({ store }, scope, full);
  await analyzeLessons(pool);

  const strategies = new StrategyCache(store);
  const { recall } = createLifecycleActivities({
    store,
    agents,
    strategies,
    // Recalling tells nobody anything.
    messenger: { wake: () => Promise.resolve(false), wakeLearner: () => Promise.resolve() },
    hasLocalModel: true,
  });
  /** Accepts a task as a client does, then recalls for it; answers how long the latter took. */
  const ask = async (name: string, input: JsonObject): Promise<number> => {
    signal.throwIfAborted();
    const task = taskId(name);
    const slices = agent.slices({ input });
    await store.acceptTask({ ...scope, id: task, input, subject: null, slices });
    const startedMs = performance.now();
    await recall({ ...scope, task, mode: 'live' });
    return performance.now() - startedMs;
  };

  const coldLoadMs = await ask('cold', { database: 'db0', question: 'the first question' });
  const warmed = [];
  for (const [index, { input }] of data.tasks.slice(0, WARM_UP).entries()) {
    warmed.push(await ask(`warm-${String(index)}`, input));
  }
  const asked = data.tasks.slice(WARM_UP);
  const activity = [];
  const progress = io.progress(asked.length);
  for (const [index, { input }] of asked.entries()) {
    activity.push(await ask(`query-${String(index)}`, input));
    progress.update(index + 1, `${String(index + 1)} of ${String(queries)} queries`);
  }
  progress.end();

  const { index } = await strategies.strategy(scope, full);
  const ranking = asked.map(({ database, input }) => {
    const startedMs = performance.now();
    recallLessons(index, { task: { slices: { database }, input }, limit: agent.recallLimit });
    return performance.now() - startedMs;
  });

  const marker = 'quixotry';
  const mark = await writeMark(pool, scope.tenant);
  await promote({ pool, store }, scope, full, lessonOfItsOwn(marker));
  const rowsWrittenByPromotion = await rowsWrittenSince(pool, scope.tenant, mark);
  const last = { database: 'db0', question: `How much ${marker} is there?` };
  const afterPromotionMs = await ask('after-promotion', last);
  await expectRecalled({ store }, scope, 'after-promotion', marker);

  return {
    lessons,
    queries,
    warmUp: WARM_UP,
    warmMs: rounded(warmed.reduce((sum, value) => sum + value, 0)),
    coldLoadMs: rounded(coldLoadMs),
    activity: percentilesOf(activity),
    ranking: percentilesOf(ranking),
    afterPromotionMs: rounded(afterPromotionMs),
    visibleAfterPromotion: true,
    rowsWrittenByPromotion,
  };
}

type Stored = Pick<Database, 'pool' | 'store'>;

function recallAgent(): Agent {
  return defineAgent({
    id: 'recall',
    instructions: 'Answer the question.',
    model: { name: 'none' },
    tools: [],
    evaluators: [],
    slices: ({ input: { database } }) => (typeof database === 'string' ? { database } : {}),
  });
}

async function deploy(
  { store }: Stored,
  agents: ReturnType<typeof createAgentRegistry>,
  agent: Agent,
  scope: Scope,
): Promise<VersionId> {
  const parameters = {
    model: agent.model.name,
    temperature: agent.model.temperature,
    maxModelCalls: agent.limits.modelCalls,
    recallLimit: agent.recallLimit,
  };
  const root = { ...agents.digests(agent.id), parameters, instructions: agent.instructions };
  const { active } = await store.deploy(scope, root, OPERATOR);
  return active;
}

/** One lesson more: its revision, a version that puts it, and the pointer moved to that. */
async function promote(
  { pool, store }: Stored,
  scope: Scope,
  from: VersionId,
  draft: LessonDraft,
): Promise<void> {
  const put = await importLessons(pool, scope, [draft]);
  const version = await store.deriveVersion(scope, from, { put, remove: [], parameters: {} });
  await activate({ store }, scope, version);
}

async function activate(
  { store }: Pick<Stored, 'store'>,
  scope: Scope,
  active: VersionId,
): Promise<void> {
  const pointer = await store.pointer(scope);
  const reason = 'lessons made for a measurement';
  const audit = { actor: OPERATOR, action: 'force', reason, detail: {} };
  await store.changePointer(scope, pointer?.number ?? 0, { active }, audit);
}

async function expectRecalled(
  { store }: Pick<Stored, 'store'>,
  scope: Scope,
  task: string,
  marker: string,
): Promise<void> {
  const accepted = await store.taskInput(scope, taskId(task));
  const episode = accepted === null ? null : await store.episode(scope.tenant, accepted.episode);
  const lessons = episode?.recall?.found.map(({ lesson }) => lesson) ?? [];
  if (lessons.includes(lessonIdOf(scope.agent, lessonOfItsOwn(marker).key))) return;
  const found = lessons.join(', ') || 'none';
  throw new Error(`recall after the promotion: found ${found}, expected the lesson on ${marker}`);
}

function textOf(report: RecallReport): string {
  const line = (name: string, { p50, p95, p99 }: Percentiles): string =>
    `${name}: p50 ${String(p50)} ms, p95 ${String(p95)} ms, p99 ${String(p99)} ms`;
  return [
    `${String(report.lessons)} lessons, ${String(report.queries)} queries after ${String(report.warmUp)} to warm up`,
    line('activity', report.activity),
    line('ranking alone', report.ranking),
    `first load: ${String(report.coldLoadMs)} ms; first query after a promotion: ${String(report.afterPromotionMs)} ms`,
    `a promotion of one lesson wrote ${String(report.rowsWrittenByPromotion)} rows and was visible to the next task`,
  ].join('\n');
}
