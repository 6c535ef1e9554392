import { gatePolicy } from '../../../src/domain/gate/gate-policy.js';
import { summarizeGate, type GateSummary } from '../../../src/domain/gate/gate-summary.js';
import {
  addPair,
  concludeGate,
  emptyGate,
  sliceNeeds,
  type GateState,
} from '../../../src/domain/gate/gate.js';
import { emptyLedger, reserve, settle } from '../../../src/domain/gate/ledger.js';
import { pairOutcome } from '../../../src/domain/gate/pair.js';
import { countPool, planSlices, watchedSlices } from '../../../src/domain/gate/slices.js';
import {
  discoveryKey,
  learnFact,
  notesOf,
  type Known,
} from '../../../src/domain/mining/discovery.js';
import { permutation, seedOf } from '../../../src/domain/random.js';
import {
  changeLessons,
  NO_LESSONS,
  recallLessons,
  type LessonIndex,
  type RecallableLesson,
} from '../../../src/domain/retrieval/recall.js';
import { gapShare, type GapShare, type TaskOutcomes } from '../../../src/bench/intercode/gap.js';
import { misplacedLessons } from '../../../src/bench/intercode/control-lessons.js';
import { inputOfTask } from '../../../src/bench/intercode/recorded-agent.js';
import { revealedBySql } from '../../../src/bench/intercode/reveals.js';
import { libraryOf } from '../../../src/model/recorded/cast.js';
import {
  readRecordedTasks,
  readRuns,
  type RecordedRun,
  type RecordedTask,
} from '../../../src/model/recorded/dataset.js';
import { schemaIsKnown } from '../../../src/model/recorded/knowledge.js';

/** Where an observation was made. */
interface Pointer {
  readonly task: string;
  readonly config: string;
  readonly step: number;
}

interface Note extends RecallableLesson {
  readonly database: string;
  readonly evidence: readonly Pointer[];
}

export interface PipelineOptions {
  readonly dataDir: string;
  readonly plain: string;
  readonly informed: string;
  readonly explore: string | null;
  readonly k: number;
  readonly round: number;
  readonly seed: number;
  /**
   * `none`: what is mined serves at once. `anew`: what has not passed joins the next candidate, after
   * every round. `waiting`: one candidate at a time is evaluated, and waits for tasks to come.
   */
  readonly gate: 'none' | 'anew' | 'waiting';
}

export interface PipelineResult {
  readonly gap: GapShare;
  readonly successes: Readonly<Record<'frozen' | 'learning' | 'oracle', number>>;
  readonly verdicts: readonly {
    readonly at: number;
    readonly verdict: string;
    readonly reason: string;
    readonly pairs: number;
    readonly notes: number;
  }[];
  readonly firstPromotion: number | null;
  readonly notes: number;
  readonly wrongSchema: { readonly verdict: string; readonly pairs: number };
}

interface Taken {
  readonly isDecided: boolean;
  readonly summary: GateSummary;
}

interface Evaluation {
  readonly name: string;
  readonly candidate: LessonIndex;
  readonly bundle: readonly Note[];
  /** Runs pairs on the tasks that are new; undefined while there are too few to begin. */
  readonly take: (done: readonly RecordedTask[]) => Taken | undefined;
}

