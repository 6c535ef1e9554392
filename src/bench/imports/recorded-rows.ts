import { z } from 'zod';

import { sha256 } from '../../contracts/digest.js';
import { recordedAction } from '../../contracts/import/intercode.js';
import type { Step } from '../../domain/episode.js';
import { USER_TURN, type ImportFormat, type RecordedFacts } from '../../domain/imported-run.js';
import type { Json } from '../../domain/json.js';

/** What the database holds of a run. */
export interface StoredRun {
  readonly agent: string;
  readonly number: number;
  readonly slices: Readonly<Record<string, string>>;
  readonly recorded: RecordedFacts;
  readonly steps: readonly Step[];
  /** Texts of the lessons that were in force when it was recorded. */
  readonly memory: readonly string[];
}

/** A row of a source: the run it is, what it says, and the same as the database has it. */
export interface RecordedRow {
  readonly runId: string;
  readonly said: Json;
  readonly storedAs: (stored: StoredRun) => Json;
}

/** Reads the rows of one source, in their order. */
export type RowReader = (row: unknown) => RecordedRow;

export type ComparedFormat = Extract<ImportFormat, 'intercode' | 'tau-bench' | 'cheatsheet-memory'>;

const InterCode = z.object({
  run_id: z.string(),
  task_id: z.string(),
  config: z.string(),
  slices: z.record(z.string(), z.string()),
  success: z.number(),
  reward: z.number(),
  turns: z.number(),
  steps: z.array(z.object({ action: z.string(), observation: z.string() })),
});

const Tau = z.object({
  run_id: z.string(),
  success: z.number(),
  reward: z.number(),
  messages: z.array(
    z.object({ role: z.string(), name: z.string().optional(), content: z.string().nullable() }),
  ),
});

const Memory = z.object({
  dataset: z.string(),
  model: z.string(),
  method: z.string(),
  order: z.number(),
  memory_version: z.string(),
  memory_text: z.string().nullable(),
});

/** A reader of a source; it keeps what an earlier row says for later ones. */
export function rowReader(format: ComparedFormat): RowReader {
  switch (format) {
    case 'intercode':
      return interCodeRow;
    case 'tau-bench':
      return tauRow;
    case 'cheatsheet-memory':
      return memoryReader();
  }
}

function interCodeRow(row: unknown): RecordedRow {
  const { run_id, config, task_id, slices, success, reward, turns, steps } = InterCode.parse(row);
  const told = steps.map(({ action, observation }) => ({ action, observation }));
  return {
    runId: run_id,
    said: {
      agent: config,
      taskId: task_id,
      slices,
      success: success === 1,
      reward,
      turns,
      steps: told,
    },
    storedAs: ({ agent, slices: own, recorded, steps: found }) => ({
      agent,
      taskId: recorded.taskId,
      slices: own,
      success: recorded.success,
      reward: recorded.reward,
      turns: recorded.turns,
      steps: toolSteps(found).map(({ arguments: action, result }) => ({
        action: recordedAction(action),
        observation: result.content,
      })),
    }),
  };
}

function tauRow(row: unknown): RecordedRow {
  const { run_id, success, reward, messages } = Tau.parse(row);
  const tools = messages.flatMap(({ role, name, content }) =>
    role === 'tool' ? [[name ?? null, content]] : [],
  );
  const turns = messages.filter(({ role }) => role === 'assistant').length;
  return {
    runId: run_id,
    said: { success: success === 1, reward, turns, tools },
    storedAs: ({ recorded, steps }) => ({
      success: recorded.success,
      reward: recorded.reward,
      turns: recorded.turns,
      tools: toolSteps(steps).map(({ tool, result }) => [tool, result.content]),
    }),
  };
}

/** A row without a text has that of the row before. */
function memoryReader(): RowReader {
  let text = '';
  return (row) => {
    const { dataset, model, method, order, memory_version, memory_text } = Memory.parse(row);
    text = memory_text ?? text;
    const stream = `${dataset}/${model}/${method}`;
    return {
      runId: `${stream}/${String(order)}`,
      said: { version: memory_version, hashes: [memory_version], texts: [text] },
      storedAs: ({ recorded, memory }) => ({
        version: recorded.memoryVersion ?? null,
        hashes: memory.map((own) => sha256(own).slice(0, memory_version.length)),
        texts: memory,
      }),
    };
  };
}

function toolSteps(steps: readonly Step[]) {
  return steps.flatMap((step) => (step.kind === 'tool' && step.tool !== USER_TURN ? [step] : []));
}
