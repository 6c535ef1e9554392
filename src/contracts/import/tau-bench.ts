import { z } from 'zod';

import type { ImportedRun } from '../../domain/imported-run.js';
import { digestOf } from '../digest.js';
import { parseOr } from '../parse.js';
import { conversationOf, turnsOf } from './conversation.js';
import { agentNamed, Reward, RunId, Success, taskNamed, Text } from './run-fields.js';

const TaskName = z.union([Text, z.int()]).transform(String).pipe(z.string().min(1).max(512));

/** Runs with messages and a success of their own, and results as the benchmark writes them. */
const Run = z.object({
  run_id: RunId.nullish(),
  task_id: TaskName,
  model: Text.nullish(),
  strategy: Text.nullish(),
  trial: z.int().min(0).nullish(),
  success: Success.nullish(),
  reward: Reward.nullish(),
  messages: z.array(z.unknown()).min(1).optional(),
  traj: z.array(z.unknown()).min(1).optional(),
});

/** A recorded tau-bench run. One that has no id gets one of all that was read of it: trials may be alike word for word. */
export function tauBenchRun(value: unknown): ImportedRun {
  const run = parseOr(Run, value, 'run');
  const where = run.messages === undefined ? 'run.traj' : 'run.messages';
  const messages = parseOr(z.array(z.unknown()).min(1), run.messages ?? run.traj, where);
  const model = run.model ?? 'unknown';
  const told = conversationOf(turnsOf(messages, where), model, where);
  const success = run.success ?? (run.reward == null ? null : run.reward >= 1);
  return {
    runId: run.run_id ?? `tau-bench/${digestOf(run).slice(0, 20)}`,
    agent: agentNamed('tau-bench'),
    task: taskNamed(run.task_id),
    model,
    input: { task: run.task_id, request: told.user },
    slices: {},
    subject: null,
    system: told.system,
    user: told.user,
    steps: told.steps,
    output: told.output,
    category: success === null ? 'unknown' : success ? 'ok' : 'failed',
    detail: '',
    recorded: {
      format: 'tau-bench',
      taskId: run.task_id,
      success,
      reward: run.reward ?? null,
      turns: told.turns,
      strategy: run.strategy ?? 'tool-calling',
      ...(run.trial == null ? {} : { trial: run.trial }),
    },
  };
}
