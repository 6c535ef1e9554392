import { z } from 'zod';

import type { Step, ToolCall, ToolResult } from '../../domain/episode.js';
import { USER_TURN } from '../../domain/imported-run.js';
import { argumentsText } from '../model-reply.js';
import { parseOr } from '../parse.js';
import { BadRecordError } from './bad-record.js';
import { Text } from './run-fields.js';

const Part = z.looseObject({
  type: z.string().optional(),
  text: Text.nullish(),
  refusal: Text.nullish(),
});
const Content = z.union([Text, z.array(z.union([Text, Part])), z.null()]).optional();

/** A call as Chat Completions nests it, or flat as recordings like to keep it. */
const Call = z.object({
  id: z.union([z.string(), z.number()]).transform(String).nullish(),
  name: Text.nullish(),
  arguments: z.unknown().optional(),
  function: z.object({ name: Text, arguments: z.unknown().optional() }).nullish(),
  custom: z.object({ name: Text, input: Text.nullish() }).nullish(),
});

const ROLES = ['system', 'developer', 'user', 'assistant', 'tool', 'function'] as const;

const Message = z.object({
  role: z.enum(ROLES),
  content: Content,
  refusal: Text.nullish(),
  name: Text.nullish(),
  tool_calls: z.array(Call).nullish(),
  function_call: z.object({ name: Text, arguments: z.unknown().optional() }).nullish(),
  tool_call_id: z.union([z.string(), z.number()]).transform(String).nullish(),
});

/** What the Agents SDK keeps instead of messages for calls and their results. */
const CallItem = z.object({
  type: z.literal('function_call'),
  call_id: z.string(),
  name: Text,
  arguments: z.unknown().optional(),
});
const CustomCallItem = z.object({ call_id: z.string(), name: Text, input: Text });
const ResultItem = z.object({
  type: z.enum(['function_call_output', 'custom_tool_call_output']),
  call_id: z.string(),
  output: z.union([Text, z.array(Part)]),
});

/** One turn of a conversation, whatever form it was recorded in. */
export type Turn =
  | { readonly role: 'system' | 'user'; readonly text: string }
  | {
      readonly role: 'assistant';
      readonly text: string;
      readonly calls: readonly ToolCall[];
      readonly usage?: { readonly inputTokens: number; readonly outputTokens: number };
    }
  | {
      readonly role: 'tool';
      readonly callId: string | null;
      readonly tool: string | null;
      readonly content: string;
      /** Given where the recording says so; else told by the words of the result. */
      readonly isError?: boolean;
      /** Given where the recording keeps them with the result. */
      readonly arguments?: string;
    };

/** What a conversation comes to as an episode. */
export interface Conversation {
  readonly system: string;
  readonly user: string;
  readonly steps: readonly Step[];
  /** The last thing the agent said; null where it said nothing. */
  readonly output: string | null;
  /** How often the agent spoke. */
  readonly turns: number;
}

/** Reads OpenAI chat messages, or items as the Agents SDK lists them. */
export function turnsOf(messages: readonly unknown[], where: string): readonly Turn[] {
  return messages.flatMap((message, index) => turnOf(message, `${where}.${String(index)}`));
}

function turnOf(value: unknown, where: string): readonly Turn[] {
  const type = itemType(value);
  if (type === 'function_call') {
    const item = parseOr(CallItem, value, where);
    return [
      { role: 'assistant', text: '', calls: [callOf(item.call_id, item.name, item.arguments)] },
    ];
  }
  if (type === 'custom_tool_call') {
    const item = parseOr(CustomCallItem, value, where);
    return [{ role: 'assistant', text: '', calls: [callOf(item.call_id, item.name, item.input)] }];
  }
  if (type === 'function_call_output' || type === 'custom_tool_call_output') {
    const item = parseOr(ResultItem, value, where);
    return [{ role: 'tool', callId: item.call_id, tool: null, content: textOf(item.output) }];
  }
  if (type === 'reasoning') return [];
  const message = parseOr(Message, value, where);
  const text = textOf(message.content);
  // Chat Completions keeps a refusal beside the content, which is then null.
  const answer = text === '' ? (message.refusal ?? '') : text;
  switch (message.role) {
    case 'system':
    case 'developer':
      return [{ role: 'system', text }];
    case 'user':
      return [{ role: 'user', text }];
    case 'assistant':
      return [{ role: 'assistant', text: answer, calls: callsOf(message, where) }];
    case 'tool':
    case 'function':
      return [
        {
          role: 'tool',
          callId: message.tool_call_id ?? null,
          tool: message.name ?? null,
          content: text,
        },
      ];
  }
}

