import { randomUUID } from 'node:crypto';
import { chmod, chown, mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import { PostgresUnavailableError } from './postgres-errors.js';

/** Another account for Postgres, which refuses to run as root. */
export interface Account {
  readonly uid: number;
  readonly gid: number;
}

/** Where the files of one embedded Postgres lie, and as whom it runs (undefined: as ourselves). */
export interface PostgresPlace {
  readonly root: string;
  readonly account: Account | undefined;
}

/**
 * Picks account and directory. As root the server runs as `nobody`, or as the first other account
 * there is; its files then need a directory that account can reach. That is `<home>/postgres`
 * unless the home lies below a closed directory such as /root: then /var/lib/ratchet/<id>, the id
 * being written into the home, so that the same home finds the same data again.
 */
export async function choosePlace(home: string): Promise<PostgresPlace> {
  const inHome = join(home, 'postgres');
  if (process.getuid?.() !== 0) {
    await mkdir(inHome, { recursive: true, mode: 0o700 });
    return { root: inHome, account: undefined };
  }
  const account = (await ownerOf(inHome)) ?? (await unprivilegedAccount());
  await letThrough(home, account);
  if (await canReach(home, account))
    return { root: await ownedDirectory(inHome, account), account };
  const id = await homeId(home);
  for (const base of ['/var/lib', tmpdir()]) {
    const parent = join(base, 'ratchet');
    try {
      await mkdir(parent, { recursive: true, mode: 0o755 });
    } catch {
      continue;
    }
    if (!(await canReach(parent, account))) continue;
    return { root: await ownedDirectory(join(parent, id), account), account };
  }
  throw new PostgresUnavailableError(
    `it may not run as root, and no directory was found that the account with uid ${String(account.uid)} can reach; ` +
      `${home} lies below a directory closed to it`,
  );
}

/** Whether the account may pass every directory on the way down to the path, itself included. */
export async function canReach(path: string, account: Account): Promise<boolean> {
  for (let current = path; ; current = dirname(current)) {
    const { uid, gid, mode } = await stat(current);
    const shift = uid === account.uid ? 6 : gid === account.gid ? 3 : 0;
    if (((mode >> shift) & 0o1) === 0) return false;
    if (dirname(current) === current) return true;
  }
}

/** A home of our own may be passed through (not listed) by the server's account; nothing in it opens up. */
async function letThrough(home: string, account: Account): Promise<void> {
  const { uid, mode } = await stat(home);
  if (uid === 0 && account.uid !== 0 && (mode & 0o001) === 0) await chmod(home, mode | 0o011);
}

/** An earlier start, perhaps by another user, decided whose the files are. */
async function ownerOf(path: string): Promise<Account | undefined> {
  try {
    const { uid, gid } = await stat(path);
    return uid === 0 ? undefined : { uid, gid };
  } catch {
    return undefined;
  }
}

async function ownedDirectory(path: string, account: Account): Promise<string> {
  await mkdir(path, { recursive: true, mode: 0o700 });
  await chown(path, account.uid, account.gid);
  return path;
}

async function homeId(home: string): Promise<string> {
  const path = join(home, 'postgres.id');
  try {
    await writeFile(path, randomUUID().slice(0, 13), { flag: 'wx', mode: 0o600 });
  } catch {
    // Written by an earlier start: the id is read below.
  }
  return (await readFile(path, 'utf8')).trim();
}

async function unprivilegedAccount(): Promise<Account> {
  const lines = (await readFile('/etc/passwd', 'utf8').catch(() => '')).split('\n');
  const accounts = lines.flatMap((line) => {
    const [name, , uid, gid] = line.split(':');
    return name !== undefined && Number(uid) > 0
      ? [{ name, uid: Number(uid), gid: Number(gid) }]
      : [];
  });
  const chosen = accounts.find(({ name }) => name === 'nobody') ?? accounts[0];
  if (chosen === undefined) {
    throw new PostgresUnavailableError(
      'it may not run as root, and /etc/passwd names no other account; expected `nobody` or any other',
    );
  }
  return { uid: chosen.uid, gid: chosen.gid };
}
