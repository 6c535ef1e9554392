import { z } from 'zod';

import type { ImportedRun } from '../../domain/imported-run.js';
import type { ToolResult } from '../../domain/episode.js';
import { parseOr } from '../parse.js';
import { BadRecordError } from './bad-record.js';
import { agentNamed, Reward, RunId, SliceValues, Success, taskNamed, Text } from './run-fields.js';

const RecordedStep = z.object({
  i: z.int().min(0),
  action: z.string(),
  observation: z.string(),
  valid: z.boolean().default(true),
});

const Run = z.object({
  run_id: RunId,
  task_id: Text.pipe(z.string().min(1).max(512)),
  config: Text.pipe(z.string().min(1).max(256)),
  model: Text.nullish(),
  strategy: Text.nullish(),
  trial: z.int().min(0).nullish(),
  slices: SliceValues.default({}),
  success: Success,
  reward: Reward.nullish(),
  turns: z.int().min(0).nullish(),
  steps: z.array(RecordedStep),
});

/** The tool that InterCode runs act through: what the model wrote goes to the database as it is. */
const TOOL = 'execute_sql';

const Arguments = z.object({ sql: z.string() });

/** A recorded InterCode run; its agent is the configuration. */
export function interCodeRun(value: unknown): ImportedRun {
  const run = parseOr(Run, value, 'run');
  for (const [position, { i }] of run.steps.entries()) {
    if (i === position) continue;
    throw new BadRecordError(
      'MALFORMED',
      `run.steps.${String(position)}.i`,
      String(i),
      `${String(position)}: steps in their order`,
    );
  }
  return {
    runId: run.run_id,
    agent: agentNamed(run.config),
    task: taskNamed(run.task_id),
    model: run.model ?? 'unknown',
    input: { task: run.task_id },
    slices: run.slices,
    subject: null,
    system: '',
    user: '',
    steps: run.steps.map(({ i, action, observation, valid }) => ({
      index: i,
      kind: 'tool',
      callId: String(i),
      tool: TOOL,
      arguments: JSON.stringify({ sql: action }),
      result: resultOf(observation, valid),
    })),
    output: run.steps.at(-1)?.action ?? null,
    category: run.success ? 'ok' : 'failed',
    detail: '',
    recorded: {
      format: 'intercode',
      taskId: run.task_id,
      success: run.success,
      reward: run.reward ?? null,
      turns: run.turns ?? run.steps.length,
      strategy: run.strategy ?? run.config,
      ...(run.trial == null ? {} : { trial: run.trial }),
    },
  };
}

/** The action of a step as it was recorded. */
export function recordedAction(stored: string): string {
  return Arguments.parse(JSON.parse(stored)).sql;
}

function resultOf(content: string, isValid: boolean): ToolResult {
  return isValid ? { ok: true, content } : { ok: false, code: 'SQL_INVALID', content };
}
