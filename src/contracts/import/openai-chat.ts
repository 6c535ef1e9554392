import { z } from 'zod';

import type { ImportedRun } from '../../domain/imported-run.js';
import { digestOf, sha256 } from '../digest.js';
import { parseOr } from '../parse.js';
import { conversationOf, turnsOf } from './conversation.js';
import { agentNamed, Reward, RunId, SliceValues, Success, taskNamed, Text } from './run-fields.js';

const Name = Text.pipe(z.string().min(1).max(512));

const Transcript = z.object({
  messages: z.array(z.unknown()).min(1),
  run_id: RunId.nullish(),
  id: z.union([RunId, z.int()]).transform(String).nullish(),
  task_id: z.union([Name, z.int()]).transform(String).nullish(),
  agent: Name.nullish(),
  user: Text.nullish(),
  model: Text.nullish(),
  success: Success.nullish(),
  reward: Reward.nullish(),
  slices: SliceValues.optional(),
});

/**
 * A chat transcript: an array of messages, or an object with `messages` and whatever it says of the
 * run. Without a `run_id` it is named by all that was read of it: an `id` alone is often no more than a
 * number in its file. Without a `task_id` its task is named by the first thing the person said.
 */
export function chatRun(value: unknown, agent: string | null): ImportedRun {
  const run = parseOr(Transcript, Array.isArray(value) ? { messages: value } : value, 'transcript');
  const where = 'transcript.messages';
  const model = run.model ?? 'unknown';
  const told = conversationOf(turnsOf(run.messages, where), model, where);
  const success = run.success ?? (run.reward == null ? null : run.reward >= 1);
  const taskId = run.task_id ?? `task-${sha256(told.user).slice(0, 12)}`;
  return {
    runId: run.run_id ?? `chat/${digestOf(run).slice(0, 20)}`,
    agent: agentNamed(agent ?? run.agent ?? 'openai-chat'),
    task: taskNamed(taskId),
    model,
    input: { request: told.user },
    slices: run.slices ?? {},
    subject: run.user ?? null,
    system: told.system,
    user: told.user,
    steps: told.steps,
    output: told.output,
    category: success === null ? 'unknown' : success ? 'ok' : 'failed',
    detail: '',
    recorded: {
      format: 'openai-chat',
      taskId,
      success,
      reward: run.reward ?? null,
      turns: told.turns,
      strategy: 'chat',
    },
  };
}
