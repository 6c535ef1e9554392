import { setTimeout as sleep } from 'node:timers/promises';

import { TOOL_TIMEOUT } from '../activities/effect-ledger.js';
import type { ToolRun, ToolRuntime } from '../activities/tool-activities.js';
import { singleLine } from '../contracts/plain-text.js';
import { isRetryableToolError, UnknownEffectError } from '../contracts/tool-errors.js';
import type { ToolResult } from '../domain/episode.js';
import { resultOf } from './tool-result.js';

/**
 * Runs tools in this process. A tool is held to its time also where it does not listen to its signal;
 * what it throws becomes an answer, since the model can often do something about it.
 */
export function createToolRuntime(): ToolRuntime {
  return { run: runTool };
}

async function runTool({
  implementation,
  timeoutSeconds,
  cancellation,
  maxCharacters,
  isLastAttempt,
}: ToolRun): Promise<ToolResult> {
  const deadline = AbortSignal.timeout(timeoutSeconds * 1000);
  const signal = AbortSignal.any([deadline, cancellation]);
  try {
    const answered = await settledBefore(signal, cancellation, () => implementation(signal));
    return resultOf(answered, maxCharacters);
  } catch (error) {
    if (cancellation.aborted) throw cancellation.reason;
    if (deadline.aborted) {
      const content = `no answer within ${String(timeoutSeconds)} s`;
      return { ok: false, code: TOOL_TIMEOUT, content };
    }
    if (error instanceof UnknownEffectError) throw error;
    if (isRetryableToolError(error) && !isLastAttempt) throw error;
    return failureOf(error);
  }
}

/** What a tool whose task is cancelled has to clean up; what it did to its end meanwhile is its answer. */
const CLEAN_UP_MS = 5_000;

/** Rejects when the signal is aborted first; the work is then left to itself, at once or once it cleaned up. */
async function settledBefore<T>(
  signal: AbortSignal,
  cancellation: AbortSignal,
  work: () => Promise<T>,
): Promise<T> {
  signal.throwIfAborted();
  let stop = (): void => undefined;
  const aborted = new Promise<never>((_resolve, reject) => {
    stop = () => {
      reject(new Error('aborted', { cause: signal.reason }));
    };
    signal.addEventListener('abort', stop, { once: true });
  });
  const waited = new AbortController();
  let running: Promise<T> | undefined;
  try {
    running = work();
    return await Promise.race([running, aborted]);
  } catch (error) {
    if (!cancellation.aborted || running === undefined) throw error;
    const patience = sleep(CLEAN_UP_MS, undefined, { signal: waited.signal });
    const settled = await Promise.race([running.then((value) => ({ value })), patience]);
    if (settled === undefined) throw error;
    return settled.value;
  } finally {
    signal.removeEventListener('abort', stop);
    waited.abort();
  }
}

const CODE = /^[A-Za-z0-9_.:-]{1,64}$/;

/** A failure as the model is shown it: the tool's own code where it has one, and one line of text. */
function failureOf(error: unknown): ToolResult & { readonly ok: false } {
  const own = error instanceof Error && 'code' in error ? String(error.code) : '';
  const message = error instanceof Error ? error.message : String(error);
  return {
    ok: false,
    code: CODE.test(own) ? own : 'TOOL_FAILED',
    content: singleLine(message) || 'the tool gave no reason',
  };
}
