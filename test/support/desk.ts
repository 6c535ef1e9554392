import { z } from 'zod';

import { createModelClient } from '../../src/model/openai-client.js';
import {
  startCompletionServer,
  type CompletionRequest,
} from '../../src/model/completion-server.js';
import type { ModelClient } from '../../src/activities/model-activities.js';
import { defineAgent, type Agent, type AgentDefinition } from '../../src/contracts/agent.js';
import { defineTool } from '../../src/contracts/tool.js';
import { RetryableToolError } from '../../src/contracts/tool-errors.js';
import type { JsonObject } from '../../src/domain/json.js';

/**
 * What the desk's notes are worth. Of `helps` a note makes hard questions right, of `harms` it makes
 * right ones wrong, of `idles` it changes nothing. `spoil` makes every note mislead from then on.
 */
export const TABLES = ['helps', 'harms', 'idles'] as const;
export type Table = (typeof TABLES)[number];

const Described = z.object({ table: z.string() });

/** Files a note, which a person allows or not. */
export const fileNote = defineTool({
  name: 'file_note',
  description: 'Files a note.',
  input: z.strictObject({}),
  effect: 'unsafe',
  needsApproval: true,
  run: () => Promise.resolve('filed'),
});

/** Sends a note over a line that breaks: whether it arrived is for a person to say. */
export const sendNote = defineTool({
  name: 'send_note',
  description: 'Sends a note.',
  input: z.strictObject({}),
  effect: 'unsafe',
  run: () => Promise.reject(new RetryableToolError('the line broke')),
});

/** Reveals the one column of a table; what it reveals becomes a note. */
const describeTable = defineTool({
  name: 'describe_table',
  description: 'The columns of one table.',
  input: z.strictObject({ table: z.string() }),
  effect: 'read',
  sandbox: 'same',
  run: ({ table }) => Promise.resolve({ table, columns: ['amount'] }),
  reveals: ({ ok, result }) => {
    if (!ok) return [];
    const { table } = Described.parse(JSON.parse(result));
    return [{ about: table, columns: [{ name: 'amount' }], complete: true, scope: {} }];
  },
});

/** A short rollout: what is tested is that it happens, not how long it takes. */
export const SHORT_ROLLOUT = {
  stages: [{ share: 0.5, minOutcomes: 5, minDurationMs: 0 }],
  probation: { outcomes: 5, minOutcomes: 5, durationMs: 7 * 86_400_000 },
};

/** An agent that looks a table up and answers right or wrong as its model is scripted. */
export function deskAgent(changes: Partial<AgentDefinition> = {}): Agent {
  return defineAgent({
    id: 'desk',
    instructions: 'Answer with one word.',
    model: { name: 'scripted' },
    tools: [describeTable],
    evaluators: [
      {
        name: 'says-right',
        source: 'checker',
        evaluate: ({ output }) => Promise.resolve({ score: output === 'right' ? 1 : 0 }),
      },
    ],
    slices: () => ({ desk: 'front' }),
    prompt: (input) => z.string().parse(input['question']),
    ...changes,
    // A note that is there is in every prompt: these stories count on it.
    learning: { rollout: SHORT_ROLLOUT, ...changes.learning, holdOut: { share: 0 } },
  });
}

export function deskQuestion(table: Table, index: number, isHard = true): JsonObject {
  return { question: `${isHard ? 'hard' : 'easy'} question ${String(index)} about table ${table}` };
}

export interface DeskModel {
  readonly url: string;
  readonly client: ModelClient;
  /** From now on whoever follows a note answers wrong. */
  spoil(): void;
  close(): Promise<void>;
}

/**
 * The model of the desk, behind a real endpoint. A question that begins with `ask` is put to a person,
 * `blank` is answered wrong without a look, `endless` is never answered, and `file_note` and `send_note`
 * call the tool of that name.
 */
export async function startDeskModel(): Promise<DeskModel> {
  let isSpoiled = false;
  const server = await startCompletionServer({
    models: ['scripted'],
    answer: (request) => replyOf(request, isSpoiled),
  });
  return {
    url: server.url,
    client: createModelClient({ baseUrl: server.url, apiKey: 'none' }),
    spoil: () => {
      isSpoiled = true;
    },
    close: server.close,
  };
}

function replyOf({ messages }: CompletionRequest, isSpoiled: boolean) {
  const system = messages[0]?.content ?? '';
  const question = messages[1]?.content ?? '';
  const table = /table (\w+)/.exec(question)?.[1] ?? 'none';
  const isKnown = (system.split('# Lessons')[1] ?? '').includes(`${table}(`);
  const isLookedUp = messages.some(({ role }) => role === 'tool');
  if (question.startsWith('ask') && !isLookedUp) {
    const call = { id: 'ask', name: 'ask_person', arguments: '{"question":"Which one?"}' };
    return { ok: true, model: 'scripted', text: null, toolCalls: [call] } as const;
  }
  const note = /^(file|send)_note/.exec(question)?.[0];
  if (note !== undefined && !isLookedUp) {
    const call = { id: 'note', name: note, arguments: '{}' };
    return { ok: true, model: 'scripted', text: null, toolCalls: [call] } as const;
  }
  if (question.startsWith('blank')) {
    return { ok: true, model: 'scripted', text: 'wrong', toolCalls: [] } as const;
  }
  if (question.startsWith('endless')) {
    const name = `describe_${String(messages.length)}`;
    const calls = [
      { id: name, name: 'describe_table', arguments: JSON.stringify({ table: name }) },
    ];
    return { ok: true, model: 'scripted', text: null, toolCalls: calls } as const;
  }
  if (!isKnown && !isLookedUp) {
    const call = { id: 'look', name: 'describe_table', arguments: JSON.stringify({ table }) };
    return { ok: true, model: 'scripted', text: null, toolCalls: [call] } as const;
  }
  const isRight = isKnown
    ? !isSpoiled && (table === 'helps' || (table === 'idles' && question.startsWith('easy')))
    : table === 'harms' || question.startsWith('easy');
  return { ok: true, model: 'scripted', text: isRight ? 'right' : 'wrong', toolCalls: [] } as const;
}
