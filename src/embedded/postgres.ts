import { spawn } from 'node:child_process';
import { open, readFile, realpath, rmdir, stat, truncate } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import pg from 'pg';

import { endAtOnce, endProcess, runCommand, started } from './child-process.js';
import { makeHome } from './home.js';
import { asLastAct } from './last-act.js';
import { takeLease } from './leases.js';
import { withLock } from './lock.js';
import { freePort } from './ports.js';
import { choosePlace, type PostgresPlace } from './postgres-account.js';
import { findBinaries, type PostgresBinaries } from './postgres-binaries.js';
import {
  disownDeadPostmaster,
  ensureCluster,
  readPassword,
  readPostmasterFile,
  serverEnvironment,
  socketDirectory,
  superuser,
} from './postgres-cluster.js';
import { PostgresUnavailableError } from './postgres-errors.js';
import {
  commandLineOf,
  isStillRunning,
  processIdentity,
  type NotedProcess,
} from './process-identity.js';
import { lastLines } from './program-output.js';

/** What `pg` needs to connect. `host` is the socket's directory, or the loopback address on Windows. */
interface PostgresConnection {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly database: string;
  readonly password?: string;
}

export interface EmbeddedPostgres {
  readonly url: string;
  readonly connection: PostgresConnection;
  /** The postmaster; killing it with SIGKILL is what fault tests do. */
  readonly pid: number;
  /** It was running already when it was asked for. */
  readonly adopted: boolean;
  readonly dataDirectory: string;
  readonly logFile: string;
  /** Gives the server up: it is shut down unless another living process uses it too. Twice is once. */
  stop(): Promise<void>;
}

export interface StartPostgresOptions {
  /** RATCHET_HOME. Each home has a server of its own. */
  readonly home: string;
  readonly log: (message: string) => void;
  readonly signal?: AbortSignal | undefined;
}

const database = 'ratchet';
const socketPort = 5432;
/** How long a start is repeated: after a kill the old backends hold the shared memory for a second or two. */
const retryMs = 20_000;
/** How long a living server may recover from a crash before it must answer. */
const recoveryMs = 120_000;

/**
 * Starts the Postgres of this home, or adopts the one that runs: a connection that answers from our
 * data directory is what counts as running, never a file. The data are as durable as Postgres makes
 * them (fsync and synchronous_commit on).
 */
export async function startPostgres(options: StartPostgresOptions): Promise<EmbeddedPostgres> {
  const home = resolve(options.home);
  await makeHome(home);
  const place = await choosePlace(home);
  const lockFile = join(home, 'run', 'postgres.lock');
  const onWait = (holder: number): void => {
    options.log(
      `postgres: waiting for process ${String(holder)}, which is starting or stopping it`,
    );
  };
  return withLock(
    lockFile,
    async () => {
      const lease = await takeLease(leasesOf(home));
      const forget = asLastAct(() => {
        if (lease.release()) abandon(join(place.root, 'data'));
      });
      try {
        const server = await startOrAdopt(home, place, options);
        let stopping: Promise<void> | undefined;
        return {
          ...server,
          stop: () =>
            (stopping ??= withLock(lockFile, async () => {
              if (lease.release()) await shutDown(place);
              forget();
            })),
        };
      } catch (error) {
        lease.release();
        forget();
        throw error;
      }
    },
    { signal: options.signal, onWait },
  );
}

type RunningPostgres = Omit<EmbeddedPostgres, 'stop'>;

async function startOrAdopt(
  home: string,
  place: PostgresPlace,
  options: StartPostgresOptions,
): Promise<RunningPostgres> {
  const startedAt = Date.now();
  const binaries = await findBinaries(place.root, place.account);
  const { dataDirectory, isNew } = await ensureCluster(place, binaries, options.signal);
  if (isNew) options.log(`postgres: new data directory ${dataDirectory}`);
  const endpoint = await chooseEndpoint(home, place, dataDirectory);
  const logFile = join(place.root, 'server.log');
  const { connection, adopted } = await serve(
    { place, binaries, dataDirectory, endpoint, logFile },
    options,
  );
  await createDatabase(connection);
  const noted = readPostmasterFile(dataDirectory);
  options.log(
    `postgres: ${adopted ? 'adopted the running server' : `started in ${String(Date.now() - startedAt)} ms`}` +
      ` (pid ${String(noted?.pid ?? 0)}, ${connection.host})`,
  );
  return {
    url: urlOf(connection),
    connection,
    pid: noted?.pid ?? 0,
    adopted,
    dataDirectory,
    logFile,
  };
}

