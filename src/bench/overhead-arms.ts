import { z } from 'zod';

import type { ChatMessage } from '../activities/conversation.js';
import type { CompletedReply, ModelClient } from '../activities/model-activities.js';
import { defineAgent, type Agent } from '../contracts/agent.js';
import { defineTool, toolSchema } from '../contracts/tool.js';
import type { ToolCall } from '../domain/episode.js';
import {
  startCompletionServer,
  type CompletionReply,
  type CompletionRequest,
  type CompletionServer,
} from '../model/completion-server.js';

/** Tool calls of a run; the model is called once for each, and once more for its answer. */
export const TOOL_CALLS = 5;
export const MODEL_CALLS = TOOL_CALLS + 1;

const ANSWER = 'The stock was counted.';
const Shelf = z.strictObject({ shelf: z.int() });
const MODEL_TIMEOUT_MS = 60_000;

const countShelf = defineTool({
  name: 'count_shelf',
  description: 'Books a count of one shelf and returns it.',
  input: Shelf,
  effect: 'keyed',
  run: ({ shelf }) => Promise.resolve(bookedCount(shelf)),
  sandbox: 'same',
});

function bookedCount(shelf: number): string {
  return `shelf ${String(shelf)}: ${String(shelf * 7)} pieces`;
}

/** A model's name says how long it thinks. */
export function modelNamed(latencyMs: number): string {
  return `loopback-${String(latencyMs)}ms`;
}

/** A model on the loopback: a call a turn, then an answer. */
export function startCountingModel(latenciesMs: readonly number[]): Promise<CompletionServer> {
  const latencies = new Map(latenciesMs.map((latencyMs) => [modelNamed(latencyMs), latencyMs]));
  return startCompletionServer({
    models: [...latencies.keys()],
    answer: answerOf,
    latencyMs: ({ model }) => latencies.get(model) ?? 0,
  });
}

function answerOf({ model, messages }: CompletionRequest): CompletionReply {
  const counted = messages.filter(({ role }) => role === 'tool').length;
  if (counted === TOOL_CALLS) return { ok: true, model, text: ANSWER, toolCalls: [] };
  const call = {
    id: `call_${String(counted)}`,
    name: countShelf.name,
    arguments: JSON.stringify({ shelf: counted + 1 }),
  };
  return { ok: true, model, text: null, toolCalls: [call] };
}

/** Everything is as a user gets it: every task is reflected upon, every call is an effect. */
export function countingAgent(latencyMs: number): Agent {
  return defineAgent({
    id: `overhead-${String(latencyMs)}ms`,
    instructions: 'Count the shelves, one call each, then say that you are done.',
    model: { name: modelNamed(latencyMs) },
    limits: { modelCalls: MODEL_CALLS + 2 },
    tools: [countShelf],
    evaluators: [
      {
        name: 'says it is done',
        source: 'checker',
        evaluate: ({ output }) => Promise.resolve({ score: output === ANSWER ? 1 : 0 }),
      },
    ],
    learning: { reflect: 'always' },
  });
}

export interface BareActivities {
  bareModelCall(request: {
    readonly model: string;
    readonly messages: readonly ChatMessage[];
  }): Promise<CompletedReply>;
  bareToolCall(call: ToolCall): Promise<string>;
}

/** What the model and the tool do, without anything of Ratchet's around it. */
export function createBareActivities(models: ModelClient): BareActivities {
  const { $schema: _dialect, ...parameters } = toolSchema(countShelf);
  const { name, description } = countShelf;
  return {
    bareModelCall: ({ model, messages }) =>
      models.complete({
        model,
        messages,
        functions: [{ name, description, parameters }],
        temperature: 0,
        timeoutMs: MODEL_TIMEOUT_MS,
        signal: new AbortController().signal,
      }),
    bareToolCall: async (call) => {
      const { shelf } = Shelf.parse(JSON.parse(call.arguments));
      return bookedCount(shelf);
    },
  };
}
