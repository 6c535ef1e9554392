import { setTimeout as sleep } from 'node:timers/promises';

import { TOOL_TIMEOUT } from '../activities/effect-ledger.js';
import type { ToolRun, ToolRuntime } from '../activities/tool-activities.js';
import { singleLine } from '../contracts/plain-text.js';
import { isRetryableToolError, UnknownEffectError } from '../contracts/tool-errors.js';
import type { ToolResult } from '../domain/episode.js';
import { resultOf } from './tool-result.js';

/**
 * Runs tools in this process. A tool is held to its time also where it does not listen to its signal;
 * what it throws becomes an answer, since the model can often do something about it. One that goes on after it was
 * cancelled is told to the log.
 */
export function createToolRuntime(options: ToolRuntimeOptions = {}): ToolRuntime {
  return { run: (run) => runTool(run, options) };
}

export interface ToolRuntimeOptions {
  readonly log?: ((line: string) => void) | undefined;
  /** What a tool whose task is cancelled has to clean up; five seconds unless told. */
  readonly cleanUpMs?: number;
}

async function runTool(
  { name, implementation, timeoutSeconds, cancellation, maxCharacters, isLastAttempt }: ToolRun,
  { log, cleanUpMs = 5_000 }: ToolRuntimeOptions,
): Promise<ToolResult> {
  const deadline = AbortSignal.timeout(timeoutSeconds * 1000);
  const signal = AbortSignal.any([deadline, cancellation]);
  try {
    const answered = await settledBefore(
      { signal, cancellation, cleanUpMs, onLeft: () => log?.(leftLine(name, cleanUpMs)) },
      () => implementation(signal),
    );
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

function leftLine(name: string, afterMs: number): string {
  const seconds = String(afterMs / 1000);
  return `tool ${name}: found it at work ${seconds} s after it was cancelled, expected it to end by its signal; it is left to itself`;
}

interface Limits {
  readonly signal: AbortSignal;
  readonly cancellation: AbortSignal;
  readonly cleanUpMs: number;
  /** Told where it goes on after a cancellation. */
  readonly onLeft: () => void;
}

/**
 * Rejects when the signal is aborted first; the work is then left to itself, at once or once it cleaned up. What
 * it did to its end meanwhile is its answer.
 */
async function settledBefore<T>(
  { signal, cancellation, cleanUpMs, onLeft }: Limits,
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
    const patience = sleep(cleanUpMs, undefined, { signal: waited.signal });
    const settled = await Promise.race([running.then((value) => ({ value })), patience]);
    if (settled === undefined) {
      onLeft();
      throw error;
    }
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
