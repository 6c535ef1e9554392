import { RatchetError } from '../domain/errors.js';
import type { CompletionInput, ModelClient } from './model-activities.js';

/** A reply that was read; the code says what kind of fault it has, `NOT_ASKED` that there is none. */
export type InForm<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly code: string; readonly fault: string };

export interface Question<T> {
  readonly model: string;
  readonly messages: CompletionInput['messages'];
  readonly replySchema: NonNullable<CompletionInput['replySchema']>;
  readonly read: (reply: string) => InForm<T>;
  /** Of one attempt; there are two at most. */
  readonly timeoutMs: number;
}

/**
 * Asks a model for a reply of one form, and where it has another once more with what was wrong. A model that
 * cannot be asked is a fault like any other: what rests on it does without.
 */
export async function askInForm<T>(
  models: ModelClient,
  { model, messages, replySchema, read, timeoutMs }: Question<T>,
): Promise<InForm<T>> {
  const ask = async (asked: CompletionInput['messages']): Promise<string> => {
    const { text } = await models.complete({
      ...{ model, messages: asked, functions: [], temperature: 0, replySchema, timeoutMs },
      signal: AbortSignal.timeout(timeoutMs),
    });
    return text;
  };
  try {
    const first = await ask(messages);
    const found = read(first);
    if (found.ok) return found;
    const repair = `That was not in form (${found.fault}). Reply with the JSON object alone.`;
    const again = read(
      await ask([
        ...messages,
        { role: 'assistant', content: first, toolCalls: [] },
        { role: 'user', content: repair },
      ]),
    );
    if (again.ok) return again;
    const fault = `${model} replied out of form, ${again.code}: ${again.fault}`;
    return { ok: false, code: again.code, fault };
  } catch (error) {
    if (!(error instanceof RatchetError)) throw error;
    const fault = `${model} could not be asked: ${error.name}`;
    return { ok: false, code: 'NOT_ASKED', fault };
  }
}