interface ServerFiles {
  readonly place: PostgresPlace;
  readonly binaries: PostgresBinaries;
  readonly dataDirectory: string;
  readonly endpoint: PostgresConnection;
  readonly logFile: string;
}

async function chooseEndpoint(
  home: string,
  place: PostgresPlace,
  dataDirectory: string,
): Promise<PostgresConnection> {
  const password = await readPassword(place);
  if (password === undefined) {
    const host = await socketDirectory(home, place.account);
    return { host, port: socketPort, user: superuser, database };
  }
  const noted = readPostmasterFile(dataDirectory);
  const port = noted?.port ?? (await freePort(0));
  return { host: '127.0.0.1', port, user: superuser, database, password };
}

/** Tries again with growing pauses until a connection succeeds or the time is up. */
async function serve(
  files: ServerFiles,
  options: StartPostgresOptions,
): Promise<{ connection: PostgresConnection; adopted: boolean }> {
  const deadline = Date.now() + retryMs;
  let pauseMs = 100;
  for (;;) {
    options.signal?.throwIfAborted();
    const running = await findRunning(files, options.signal);
    if (running !== undefined) return { connection: running, adopted: true };
    await disownDeadPostmaster(files.dataDirectory);
    const problem = await spawnServer(files, options.signal);
    if (problem === undefined) return { connection: files.endpoint, adopted: false };
    if (Date.now() > deadline) throw new PostgresUnavailableError(problem);
    options.log(`postgres: not up yet, next try in ${String(pauseMs)} ms`);
    await sleep(pauseMs);
    pauseMs = Math.min(pauseMs * 2, 2000);
  }
}

/** The server that already serves our data directory, under our address or the one it wrote down. */
async function findRunning(
  files: ServerFiles,
  signal: AbortSignal | undefined,
): Promise<PostgresConnection | undefined> {
  const noted = readPostmasterFile(files.dataDirectory);
  const hosts = new Set([files.endpoint.host]);
  if (
    noted !== undefined &&
    noted.socketDirectory !== '' &&
    files.endpoint.password === undefined
  ) {
    hosts.add(noted.socketDirectory);
  }
  for (const host of hosts) {
    const connection = { ...files.endpoint, host };
    const answer = await waitWhileStarting(connection, signal);
    if (answer === undefined) continue;
    if ((await realpath(answer)) === (await realpath(files.dataDirectory))) return connection;
  }
  return undefined;
}

/** Spawns the server in a process group of its own; undefined once it answers, else why it does not. */
async function spawnServer(
  files: ServerFiles,
  signal: AbortSignal | undefined,
): Promise<string | undefined> {
  const { place, binaries, dataDirectory, endpoint, logFile } = files;
  const size = await stat(logFile).then(
    (found) => found.size,
    () => 0,
  );
  if (size > 10_000_000) await truncate(logFile);
  const logStart = size > 10_000_000 ? 0 : size;
  const log = await open(logFile, 'a', 0o600);
  let forget = (): void => undefined;
  try {
    const child = spawn(
      binaries.postgres,
      ['-D', dataDirectory, ...settings(endpoint).flatMap((setting) => ['-c', setting])],
      {
        cwd: '/',
        detached: true,
        windowsHide: true,
        stdio: ['ignore', log.fd, log.fd],
        ...place.account,
        ...serverEnvironment(binaries),
      },
    );
    const noted = await started(child);
    child.unref();
    // Until it has written down its number, nobody but us knows it.
    forget = asLastAct(() => endAtOnce(noted, 'SIGQUIT'));
    const deadline = Date.now() + recoveryMs;
    while (isStillRunning(noted) && Date.now() < deadline) {
      if (signal?.aborted === true) break;
      if ((await waitWhileStarting(endpoint, signal)) !== undefined) return undefined;
      await sleep(25);
    }
    await endProcess(noted, 'SIGINT', 5000);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  } finally {
    forget();
    await log.close();
  }
  const text = (await readFile(logFile)).subarray(logStart).toString('utf8');
  return `the server ended; its last words (${logFile}):\n${lastLines(text)}`;
}

