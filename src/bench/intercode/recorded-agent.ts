import { z } from 'zod';
import { defineAgent, type Agent } from '../../contracts/agent.js';
import type { Evaluation, EvaluationInput } from '../../contracts/evaluator.js';
import { defineTool, type ToolContext } from '../../contracts/tool.js';
import { InvalidInputError } from '../../domain/errors.js';
import type { JsonObject } from '../../domain/json.js';
import { findTask, needsTaskId, type Library } from '../../model/recorded/cast.js';
import { modelNameOf, type Casting } from '../../model/recorded/casting.js';
import type { RecordedRun, RecordedTask } from '../../model/recorded/dataset.js';
import { parseCallId, RECORDED_TOOL } from '../../model/recorded/playback.js';
import { revealedBySql } from './reveals.js';

/** The id of the agent that stands for recorded models. */
export const RECORDED_AGENT = 'intercode-sql';

/** More model calls than the longest recorded run has turns, its closing message included. */
export const MODEL_CALLS = 12;

export interface RecordedAgentOptions {
  /** `intercode-sql` unless told. */
  readonly id?: string;
  /** Whether its tasks are reflected upon. */
  readonly isLearning?: boolean;
  readonly library: Library;
  readonly casting: Casting;
  /** The configuration that plays in the sandbox after a failure. */
  readonly explore?: string;
  /** Lessons recalled for a task. */
  readonly recallLimit: number;
  /** Told of every step played, so that its SQL may really be run beside the recording. */
  readonly onStep?: (run: RecordedRun, step: number) => void;
}

/** The input of a recorded task: its id only where database and question fit several. */
export function inputOfTask(library: Pick<Library, 'places'>, task: RecordedTask): JsonObject {
  const { database, question, taskId } = task;
  return needsTaskId(library, task) ? { database, question, task: taskId } : { database, question };
}

/**
 * The agent of `bench intercode`. Its tool hands on what MySQL answered when the run was recorded,
 * found by the id of the call, and its evaluator tells whether the run that was played succeeded.
 */
export function recordedAgent(options: RecordedAgentOptions): Agent {
  const { library, casting, explore, recallLimit } = options;
  const runs = runsById(library);
  const recordedResult = (sql: string, { callId }: Pick<ToolContext, 'callId'>): string => {
    const { run, index } = stepOf(callId, runs);
    const step = run.steps[index];
    if (step?.action !== sql) {
      throw new InvalidInputError('sql', JSON.stringify(sql), `the SQL recorded for ${callId}`);
    }
    options.onStep?.(run, index);
    return step.observation;
  };
  const executeSql = defineTool({
    name: RECORDED_TOOL,
    description: 'Run one SQL statement on a MySQL database and return what it says.',
    input: z.strictObject({ sql: z.string() }),
    effect: 'read',
    run: ({ sql }, context) => Promise.resolve(recordedResult(sql, context)),
    sandbox: ({ sql }, context) => Promise.resolve(recordedResult(sql, context)),
    reveals: revealedBySql,
  });
  return defineAgent({
    id: options.id ?? RECORDED_AGENT,
    instructions: 'Answer the question with SQL statements on the database that is named.',
    model: { name: modelNameOf(casting) },
    limits: { modelCalls: MODEL_CALLS, badCalls: 100 },
    recallLimit,
    tools: [executeSql],
    slices: ({ input }) => slicesOf(library, input),
    evaluators: [
      {
        name: 'recorded outcome',
        source: 'checker',
        evaluate: (input) => Promise.resolve(evaluatePlayed(input, runs)),
      },
    ],
    learning: {
      reflect: options.isLearning === false ? 'never' : 'always',
      // The databases are many and small: hardness alone carries difficulty in slices that are large
      // enough to be shown non-inferior.
      gate: { sliceKeys: ['hardness'], concurrency: 16 },
      // What passed serves all of the next round: there are too few tasks for a canary in stages.
      rollout: {
        stages: [{ share: 1, minOutcomes: 1, minDurationMs: 0 }],
        probation: { outcomes: 200, minOutcomes: 30, durationMs: 7 * 86_400_000 },
      },
      holdOut: { share: 0 },
      explorationModelCalls: explore === undefined ? 0 : MODEL_CALLS,
      ...(explore === undefined
        ? {}
        : { explorationModel: modelNameOf({ mode: 'config', config: explore }) }),
    },
  });
}

/** The configuration whose run an episode played, told by the ids of its tool calls. */
export function playedRun(
  trajectory: EvaluationInput['trajectory'],
  runs: ReadonlyMap<string, RecordedRun>,
): { readonly run: RecordedRun; readonly isWhole: boolean } | undefined {
  const answered = trajectory.flatMap((step) =>
    step.kind === 'tool' && step.result.ok ? [step.callId] : [],
  );
  const [first] = answered;
  const run = first === undefined ? undefined : runs.get(parseCallId(first)?.runId ?? '');
  if (run === undefined) return undefined;
  return { run, isWhole: new Set(answered).size === run.steps.length };
}

/** Every recorded run by its id. */
export function runsById(library: Pick<Library, 'runs'>): ReadonlyMap<string, RecordedRun> {
  const all = [...library.runs.values()].flatMap((byTask) => [...byTask.values()]);
  return new Map(all.map((run) => [run.runId, run]));
}

function evaluatePlayed(
  { trajectory }: EvaluationInput,
  runs: ReadonlyMap<string, RecordedRun>,
): Evaluation {
  const played = playedRun(trajectory, runs);
  if (played?.isWhole !== true) return { score: null, detail: 'the run was not played to its end' };
  const { run } = played;
  return {
    score: run.success ? 1 : 0,
    category: run.success ? 'ok' : 'wrong-answer',
    detail: `${run.runId} as recorded`,
  };
}

function slicesOf(library: Library, input: JsonObject): Record<string, string> {
  const fields = Object.entries(input).flatMap(([key, value]): [string, string][] =>
    typeof value === 'string' ? [[key, value]] : [],
  );
  const found = findTask(library, new Map(fields));
  return found.ok ? { database: found.task.database, hardness: found.task.hardness } : {};
}

function stepOf(
  callId: string,
  runs: ReadonlyMap<string, RecordedRun>,
): { readonly run: RecordedRun; readonly index: number } {
  const parsed = parseCallId(callId);
  const run = parsed === undefined ? undefined : runs.get(parsed.runId);
  if (parsed === undefined || run === undefined) {
    throw new InvalidInputError('call id', callId, 'the id of a recorded step');
  }
  return { run, index: parsed.step };
}
