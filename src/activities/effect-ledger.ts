import { z } from 'zod';

import { UnknownEffectError } from '../contracts/tool-errors.js';
import type { EffectClass } from '../contracts/tool.js';
import type { ToolResult } from '../domain/episode.js';
import type { EffectRow } from './store.js';

/** What a tool that ran out of time is answered with; for an effect it means that nobody knows. */
export const TOOL_TIMEOUT = 'TOOL_TIMEOUT';

/** One logical call that changes something outside. */
export interface Effect {
  readonly key: string;
  readonly effectClass: Exclude<EffectClass, 'read'>;
  readonly isLastAttempt: boolean;
}

/** The form in which the ledger keeps what a tool answered. */
const KeptResult: z.ZodType<ToolResult> = z.discriminatedUnion('ok', [
  z.strictObject({ ok: z.literal(true), content: z.string() }),
  z.strictObject({ ok: z.literal(false), code: z.string(), content: z.string() }),
]);

/**
 * Runs an effect whose row in the ledger was written before, so that its key is applied once. `begun` is
 * what the row said until then: an effect that an earlier attempt began may have happened. `run(true)`
 * repeats a keyed one under its key and asks about a queryable one first; an unsafe one is not run again,
 * nor is one that is done. `undefined`: nobody can tell whether it happened, a person has to.
 */
export async function applyOnce(
  begun: EffectRow,
  { key, effectClass, isLastAttempt }: Effect,
  run: (mayHaveHappened: boolean) => Promise<ToolResult>,
): Promise<ToolResult | undefined> {
  if (begun.state === 'done') return KeptResult.parse(JSON.parse(begun.result ?? 'null'));
  const mayHaveHappened = begun.state === 'started';
  if (mayHaveHappened && effectClass === 'unsafe') return undefined;
  try {
    const result = await run(mayHaveHappened);
    if (!result.ok && result.code === TOOL_TIMEOUT) {
      throw new UnknownEffectError(key, result.content);
    }
    return result;
  } catch (error) {
    const isOver = isLastAttempt || effectClass === 'unsafe';
    if (error instanceof UnknownEffectError && isOver) return undefined;
    throw error;
  }
}
