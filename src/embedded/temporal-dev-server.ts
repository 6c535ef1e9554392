import { spawn } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { mkdir, open, readFile, stat, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { z } from 'zod';

import { endAtOnce, endProcess, started } from './child-process.js';
import { countLeases } from './leases.js';
import { listensOn } from './listeners.js';
import { freePort } from './ports.js';
import {
  commandLineOf,
  isStillRunning,
  processIdentity,
  processesWithArgument,
} from './process-identity.js';
import { lastLines } from './program-output.js';
import { searchAttributes } from './search-attributes.js';
import { answersHttp, problemOf } from './temporal-health.js';

/** A dev server of this home. */
export interface DevServer {
  readonly pid: number;
  readonly identity: string;
  readonly port: number;
  readonly uiPort: number;
  readonly namespace: string;
  /** What it was started with besides ports; one started otherwise is not adopted. */
  readonly flags: string;
  readonly binary: string;
}

const StateFile = z.object({
  pid: z.number().int(),
  identity: z.string(),
  port: z.number().int(),
  uiPort: z.number().int(),
  namespace: z.string(),
  flags: z.string(),
  binary: z.string(),
});

/**
 * Without these the server is eight times slower: its one shard may otherwise poll its queues twenty
 * times a second only.
 */
const dynamicConfig = [
  'history.transferProcessorMaxPollRPS=2000',
  'history.timerProcessorMaxPollRPS=2000',
  'history.visibilityProcessorMaxPollRPS=2000',
  'system.enableActivityEagerExecution=true',
  'system.enableEagerWorkflowStart=true',
];

/**
 * A file of SQLite otherwise keeps a rollback journal, which waits for the disk several times a
 * transaction where a log that is written ahead waits once; what was acknowledged outlives a power cut either way (ADR 49).
 */
const pragmas = ['journal_mode=WAL', 'synchronous=FULL'];

const startLimitMs = 60_000;
/** How long an unresponsive server of ours may take before it counts as broken. */
const adoptLimitMs = 5000;
/** A server on this machine answers in milliseconds once it is up; a dead one is asked no longer. */
const quick = { connectTimeout: '1s' } as const;
const stopGraceMs = 8000;
/** How long a server must outlive the first answer on its port where nothing tells whose answer it was. */
const provenAfterMs = 3000;

export interface DevServerOptions {
  readonly home: string;
  readonly namespace: string;
  readonly preferredPort: number;
  readonly preferredUiPort: number;
  readonly log: (message: string) => void;
  readonly environment: NodeJS.ProcessEnv;
  readonly signal?: AbortSignal | undefined;
}

/** The running server of this home if it is healthy; a broken, outdated or unknown one is ended first. */
export async function adoptDevServer(options: DevServerOptions): Promise<DevServer | undefined> {
  const noted = readState(options.home);
  for (const pid of runningDevServers(options.home).filter((each) => each !== noted?.pid)) {
    options.log(`temporal: ending process ${String(pid)}, which an earlier start left behind`);
    await endServer(pid);
  }
  if (noted === undefined || !isOurs(noted, options.home)) return undefined;
  const isShared = countLeases(leasesOf(options.home)) > 1;
  if (noted.flags === flagsOf(options).join(' ') || isShared) {
    const deadline = Date.now() + adoptLimitMs;
    while (Date.now() < deadline) {
      if ((await problemOf(addressOf(noted), options.namespace, quick)) === undefined) return noted;
      await sleep(200);
    }
  }
  options.log(`temporal: ending process ${String(noted.pid)}, which is left over and of no use`);
  await endDevServer(options.home, noted);
  return undefined;
}

/** Starts the server and waits until gRPC and web UI answer; else says why it did not come up. */
export async function spawnDevServer(
  binary: string,
  options: DevServerOptions,
): Promise<DevServer | { readonly reason: string }> {
  const before = readState(options.home);
  const port = await freePort(before?.port ?? options.preferredPort);
  const uiPort = await freePort(before?.uiPort ?? options.preferredUiPort, [port]);
  const first = await attempt(binary, options, { port, uiPort });
  if (!('reason' in first) || !first.reason.includes('address already in use')) return first;
  // Somebody took a port between our look and the start.
  const other = await freePort(0);
  return attempt(binary, options, { port: other, uiPort: await freePort(0, [other]) });
}

async function attempt(
  binary: string,
  options: DevServerOptions,
  ports: { readonly port: number; readonly uiPort: number },
): Promise<DevServer | { readonly reason: string }> {
  const { home, namespace, signal } = options;
  const directory = join(home, 'temporal');
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const flags = flagsOf(options);
  const logFile = join(directory, 'server.log');
  const logStart = await startOfLog(logFile);
  const log = await open(logFile, 'a', 0o600);
  try {
    const portFlags = ['--port', String(ports.port), '--ui-port', String(ports.uiPort)];
    const child = spawn(binary, ['server', 'start-dev', ...portFlags, ...flags], {
      cwd: directory,
      env: options.environment,
      detached: true,
      windowsHide: true,
      stdio: ['ignore', log.fd, log.fd],
    });
    const facts = { ...ports, namespace, flags: flags.join(' '), binary };
    // Written before anything is awaited, so that even a kill at this moment leaves no unknown child.
    if (child.pid !== undefined) {
      writeState(home, { pid: child.pid, identity: processIdentity(child.pid) ?? '', ...facts });
    }
    const server = { ...(await started(child)), ...facts };
    child.unref();
    writeState(home, server);
    if (await comesUp(home, server, signal)) return server;
    const isGone = !isStillRunning(server);
    await endDevServer(home, server);
    signal?.throwIfAborted();
    const said = lastLines((await readFile(logFile)).subarray(logStart).toString('utf8'), 6);
    const end = isGone ? 'ended at once' : `did not answer within ${String(startLimitMs / 1000)} s`;
    return { reason: `${binary} started and ${end}; its last words (${logFile}):\n${said}` };
  } catch (error) {
    signal?.throwIfAborted();
    return { reason: `${binary}: ${error instanceof Error ? error.message : String(error)}` };
  } finally {
    await log.close();
  }
}

async function comesUp(
  home: string,
  server: DevServer,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  const deadline = Date.now() + startLimitMs;
  let answeredAt: number | undefined;
  while (Date.now() < deadline && signal?.aborted !== true) {
    const answers =
      (await problemOf(addressOf(server), server.namespace, quick)) === undefined &&
      (await answersHttp(uiUrlOf(server)));
    if (!isStillRunning(server)) return false;
    if (answers) {
      answeredAt ??= Date.now();
      const isOwn = holdsItsPort(home, server);
      if (isOwn === true) return true;
      if (isOwn === undefined && Date.now() - answeredAt > provenAfterMs) return true;
    }
    await sleep(100);
  }
  return false;
}

/**
 * Whether the port is held by a server of this home. What answers there may be a stranger's, started at the
 * same moment, and ours about to find the port taken. Undefined where the system does not tell.
 */
function holdsItsPort(home: string, { port }: DevServer): boolean | undefined {
  const told = runningDevServers(home).map((pid) => listensOn(pid, port));
  return told.includes(true) ? true : told.find((each) => each !== undefined);
}

/** Every server that has the database of this home open, noted down or not. */
export function runningDevServers(home: string): readonly number[] {
  const database = databaseOf(home);
  const noted = readState(home);
  const found = processesWithArgument((argument) => argument === database)
    // Somebody may be looking into the database with another program.
    .filter((pid) => commandLineOf(pid)?.includes('start-dev') ?? false);
  const isNoted = noted !== undefined && isOurs(noted, home);
  return isNoted && !found.includes(noted.pid) ? [...found, noted.pid] : found;
}

/**
 * Ends whichever server of this home runs: since a process got hold of one it may have died and been
 * replaced. The state file stays, so that the next one gets the same ports.
 */
export async function stopDevServer(home: string): Promise<void> {
  for (const pid of runningDevServers(home)) await endServer(pid);
}

async function endServer(pid: number): Promise<void> {
  await endProcess({ pid, identity: processIdentity(pid) ?? '' }, 'SIGTERM', stopGraceMs);
}

/** The same without a wait. Its database is written to be killed at any moment. */
export function killDevServer(home: string): void {
  const server = readState(home);
  if (server !== undefined && isOurs(server, home)) endAtOnce(server, 'SIGKILL');
}

async function endDevServer(home: string, server: DevServer): Promise<void> {
  if (isOurs(server, home)) await endProcess(server, 'SIGTERM', stopGraceMs);
}

export function addressOf({ port }: DevServer): string {
  return `127.0.0.1:${String(port)}`;
}

export function uiUrlOf({ uiPort }: DevServer): string {
  return `http://127.0.0.1:${String(uiPort)}`;
}

export function leasesOf(home: string): string {
  return join(home, 'run', 'temporal');
}

function flagsOf({ home, namespace }: DevServerOptions): string[] {
  return [
    ...['--ip', '127.0.0.1', '--db-filename', databaseOf(home), '--log-level', 'warn'],
    ...pragmas.flatMap((pragma) => ['--sqlite-pragma', pragma]),
    ...(namespace === 'default' ? [] : ['--namespace', namespace]),
    ...Object.entries(searchAttributes).flatMap(([name, type]) => [
      '--search-attribute',
      `${name}=${type}`,
    ]),
    ...dynamicConfig.flatMap((value) => ['--dynamic-config-value', value]),
  ];
}

function databaseOf(home: string): string {
  return join(home, 'temporal', 'dev.db');
}

function isOurs(noted: DevServer, home: string): boolean {
  return isStillRunning(noted) && (commandLineOf(noted.pid)?.includes(databaseOf(home)) ?? true);
}

function stateFileOf(home: string): string {
  return join(home, 'temporal', 'server.json');
}

function writeState(home: string, server: DevServer): void {
  writeFileSync(stateFileOf(home), `${JSON.stringify(server, undefined, 2)}\n`, { mode: 0o600 });
}

function readState(home: string): DevServer | undefined {
  let text: string;
  try {
    text = readFileSync(stateFileOf(home), 'utf8');
  } catch {
    return undefined;
  }
  try {
    return StateFile.parse(JSON.parse(text));
  } catch {
    rmSync(stateFileOf(home), { force: true });
    return undefined;
  }
}

async function startOfLog(path: string): Promise<number> {
  const size = await stat(path).then(
    (found) => found.size,
    () => 0,
  );
  if (size <= 10_000_000) return size;
  await truncate(path);
  return 0;
}
