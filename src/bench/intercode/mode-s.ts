import type { House } from '../../cli/house.js';
import { agentId, tenantId } from '../../contracts/ids.js';
import type { Agent } from '../../contracts/agent.js';
import { NotFoundError } from '../../domain/errors.js';
import { PINNED_SLICE } from '../../domain/gate/slices.js';
import type { Scope, TenantId } from '../../domain/ids.js';
import type { RecalledLesson } from '../../domain/episode.js';
import { taskId } from '../../contracts/ids.js';
import { lessonText, type LessonRevision } from '../../domain/lesson.js';
import type { CandidateRow } from '../../activities/store.js';
import type { Library } from '../../model/recorded/cast.js';
import type { RecordedRun, RecordedTask } from '../../model/recorded/dataset.js';
import { runControlArm, type ControlTask } from './control-arms.js';
import {
  placeboLessons,
  realNamesOf,
  shuffledLessons,
  type SchemaLesson,
} from './control-lessons.js';
import { armTotals, gapShare, perDatabase, type TaskOutcomes } from './gap.js';
import type { BenchProgress } from './progress.js';
import { lessonRows, playedEpisode, reportIdOf } from './played.js';
import { inputOfTask, recordedAgent, runsById } from './recorded-agent.js';
import type { EpisodeRow, ModeSReport, PromotionRow, VerdictName } from './report.js';
import { playRound } from './rounds.js';
import { evaluateWrongSchema } from './wrong-schema.js';

export interface ModeSOptions {
  readonly plain: string;
  readonly informed: string;
  /** `null`: the sandbox never runs a failed task again. */
  readonly explore: string | null;
  readonly k: number;
  readonly seed: number;
  /** Of this run alone, so that an earlier one teaches it nothing. */
  readonly tenant: string;
  readonly progress: BenchProgress;
}

/** The agents that mode S needs: one that learns and one for each control arm. */
export interface ModeSAgents {
  readonly learning: Agent;
  readonly shuffled: Agent;
  readonly placebo: Agent;
}

const ROUND = 20;

export function modeSAgents(library: Library, options: ModeSOptions): ModeSAgents {
  const { plain, informed, explore, k } = options;
  const casting = { mode: 'S', plain, informed } as const;
  const control = { library, casting, recallLimit: k, isLearning: false };
  return {
    learning: recordedAgent({
      library,
      casting,
      recallLimit: k,
      ...(explore === null ? {} : { explore }),
    }),
    shuffled: recordedAgent({ ...control, id: 'intercode-sql-shuffled' }),
    placebo: recordedAgent({ ...control, id: 'intercode-sql-placebo' }),
  };
}

/** What the learning arm did with one task. */
interface LearningEpisode {
  readonly task: RecordedTask;
  readonly recalled: readonly RecalledLesson[];
  readonly run: RecordedRun;
}

/**
 * The loop on recorded runs: tasks in file order, in rounds; what passes its gate at the end of a round
 * serves from the next one on. The other arms are played after it, or counted from the recordings.
 */