/** Mode S of the bench as one pure computation: the loop without workflows, store and model. */
export async function runPipeline(options: PipelineOptions): Promise<PipelineResult> {
  const data = await readRecordedTasks(options.dataDir);
  const configs = [options.plain, options.informed, ...(options.explore ? [options.explore] : [])];
  const runs = new Map(
    await Promise.all(configs.map(async (each) => [each, await readRuns(data, each)] as const)),
  );
  const library = libraryOf(data, runs);
  const runOf = (config: string, task: RecordedTask): RecordedRun => {
    const run = runs.get(config)?.get(task.taskId);
    if (run === undefined) throw new Error(`no run of ${task.taskId} by ${config}`);
    return run;
  };
  const promptOf = (index: LessonIndex, task: RecordedTask): RecallableLesson[] =>
    recallLessons(index, {
      task: { slices: slicesOf(task), input: inputOfTask(library, task) },
      limit: options.k,
    }).map(({ lesson }) => lesson);
  const play = (index: LessonIndex, task: RecordedTask): RecordedRun => {
    const texts = promptOf(index, task).map(({ text }) => text);
    const tables = data.databases.get(task.database) ?? [];
    const isKnown = schemaIsKnown(texts, task, tables);
    return runOf(isKnown ? options.informed : options.plain, task);
  };

  let active: LessonIndex = NO_LESSONS;
  const known = new Map<string, Known<Pointer>>();
  let open = new Map<string, Note>();
  let ledger = emptyLedger(0);
  const reuse = new Map<string, number>();
  const verdicts: PipelineResult['verdicts'][number][] = [];
  let firstPromotion: number | null = null;
  const outcomes: TaskOutcomes[] = [];

  /** Discoveries of one run; how many notes changed. */
  const mine = (run: RecordedRun, task: RecordedTask): number => {
    let changed = 0;
    run.steps.forEach((step, at) => {
      const facts = revealedBySql({
        arguments: { sql: step.action },
        result: step.observation,
        ok: true,
        taskInput: inputOfTask(library, task),
      });
      for (const fact of facts) {
        const key = discoveryKey('execute_sql', fact);
        const evidence = { task: task.taskId, config: run.config, step: at };
        const before = known.get(key);
        const after = learnFact(before, { tool: 'execute_sql', fact, evidence });
        if (after === before) continue;
        known.set(key, after);
        for (const note of notesOf(after)) {
          changed += 1;
          const revision =
            (open.get(note.key)?.revision ?? active.lessons.get(note.key)?.revision ?? 0) + 1;
          open.set(note.key, {
            id: note.key,
            revision,
            kind: 'tool-note',
            title: note.title,
            text: note.text,
            when: '',
            predicates: [{ field: 'database', op: 'eq', value: task.database }],
            guardrail: false,
            trust: 'high',
            storedAt: '',
            database: task.database,
            evidence: after.evidence,
          });
        }
      }
    });
    return changed;
  };

  /** Puts a candidate to the gate; it takes tasks whenever there are more of them. */
  const startEvaluation = (
    name: string,
    candidate: LessonIndex,
    bundle: readonly Note[],
  ): Evaluation => {
    const cited = new Set(bundle.flatMap(({ evidence }) => evidence.map(({ task }) => task)));
    const baseline = active;
    const isEligible = (task: RecordedTask): boolean => {
      if (cited.has(task.taskId) || (reuse.get(task.taskId) ?? 0) >= 20) return false;
      const key = (index: LessonIndex): string =>
        JSON.stringify(promptOf(index, task).map(({ text }) => text));
      return key(baseline) !== key(candidate);
    };
    let queue: RecordedTask[] = [];
    let upTo = 0;
    let index = 0;
    let gate: GateState | undefined;
    return {
      name,
      candidate,
      bundle,
      take: (done) => {
        const fresh = done.slice(upTo).filter(isEligible);
        const order = permutation(fresh.length, seedOf('pairs', String(options.seed), name));
        queue.push(...(upTo === 0 ? order.flatMap((at) => fresh[at] ?? []) : fresh));
        upTo = done.length;
        if (gate === undefined) {
          if (queue.length < 20) return undefined;
          const reserved = reserve(ledger, name);
          ledger = reserved.ledger;
          const policy = gatePolicy({ alpha: reserved.alpha, sliceKeys: ['hardness'] });
          gate = emptyGate(policy, planSlices(countPool(queue.map(slicesOf)), policy));
        }
        for (const task of queue) {
          if (gate.decision !== undefined) break;
          const slices = slicesOf(task);
          const wanted = sliceNeeds(gate).map(({ slice }) => slice);
          const isWanted = watchedSlices(gate.plan, slices).some((each) => wanted.includes(each));
          if (gate.phase === 'effect' || isWanted) {
            reuse.set(task.taskId, (reuse.get(task.taskId) ?? 0) + 1);
            const outcome = pairOutcome({
              baseline: Number(play(baseline, task).success),
              candidate: Number(play(candidate, task).success),
            });
            gate = addPair(gate, { index, task: task.taskId, outcome, slices });
          }
          index += 1;
        }
        queue = [];
        return {
          isDecided: gate.decision !== undefined,
          summary: summarizeGate(gate, concludeGate(gate)),
        };
      },
    };
  };

  let evaluation: Evaluation | undefined;
  const note = (at: number, { summary }: Taken, bundle: readonly Note[]): void => {
    const { verdict, reason, n } = summary;
    verdicts.push({ at, verdict, reason, pairs: n, notes: bundle.length });
  };
  const close = (done: number, found: Evaluation, taken: Taken): void => {
    const isPassed = taken.summary.verdict === 'pass';
    note(done, taken, found.bundle);
    if (isPassed) {
      active = found.candidate;
      firstPromotion ??= done;
    }
    ledger = settle(ledger, found.name, isPassed);
  };

  for (let start = 0; start < data.tasks.length; start += options.round) {
    const round = data.tasks.slice(start, start + options.round);
    for (const task of round) {
      const played = play(active, task);
      outcomes.push({
        task,
        frozen: runOf(options.plain, task).success,
        learning: played.success,
        oracle: runOf(options.informed, task).success,
        shuffled: false,
        placebo: false,
      });
    }
    for (const task of round) {
      const played = play(active, task);
      const changed = mine(played, task);
      if (!played.success && changed === 0 && options.explore !== null) {
        mine(runOf(options.explore, task), task);
      }
    }
    const done = data.tasks.slice(0, start + round.length);
    const name = `candidate-${String(done.length)}`;
    if (options.gate === 'none') {
      active = changeLessons(active, { put: open.values(), remove: [] });
      open = new Map();
      continue;
    }
    if (evaluation === undefined && open.size > 0) {
      const bundle = [...open.values()];
      evaluation = startEvaluation(
        name,
        changeLessons(active, { put: bundle, remove: [] }),
        bundle,
      );
      if (options.gate === 'waiting') open = new Map();
    }
    const taken = evaluation?.take(done);
    if (evaluation === undefined || taken === undefined) {
      if (options.gate === 'anew') evaluation = undefined;
      continue;
    }
    if (taken.isDecided || options.gate === 'anew') {
      close(done.length, evaluation, taken);
      if (options.gate === 'anew' && taken.summary.verdict === 'pass') open = new Map();
      if (options.gate === 'waiting' && taken.summary.verdict !== 'pass') {
        for (const { id } of evaluation.bundle) known.delete(id);
      }
      evaluation = undefined;
    }
  }

  const learned = [...active.lessons.values()];
  const databases = [...data.databases.keys()];
  const home = (lesson: RecallableLesson): string => String(lesson.predicates[0]?.value ?? '');
  const misplaced = misplacedLessons(
    learned.map((lesson) => ({ id: lesson.id, text: lesson.text, database: home(lesson) })),
    databases,
  ).map((lesson): Note => ({
    ...lesson,
    revision: 1,
    kind: 'tool-note',
    title: lesson.text.split('(')[0] ?? '',
    when: '',
    predicates: [{ field: 'database', op: 'eq', value: lesson.database }],
    guardrail: false,
    trust: 'high',
    storedAt: '',
    evidence: [],
  }));
  const wrong = startEvaluation(
    'misplaced',
    changeLessons(active, { put: misplaced, remove: [] }),
    misplaced,
  ).take(data.tasks)?.summary;
  const count = (arm: 'frozen' | 'learning' | 'oracle'): number =>
    outcomes.filter((each) => each[arm]).length;
  return {
    gap: gapShare(outcomes, options.seed),
    successes: { frozen: count('frozen'), learning: count('learning'), oracle: count('oracle') },
    verdicts,
    firstPromotion,
    notes: learned.length,
    wrongSchema: { verdict: wrong?.verdict ?? 'none', pairs: wrong?.n ?? 0 },
  };
}

function slicesOf(task: RecordedTask): { database: string; hardness: string } {
  return { database: task.database, hardness: task.hardness };
}
