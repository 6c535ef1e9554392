import { z } from 'zod';

import { plainText } from './plain-text.js';

const Text = z.string().transform(plainText);
const Part = z.object({ text: Text.nullish().catch(null) });
const Tokens = z.int().min(0);

/** A call as models write it: anything may be missing; what is missing is refused when it would run. */
const Call = z.object({
  id: z.union([z.string(), z.number()]).transform(String).nullish().catch(null),
  function: z
    .object({
      name: Text.nullish().catch(null),
      arguments: z.unknown().optional(),
    })
    .nullish()
    .catch(null),
});

/** What an OpenAI-compatible endpoint must answer. Unknown keys are dropped: servers like to add them. */
export const ModelReply = z.object({
  model: Text.nullish().catch(null),
  choices: z
    .array(
      z.object({
        message: z.object({
          content: z.union([Text, z.array(Part)]).nullish(),
          refusal: Text.nullish().catch(null),
          tool_calls: z.array(Call).nullish(),
        }),
      }),
    )
    .min(1),
  usage: z.object({ prompt_tokens: Tokens, completion_tokens: Tokens }).nullish().catch(null),
});
export type ModelReply = z.infer<typeof ModelReply>;

/** The text of a reply, whatever form its content has; a refusal is an answer too. */
export function textOfReply(reply: ModelReply): string {
  const message = reply.choices[0]?.message;
  const content = message?.content ?? '';
  const text =
    typeof content === 'string' ? content : content.map((part) => part.text ?? '').join('');
  return text === '' ? (message?.refusal ?? '') : text;
}

/** Whether the model declined to answer: a refusal in place of text and calls. */
export function isRefusal(reply: ModelReply): boolean {
  const message = reply.choices[0]?.message;
  const said = message?.refusal ?? '';
  return said !== '' && textOfReply(reply) === said && (message?.tool_calls ?? []).length === 0;
}

const FENCE = /```[a-zA-Z]*\s*([\s\S]*?)```/;

/**
 * The arguments of a call as JSON text. Repaired once where a model encoded them twice or put them in a
 * Markdown fence; anything else stays as it was written and is refused when the tool would run.
 */
export function argumentsText(written: unknown): string {
  if (written === undefined || written === null) return '{}';
  if (typeof written !== 'string') return plainText(JSON.stringify(written));
  const text = plainText(written);
  if (text.trim() === '') return '{}';
  const parsed = jsonOf(text);
  if (isObject(parsed)) return text;
  const inner = typeof parsed === 'string' ? parsed : FENCE.exec(text)?.[1];
  return inner !== undefined && isObject(jsonOf(inner)) ? plainText(inner).trim() : text;
}

/** `undefined` where the text is no JSON. */
function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