export async function runModeS(
  house: House,
  library: Library,
  agents: ModeSAgents,
  options: ModeSOptions,
): Promise<ModeSReport> {
  const { store } = house;
  const { plain, informed, explore, k, seed, progress } = options;
  const runs = runsById(library);
  const { databases } = library.data;
  const tasks = library.data.tasks.filter(({ taskId: id }) =>
    [plain, informed].every((config) => library.runs.get(config)?.has(id) === true),
  );
  const tenant = tenantId(options.tenant);
  const scope = { tenant, agent: agentId(agents.learning.id) };

  const promotedAt = new Map<string, number>();
  const episodes: LearningEpisode[] = [];
  for (let start = 0; start < tasks.length; start += ROUND) {
    const round = tasks.slice(start, start + ROUND);
    const inputs = round.map((task) => ({ id: task.taskId, input: inputOfTask(library, task) }));
    await playRound(house, scope, agents.learning, inputs);
    for (const task of round) episodes.push(await learningEpisode(house, scope, task, runs));
    const done = start + round.length;
    const candidates = await store.candidates(scope);
    for (const { id, state } of candidates) {
      if (SERVING.has(state) && !promotedAt.has(id)) promotedAt.set(id, done);
    }
    const right = episodes.filter(({ run }) => run.success).length;
    progress(
      done / tasks.length,
      `${String(done)} of ${String(tasks.length)} tasks, ${String(right)} right, ` +
        `${String(candidates.length)} candidates, ${String(promotedAt.size)} promoted`,
    );
  }

  const candidates = await store.candidates(scope);
  const known = knownLessons(candidates);
  const wrongSchema = await evaluateWrongSchema(
    house,
    scope,
    [...new Map([...known.values()].map((lesson) => [lesson.id, lesson])).values()],
    [...databases.keys()],
    seed,
  );
  progress(1, `misplaced schemas: ${wrongSchema.verdict} after ${String(wrongSchema.pairs)} pairs`);

  const served = servedLessons(known, promotedAt, candidates);
  const shuffled = episodes.map((episode) => shuffledFor(episode, served, seed));
  const realNames = realNamesOf(databases);
  const placebo = episodes.map((episode) => placeboFor(episode, realNames, seed));
  const control = async (name: 'shuffled' | 'placebo', chosen: readonly ControlTask[]) => {
    const agent = agents[name];
    const controlScope = { tenant, agent: agentId(agent.id) };
    const played = await runControlArm(
      { house, library, runs, scope: controlScope, agent },
      chosen.filter(({ lessons }) => lessons.length > 0),
      (done) => {
        progress(done / chosen.length, `${name}: ${String(done)} tasks`);
      },
    );
    return chosen.map(({ task, lessons }): EpisodeRow & { recorded: RecordedRun } => {
      // Without a lesson the prompt is that of the plain run, which is recorded.
      const recorded = played.get(task.taskId) ?? runOf(library, plain, task);
      const ids = lessons.map(({ id }) => id);
      return { ...episodeRow(task, name, ids, recorded), recorded };
    });
  };
  const shuffledRows = await control('shuffled', shuffled);
  const placeboRows = await control('placebo', placebo);

  const outcomes = episodes.map(({ task, run }, at): TaskOutcomes => ({
    task,
    frozen: runOf(library, plain, task).success,
    learning: run.success,
    oracle: runOf(library, informed, task).success,
    shuffled: shuffledRows[at]?.success ?? false,
    placebo: placeboRows[at]?.success ?? false,
  }));
  const learningRows = episodes.map(({ task, recalled, run }) =>
    episodeRow(
      task,
      'learning',
      recalled.map(({ lesson, revision }) => reportIdOf(lesson, revision)),
      run,
    ),
  );
  return {
    config: { plain, informed, explore: explore ?? 'none', k, seed },
    tasks: tasks.length,
    arms: armTotals(outcomes),
    perDatabase: perDatabase(outcomes),
    gap: gapShare(outcomes, seed),
    verdicts: await verdictsOf(house, tenant, candidates),
    promotions: await promotionsOf(house, tenant, candidates, promotedAt),
    lessons: await lessonRows(store, tenant, known.values(), runs),
    wrongSchema,
    episodes: [...learningRows, ...shuffledRows.map(plainRow), ...placeboRows.map(plainRow)],
  };
}

/** States of a candidate that has passed its gate and serves tasks. */
const SERVING: ReadonlySet<CandidateRow['state']> = new Set(['canary', 'probation', 'promoted']);

async function learningEpisode(
  { store }: House,
  scope: Scope,
  task: RecordedTask,
  runs: ReadonlyMap<string, RecordedRun>,
): Promise<LearningEpisode> {
  const accepted = await store.taskInput(scope, taskId(task.taskId));
  if (accepted === null) throw new NotFoundError('task', task.taskId, 'it was accepted before');
  const { episode, run } = await playedEpisode(store, scope.tenant, accepted.episode, runs);
  return { task, recalled: episode.recalled, run };
}

function runOf(library: Library, config: string, { taskId: id }: RecordedTask): RecordedRun {
  const run = library.runs.get(config)?.get(id);
  if (run === undefined) throw new NotFoundError(`run of ${config}`, id, 'each task needs one');
  return run;
}

