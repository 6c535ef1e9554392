import type { Readable } from 'node:stream';

import type { Config } from '../config.js';
import type { Io } from './io.js';

/** What every command is given. */
export interface CommandContext {
  readonly config: Config;
  readonly io: Io;
  /** Standard input; only commands that say so read it. */
  readonly input: Readable;
  /** Aborted by Ctrl-C and SIGTERM. */
  readonly signal: AbortSignal;
  readonly shared: SharedOptions;
  /** Where a configuration file is looked for. */
  readonly directory: string;
}

/** Options that every command takes. */
export interface SharedOptions {
  readonly json?: boolean;
  readonly tenant?: string;
  readonly actor?: string;
}

/** A command that ran to its end says how by its exit code. */
export type Run = (context: CommandContext) => Promise<number>;

/** Hands a command over; its module is loaded only then, so that `--help` loads none. */
export type Invoke = (command: Run) => Promise<void>;

/** Resolves when the signal is aborted. */
export function untilAborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

/**
 * Waits for work, but no longer than the signal allows: what it is at then goes on until what it works
 * with is closed, and how it ends is nobody's matter.
 */
export async function unlessInterrupted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const interrupted = new DOMException('interrupted', 'AbortError');
  let onAbort = (): void => undefined;
  const abort = new Promise<never>((_resolve, reject) => {
    onAbort = () => reject(interrupted);
    if (signal.aborted) onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
  });
  try {
    return await Promise.race([work, abort]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

/** Where launchers say what they do: people who only look are spared it. */
export function launchLog(
  { config, io }: Pick<CommandContext, 'config' | 'io'>,
  isLooking: boolean,
): (line: string) => void {
  const isHeard = isLooking
    ? config.logLevel === 'debug'
    : config.logLevel === 'debug' || config.logLevel === 'info';
  return isHeard ? io.note : () => undefined;
}