function itemType(value: unknown): unknown {
  return typeof value === 'object' && value !== null && 'type' in value ? value.type : undefined;
}

function callsOf(message: z.infer<typeof Message>, where: string): readonly ToolCall[] {
  const legacy = message.function_call;
  const calls = (message.tool_calls ?? []).map((call, index) => {
    const name = call.function?.name ?? call.custom?.name ?? call.name;
    if (name == null || name === '') {
      const field = `${where}.tool_calls.${String(index)}.name`;
      throw new BadRecordError('MALFORMED', field, 'nothing', 'the name of a tool');
    }
    const written = call.function?.arguments ?? call.custom?.input ?? call.arguments;
    return callOf(call.id ?? '', name, written);
  });
  return legacy == null ? calls : [...calls, callOf('', legacy.name, legacy.arguments)];
}

function callOf(id: string, tool: string, written: unknown): ToolCall {
  return { id, tool, arguments: argumentsText(written) };
}

function textOf(content: z.infer<typeof Content>): string {
  if (content == null) return '';
  if (typeof content === 'string') return content;
  return content
    .map((part) =>
      typeof part === 'string' ? part : (part.text ?? part.refusal ?? `[${part.type ?? 'part'}]`),
    )
    .join('');
}

/**
 * The trajectory of a conversation: a model step a turn of the agent, a tool step a result. What the
 * person says after the first message is a tool step of the name `user`, as it would be had the agent
 * asked for it. Throws a BadRecordError where a result belongs to no call, or the agent never speaks.
 */
export function conversationOf(turns: readonly Turn[], model: string, where: string): Conversation {
  const calls = new Map<string, ToolCall>();
  const steps: Step[] = [];
  const systems: string[] = [];
  let waiting: readonly ToolCall[] = [];
  let user: string | null = null;
  let output: string | null = null;
  let spoken = 0;
  for (const [position, turn] of turns.entries()) {
    const index = steps.length;
    switch (turn.role) {
      case 'system':
        systems.push(turn.text);
        break;
      case 'user':
        if (user === null) user = turn.text;
        else steps.push(userStep(index, turn.text));
        break;
      case 'assistant': {
        const usage = turn.usage ?? { inputTokens: 0, outputTokens: 0 };
        steps.push({ index, kind: 'model', model, text: turn.text, toolCalls: turn.calls, usage });
        for (const call of turn.calls) calls.set(call.id, call);
        waiting = turn.calls;
        spoken += 1;
        if (turn.text !== '') output = turn.text;
        break;
      }
      case 'tool': {
        const call = callFor(turn, calls, waiting);
        const tool = turn.tool ?? call?.tool;
        if (tool === undefined || (call === undefined && turn.arguments === undefined)) {
          throw new BadRecordError(
            'CALL_UNKNOWN',
            `${where}.${String(position)}.tool_call_id`,
            turn.callId ?? 'nothing',
            'the id of a call that the agent made before',
          );
        }
        waiting = waiting.filter((each) => each !== call);
        steps.push({
          index,
          kind: 'tool',
          callId: turn.callId ?? call?.id ?? '',
          tool,
          arguments: turn.arguments ?? call?.arguments ?? '{}',
          result: resultOf(turn.content, turn.isError),
        });
        break;
      }
    }
  }
  if (spoken === 0) {
    throw new BadRecordError('EMPTY_RUN', where, 'no message of an agent', 'at least one');
  }
  return { system: systems.join('\n\n'), user: user ?? '', steps, output, turns: spoken };
}

/** By id; without one the first call of the last turn that has no result, by name where there is one. */
function callFor(
  { callId, tool }: Extract<Turn, { role: 'tool' }>,
  calls: ReadonlyMap<string, ToolCall>,
  waiting: readonly ToolCall[],
): ToolCall | undefined {
  if (callId !== null) return calls.get(callId);
  return waiting.find((call) => tool === null || call.tool === tool);
}

function userStep(index: number, content: string): Step {
  const callId = `user-${String(index)}`;
  return {
    index,
    kind: 'tool',
    callId,
    tool: USER_TURN,
    arguments: '{}',
    result: { ok: true, content },
  };
}

const ERROR = /^\s*(?:Error|Exception|Traceback)\b(?:\s+([A-Z][A-Z0-9_]{2,63}))?\s*[:(]/;

function resultOf(content: string, isError: boolean | undefined): ToolResult {
  const match = ERROR.exec(content);
  if (isError ?? match !== null) return { ok: false, code: match?.[1] ?? 'TOOL_ERROR', content };
  return { ok: true, content };
}