/** Every revision that was in some candidate's bundle, by its id in the report. */
function knownLessons(candidates: readonly CandidateRow[]): ReadonlyMap<string, LessonRevision> {
  return new Map(
    candidates.flatMap(({ lessons }) =>
      lessons.map((lesson) => [reportIdOf(lesson.id, lesson.revision), lesson] as const),
    ),
  );
}

/** The lessons that came to serve, with their databases: what the shuffled arm draws from. */
function servedLessons(
  known: ReadonlyMap<string, LessonRevision>,
  promotedAt: ReadonlyMap<string, number>,
  candidates: readonly CandidateRow[],
): SchemaLesson[] {
  const promoted = candidates.filter(({ id }) => promotedAt.has(id));
  const ids = new Set(
    promoted.flatMap(({ lessons }) => lessons.map(({ id, revision }) => reportIdOf(id, revision))),
  );
  return [...ids].flatMap((id) => {
    const lesson = known.get(id);
    return lesson === undefined ? [] : [schemaLessonOf(id, lesson)];
  });
}

function schemaLessonOf(id: string, { body, trigger }: LessonRevision): SchemaLesson {
  const value = trigger.predicates.find(({ field }) => field === 'database')?.value;
  return { id, text: lessonText(body), database: typeof value === 'string' ? value : '' };
}

function shuffledFor(
  { task, recalled }: LearningEpisode,
  served: readonly SchemaLesson[],
  seed: number,
): ControlTask {
  return { task, lessons: shuffledLessons(recalled.length, task, served, seed) };
}

function placeboFor(
  { task, recalled }: LearningEpisode,
  realNames: ReadonlySet<string>,
  seed: number,
): ControlTask {
  const had = recalled.map(({ lesson, text }) => ({ id: lesson, text, database: task.database }));
  return { task, lessons: placeboLessons(had, task, realNames, seed) };
}

function episodeRow(
  task: RecordedTask,
  arm: EpisodeRow['arm'],
  lessons: readonly string[],
  run: RecordedRun,
): EpisodeRow {
  return { task: task.taskId, arm, lessons, played: run.config, success: run.success };
}

function plainRow({ task, arm, lessons, played, success }: EpisodeRow): EpisodeRow {
  return { task, arm, lessons, played, success };
}

async function verdictsOf(
  { store }: House,
  tenant: TenantId,
  candidates: readonly CandidateRow[],
): Promise<Record<VerdictName, number>> {
  const verdicts = { pass: 0, reject: 0, inconclusive: 0, hold: 0 };
  for (const { id } of candidates) {
    for (const { purpose, verdict } of await store.gateRecords(tenant, id)) {
      if (purpose === 'gate' && isVerdict(verdict)) verdicts[verdict] += 1;
    }
  }
  return verdicts;
}

function isVerdict(text: string): text is VerdictName {
  return ['pass', 'reject', 'inconclusive', 'hold'].includes(text);
}

async function promotionsOf(
  { store }: House,
  tenant: TenantId,
  candidates: readonly CandidateRow[],
  promotedAt: ReadonlyMap<string, number>,
): Promise<PromotionRow[]> {
  const rows: PromotionRow[] = [];
  for (const { id, lessons } of candidates) {
    const at = promotedAt.get(id);
    if (at === undefined) continue;
    const records = await store.gateRecords(tenant, id);
    const record = records.findLast(({ verdict }) => verdict === 'pass');
    const pairs = await store.pairsOf(tenant, id, 'gate');
    rows.push({
      id,
      at,
      alpha: record?.alpha ?? 0,
      lessons: lessons.map((lesson) => reportIdOf(lesson.id, lesson.revision)),
      // Pinned cases have pairs of their own, whose outcomes chose them: they say nothing of the effect.
      pairs: pairs.flatMap(({ task, topUpFor, baseline, candidate }) =>
        topUpFor === PINNED_SLICE || baseline.score === null || candidate.score === null
          ? []
          : [[task, baseline.score, candidate.score] as const],
      ),
    });
  }
  return rows;
}
