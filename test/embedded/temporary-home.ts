import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

import { expect, onTestFinished } from 'vitest';

import { commandLineOf, processesWithArgument } from '../../src/embedded/process-identity.js';
import { findTemporalBinary } from '../../src/embedded/temporal-binary.js';
import { compiled } from '../support/compiled.js';

/** A RATCHET_HOME for one test, gone after it; a server that outlives the test fails it. */
export async function aHome(): Promise<string> {
  const home = await mkdtemp(join(tmpdir(), 'ratchet-home-'));
  onTestFinished(async () => {
    const left = processesWithArgument((argument) => argument.startsWith(home));
    await rm(home, { recursive: true, force: true });
    expect(left.map((pid) => commandLineOf(pid))).toEqual([]);
  });
  return home;
}

/** Collects what a launcher reports. */
export function aLog(): { readonly lines: string[]; readonly log: (message: string) => void } {
  const lines: string[] = [];
  return { lines, log: (message) => void lines.push(message) };
}

/** Gives a server back after the test, however it ended. */
export function stopAfterTest<T extends { stop(): Promise<void> }>(server: T): T {
  onTestFinished(() => server.stop());
  return server;
}

/** The program `npm test` found; alone, a test finds it the same way. */
export async function aTemporalCli(): Promise<string> {
  const given = process.env['TEMPORAL_CLI_PATH'];
  if (given !== undefined && given !== '') return given;
  const home = process.env['RATCHET_HOME'] ?? join(homedir(), '.ratchet');
  const { path } = await findTemporalBinary({
    environment: process.env,
    home,
    log: () => undefined,
  });
  return path;
}

export interface Holder {
  readonly child: ChildProcess;
  readonly pid: number;
}

/** Starts a server in a process of its own, which then only waits; resolves once the server serves. */
export async function holdInOtherProcess(
  what: 'postgres' | 'temporal',
  home: string,
  cliPath = '',
): Promise<Holder> {
  const script = await compiled(new URL('hold-server.ts', import.meta.url));
  const child = spawn(process.execPath, [script, what, home, cliPath], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  for await (const line of createInterface({ input: child.stdout })) {
    const [word, pid] = line.split(' ');
    if (word === 'serving') return { child, pid: Number(pid) };
  }
  throw new Error(`the other process ended before ${what} served`);
}

/** Ends a process without giving it a chance to clean up. */
export async function killHard(child: ChildProcess): Promise<void> {
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await gone;
}
