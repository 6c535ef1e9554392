import { z } from 'zod';

import type { JsonObject } from '../../domain/json.js';

/** The part of a chat-completions request that the simulated model reads; the rest may be anything. */
export const ChatRequest = z.object({
  model: z.string().min(1),
  messages: z
    .array(
      z.object({
        role: z.enum(['system', 'developer', 'user', 'assistant', 'tool']),
        content: z
          .union([
            z.string(),
            z.array(z.object({ type: z.string(), text: z.string().optional() })),
            z.null(),
          ])
          .optional(),
        tool_call_id: z.string().optional(),
        tool_calls: z
          .array(
            z.object({
              id: z.string(),
              type: z.literal('function'),
              function: z.object({ name: z.string(), arguments: z.string() }),
            }),
          )
          .optional(),
      }),
    )
    .min(1),
  tools: z
    .array(
      z.object({
        type: z.literal('function'),
        function: z.object({
          name: z.string(),
          parameters: z
            .object({ properties: z.record(z.string(), z.unknown()).optional() })
            .optional(),
        }),
      }),
    )
    .optional(),
  parallel_tool_calls: z.boolean().optional(),
  stream: z.literal(false).nullish(),
});
export type ChatRequest = z.infer<typeof ChatRequest>;
type ChatMessage = ChatRequest['messages'][number];

/** What the model decides to do: call tools, or end with a text. */
export type Move =
  | { readonly kind: 'call'; readonly calls: readonly MoveCall[] }
  | { readonly kind: 'answer'; readonly text: string };

export interface MoveCall {
  readonly tool: string;
  readonly arguments: JsonObject;
}

/** The text of a message, whatever form its content has. */
export function textOf(message: ChatMessage): string {
  const { content } = message;
  if (typeof content === 'string') return content;
  return (content ?? []).map((part) => part.text ?? '').join('');
}

/** A rough count, four characters a token: enough for budgets, exact for nobody. */
function roughTokens(text: string): number {
  return Math.max(1, Math.ceil(text.length / 4));
}

/** A call as it stands in a reply. */
export interface ReplyCall {
  readonly id: string;
  readonly type: 'function';
  readonly function: { readonly name: string; readonly arguments: string };
}

/** Gives each call an id that the prompt decides. */
export function namedCalls(calls: readonly MoveCall[], id: string): readonly ReplyCall[] {
  return calls.map((call, index) => ({
    id: `call_${id}_${String(index)}`,
    type: 'function',
    function: { name: call.tool, arguments: JSON.stringify(call.arguments) },
  }));
}

/** The reply in the form of the protocol. `id` is the prompt's own, so equal prompts give equal bytes. */
export function chatCompletion(
  request: ChatRequest,
  text: string | null,
  calls: readonly ReplyCall[],
  id: string,
  model: string,
): object {
  const promptTokens = roughTokens(JSON.stringify([request.messages, request.tools]));
  const completionTokens = roughTokens(`${text ?? ''}${JSON.stringify(calls)}`);
  return {
    id: `chatcmpl-${id}`,
    object: 'chat.completion',
    created: 0,
    model,
    choices: [
      {
        index: 0,
        message: {
          role: 'assistant',
          content: text,
          refusal: null,
          ...(calls.length > 0 && { tool_calls: calls }),
        },
        logprobs: null,
        finish_reason: calls.length > 0 ? 'tool_calls' : 'stop',
      },
    ],
    usage: {
      prompt_tokens: promptTokens,
      completion_tokens: completionTokens,
      total_tokens: promptTokens + completionTokens,
    },
  };
}