function settings(endpoint: PostgresConnection): string[] {
  const isTcp = endpoint.password !== undefined;
  return [
    `listen_addresses=${isTcp ? endpoint.host : ''}`,
    `port=${String(endpoint.port)}`,
    ...(isTcp ? [] : [`unix_socket_directories=${endpoint.host}`, 'unix_socket_permissions=0700']),
    'max_connections=100',
    'shared_buffers=64MB',
    'fsync=on',
    'synchronous_commit=on',
    'full_page_writes=on',
    'jit=off',
    'timezone=UTC',
    'log_timezone=UTC',
    'log_min_messages=warning',
    // Statements and the details of errors hold user data, which must not reach a log in plain text.
    'log_min_error_statement=panic',
    'log_error_verbosity=terse',
  ];
}

/** The data directory of the server that answers; undefined when none does. Waits out a recovery. */
async function waitWhileStarting(
  connection: PostgresConnection,
  signal: AbortSignal | undefined,
): Promise<string | undefined> {
  const deadline = Date.now() + recoveryMs;
  while (Date.now() < deadline && signal?.aborted !== true) {
    try {
      return await query(connection, 'postgres', async (client) => {
        const { rows } = await client.query<{ data_directory: string }>('show data_directory');
        return rows[0]?.data_directory;
      });
    } catch (error) {
      const isStarting = error instanceof pg.DatabaseError && error.code === '57P03';
      if (!isStarting) return undefined;
      await sleep(50);
    }
  }
  return undefined;
}

async function createDatabase(connection: PostgresConnection): Promise<void> {
  await query(connection, 'postgres', async (client) => {
    const found = await client.query('select 1 from pg_database where datname = $1', [database]);
    if (found.rowCount === 0) await client.query(`create database ${database}`);
  });
}

async function query<T>(
  connection: PostgresConnection,
  databaseName: string,
  run: (client: pg.Client) => Promise<T>,
): Promise<T> {
  const client = new pg.Client({
    ...connection,
    database: databaseName,
    ssl: false,
    connectionTimeoutMillis: 3000,
    query_timeout: 10_000,
  });
  // A server that goes away emits an error besides the rejected promise; unheard, it ends the process.
  client.on('error', () => undefined);
  try {
    await client.connect();
    return await run(client);
  } finally {
    await client.end().catch(() => undefined);
  }
}

export function leasesOf(home: string): string {
  return join(home, 'run', 'postgres');
}

/** Fast shutdown: running transactions are rolled back, the data are written, the server is gone on return. */
export async function shutDown(place: PostgresPlace): Promise<void> {
  const dataDirectory = join(place.root, 'data');
  const noted = postmasterOf(dataDirectory);
  if (noted === undefined) return;
  if (process.platform === 'win32') {
    const binaries = await findBinaries(place.root, place.account);
    const control = join(binaries.postgres, '..', 'pg_ctl.exe');
    const args = ['stop', '-D', dataDirectory, '-m', 'fast', '-w'];
    await runCommand(control, args, { timeoutMs: 30_000 });
    return;
  }
  const sockets = readPostmasterFile(dataDirectory)?.socketDirectory ?? '';
  await endProcess(noted, 'SIGINT', 15_000);
  if (sockets !== '') await rmdir(sockets).catch(() => undefined);
}

/** Immediate shutdown, without a wait: the server ends its own processes and recovers at its next start. */
function abandon(dataDirectory: string): void {
  const noted = postmasterOf(dataDirectory);
  if (noted !== undefined) endAtOnce(noted, 'SIGQUIT');
}

export function postmasterOf(dataDirectory: string): NotedProcess | undefined {
  const noted = readPostmasterFile(dataDirectory);
  if (noted === undefined) return undefined;
  const identity = processIdentity(noted.pid);
  // The file may be left over and its number be a stranger's by now.
  const isOurs = commandLineOf(noted.pid)?.includes(dataDirectory) ?? true;
  return identity === undefined || !isOurs ? undefined : { pid: noted.pid, identity };
}

function urlOf({ host, port, user, database: name, password }: PostgresConnection): string {
  const secret = password === undefined ? '' : `:${encodeURIComponent(password)}`;
  if (!host.startsWith('/')) return `postgresql://${user}${secret}@${host}:${String(port)}/${name}`;
  return `postgresql://${user}@localhost/${name}?host=${encodeURIComponent(host)}&port=${String(port)}`;
}
