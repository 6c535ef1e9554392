import { createHash, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { chown, lstat, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

import { runCommand } from './child-process.js';
import type { Account, PostgresPlace } from './postgres-account.js';
import type { PostgresBinaries } from './postgres-binaries.js';
import { PostgresUnavailableError } from './postgres-errors.js';
import { commandLineOf, processIdentity } from './process-identity.js';
import { lastLines } from './program-output.js';

export const superuser = 'ratchet';
const majorVersion = '18';
/** The system's limit for the name of a socket is 107 bytes on Linux and 103 on macOS. */
const longestSocketPath = 103;

/** What `postmaster.pid` says. It proves nothing: only a connection does. */
export interface PostmasterFile {
  readonly pid: number;
  readonly port: number;
  readonly socketDirectory: string;
}

/**
 * Creates the data directory unless there is a whole one. It is made beside its place and renamed,
 * so that an interrupted start leaves nothing that looks finished.
 */
export async function ensureCluster(
  place: PostgresPlace,
  binaries: PostgresBinaries,
  signal: AbortSignal | undefined,
): Promise<{ readonly dataDirectory: string; readonly isNew: boolean }> {
  const dataDirectory = join(place.root, 'data');
  const found = await readFile(join(dataDirectory, 'PG_VERSION'), 'utf8').catch(() => undefined);
  if (found !== undefined) {
    if (found.trim() === majorVersion) return { dataDirectory, isNew: false };
    throw new PostgresUnavailableError(
      `${dataDirectory} was written by Postgres ${found.trim()}, expected ${majorVersion}; ` +
        'dump it with that version, or move the directory away to start empty',
    );
  }
  await rm(dataDirectory, { recursive: true, force: true });
  const partial = join(place.root, 'data.partial');
  await rm(partial, { recursive: true, force: true });
  const result = await runCommand(
    binaries.initdb,
    [
      ...['-D', partial, '-U', superuser, '-E', 'UTF8', '--no-sync', '--no-instructions'],
      // Byte order for sorting, Unicode for upper and lower case, the same on every machine.
      ...['--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8'],
      ...(await authenticationArguments(place)),
    ],
    { timeoutMs: 120_000, signal, cwd: '/', ...place.account, ...serverEnvironment(binaries) },
  );
  if (result.status !== 0) {
    throw new PostgresUnavailableError(
      `initdb failed (${result.problem ?? `status ${String(result.status)}`}):\n${lastLines(result.output)}`,
    );
  }
  await rename(partial, dataDirectory);
  return { dataDirectory, isNew: true };
}

/**
 * The directory of the server's socket: short, the same for every start of one home, and closed to
 * everyone but the account that serves.
 */
export async function socketDirectory(home: string, account: Account | undefined): Promise<string> {
  const name = `ratchet-${createHash('sha256').update(resolve(home)).digest('hex').slice(0, 12)}`;
  const preferred = join(tmpdir(), name);
  const isShort = Buffer.byteLength(join(preferred, '.s.PGSQL.5432')) <= longestSocketPath;
  const path = isShort ? preferred : join('/tmp', name);
  const owner = account ?? { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
  try {
    await mkdir(path, { mode: 0o700 });
    if (account !== undefined) await chown(path, account.uid, account.gid);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  }
  const found = await lstat(path);
  if (account !== undefined && found.isDirectory() && found.uid === 0) {
    await chown(path, account.uid, account.gid);
  } else if (!found.isDirectory() || found.uid !== owner.uid || (found.mode & 0o077) !== 0) {
    throw new PostgresUnavailableError(
      `${path} belongs to uid ${String(found.uid)} with mode ${(found.mode & 0o777).toString(8)}, ` +
        `expected a directory of uid ${String(owner.uid)} with mode 700; remove it`,
    );
  }
  return path;
}

export function readPostmasterFile(dataDirectory: string): PostmasterFile | undefined {
  let text: string;
  try {
    text = readFileSync(join(dataDirectory, 'postmaster.pid'), 'utf8');
  } catch {
    return undefined;
  }
  const [pid = '', , , port = '', socket = ''] = text.split('\n');
  if (!/^\d+$/.test(pid)) return undefined;
  return { pid: Number(pid), port: Number(port), socketDirectory: socket };
}

/**
 * Postgres trusts the number in `postmaster.pid` and refuses to start while any process has it: a
 * zombie that nobody reaps, or a stranger after a reboot. The number is replaced by one that nobody
 * has; the rest stays, since from it Postgres finds out whether the old shared memory is in use.
 */
export async function disownDeadPostmaster(dataDirectory: string): Promise<void> {
  const file = join(dataDirectory, 'postmaster.pid');
  const noted = readPostmasterFile(dataDirectory);
  if (noted === undefined || process.platform === 'win32') return;
  const words = commandLineOf(noted.pid);
  const isOurs =
    words === undefined || words.length === 0 || words.some((word) => word.includes('postgres'));
  if (processIdentity(noted.pid) !== undefined && isOurs) return;
  const text = await readFile(file, 'utf8').catch(() => undefined);
  if (text === undefined) return;
  await writeFile(file, text.replace(/^\d+/, String(unusedPid())));
}

/** The password of the TCP variant, undefined where the socket's directory is the protection. */
export async function readPassword(place: PostgresPlace): Promise<string | undefined> {
  if (process.platform !== 'win32') return undefined;
  return (await readFile(join(place.root, 'password'), 'utf8')).trim();
}

/** Only what the programs need: a PGOPTIONS or PGDATA of the user's is not meant for this server. */
export function serverEnvironment(binaries: PostgresBinaries): { env?: NodeJS.ProcessEnv } {
  if (process.platform === 'win32') return {};
  return {
    env: { LC_ALL: 'C', TZ: 'UTC', PATH: '/usr/bin:/bin', LD_LIBRARY_PATH: binaries.libraries },
  };
}

async function authenticationArguments(place: PostgresPlace): Promise<string[]> {
  if (process.platform !== 'win32') return ['-A', 'trust'];
  const file = join(place.root, 'password');
  await writeFile(file, randomBytes(24).toString('base64url'), { mode: 0o600 });
  return ['-A', 'scram-sha-256', `--pwfile=${file}`];
}

function unusedPid(): number {
  for (let pid = 99_999; pid > 1; pid -= 1) {
    try {
      process.kill(pid, 0);
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ESRCH') return pid;
    }
  }
  return 99_999;
}
