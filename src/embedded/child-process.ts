import { spawn, type ChildProcess, type SpawnOptions } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';

import { asLastAct } from './last-act.js';
import { isStillRunning, processIdentity, type NotedProcess } from './process-identity.js';

export interface CommandResult {
  /** Exit status; undefined when the command never started or a signal ended it. */
  readonly status: number | undefined;
  readonly output: string;
  /** Why there is no status: the program is missing, timed out, was cancelled. */
  readonly problem?: string;
}

export interface CommandOptions extends Pick<SpawnOptions, 'cwd' | 'env' | 'uid' | 'gid'> {
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
  /** Called with each line the command prints. */
  readonly onLine?: (line: string) => void;
  /** Polled twice a second; a text ends the command and becomes its problem. */
  readonly giveUp?: () => string | undefined;
}

const keptOutput = 16_000;

/**
 * Runs a command to its end and never rejects: what went wrong is part of the result. The command
 * leads a process group of its own, and the whole group is ended at the time limit or when the
 * signal fires, so that nothing it started stays behind.
 */
export function runCommand(
  program: string,
  args: readonly string[],
  options: CommandOptions,
): Promise<CommandResult> {
  const { timeoutMs, signal, onLine, giveUp, ...spawnOptions } = options;
  return new Promise((resolve) => {
    if (signal?.aborted === true) {
      resolve({ status: undefined, output: '', problem: 'cancelled' });
      return;
    }
    let output = '';
    let partialLine = '';
    let problem: string | undefined;
    const child = spawn(program, [...args], {
      ...spawnOptions,
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: process.platform !== 'win32',
      windowsHide: true,
    });
    const take = (chunk: Buffer): void => {
      const text = chunk.toString('utf8');
      output = (output + text).slice(-keptOutput);
      const lines = (partialLine + text).split(/\r?\n/);
      partialLine = lines.pop() ?? '';
      if (onLine !== undefined) lines.filter((line) => line.trim() !== '').forEach(onLine);
    };
    child.stdout.on('data', take);
    child.stderr.on('data', take);
    const end = (reason: string): void => {
      problem ??= reason;
      signalGroup(child.pid, 'SIGKILL');
    };
    const onAbort = (): void => {
      end('cancelled');
    };
    const limit = setTimeout(() => {
      end(`no end within ${String(Math.round(timeoutMs / 1000))} s`);
    }, timeoutMs);
    const watch =
      giveUp === undefined
        ? undefined
        : setInterval(() => {
            const reason = giveUp();
            if (reason !== undefined) end(reason);
          }, 500);
    signal?.addEventListener('abort', onAbort, { once: true });
    const forget = asLastAct(() => signalGroup(child.pid, 'SIGKILL'));
    const finish = (result: CommandResult): void => {
      forget();
      clearTimeout(limit);
      clearInterval(watch);
      signal?.removeEventListener('abort', onAbort);
      resolve(result);
    };
    child.on('error', (error: NodeJS.ErrnoException) => {
      const reason = error.code === 'ENOENT' ? `${program} is not there` : error.message;
      finish({ status: undefined, output, problem: problem ?? reason });
    });
    child.on('close', (code, killedBy) => {
      const reason = problem ?? (killedBy === null ? undefined : `ended by ${killedBy}`);
      const status = problem === undefined && code !== null ? code : undefined;
      finish({
        status,
        output,
        ...(reason === undefined ? {} : { problem: reason }),
      });
    });
  });
}

/** Ends a process: politely, and by force when it has not gone after the grace time. */
export async function endProcess(
  noted: NotedProcess,
  polite: NodeJS.Signals,
  graceMs: number,
): Promise<void> {
  for (const [signal, waitMs] of [
    [polite, graceMs],
    ['SIGKILL', 5000],
  ] as const) {
    if (!isStillRunning(noted)) return;
    signalProcess(noted.pid, signal);
    const deadline = Date.now() + waitMs;
    while (isStillRunning(noted) && Date.now() < deadline) await sleep(20);
  }
}

/** Signals the process and whatever it leads the group of, without a wait. */
export function endAtOnce(noted: NotedProcess, signal: NodeJS.Signals): void {
  if (!isStillRunning(noted)) return;
  signalGroup(noted.pid, signal);
  signalProcess(noted.pid, signal);
}

/** Waits until the system has really started the child, or says why it could not. */
export function started(child: ChildProcess): Promise<NotedProcess> {
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('spawn', () => {
      const pid = child.pid ?? 0;
      resolve({
        pid,
        identity: processIdentity(pid) ?? `${String(pid)}@ended`,
      });
    });
  });
}

function signalProcess(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It is gone: that is what was wanted.
  }
}

function signalGroup(leader: number | undefined, signal: NodeJS.Signals): void {
  if (leader === undefined) return;
  signalProcess(process.platform === 'win32' ? leader : -leader, signal);
}
