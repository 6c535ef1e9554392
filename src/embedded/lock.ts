import { randomUUID } from 'node:crypto';
import { mkdir, open, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { isStillRunning, processIdentity } from './process-identity.js';

/**
 * Runs the function while no other process runs one under the same lock file. A lock whose holder
 * has died is taken over; `onWait` is told once when a living one has to be waited for.
 */
export async function withLock<T>(
  path: string,
  run: () => Promise<T>,
  options: {
    readonly signal?: AbortSignal | undefined;
    readonly onWait?: (holder: number) => void;
  } = {},
): Promise<T> {
  await mkdir(dirname(path), { recursive: true });
  let hasWaited = false;
  while (!(await take(path))) {
    options.signal?.throwIfAborted();
    const holder = await livingHolder(path);
    if (holder === undefined) {
      await removeDead(path);
      continue;
    }
    if (!hasWaited) options.onWait?.(holder);
    hasWaited = true;
    await sleep(100);
  }
  try {
    return await run();
  } finally {
    await rm(path, { force: true });
  }
}

async function take(path: string): Promise<boolean> {
  try {
    const file = await open(path, 'wx', 0o600);
    try {
      await file.writeFile(
        JSON.stringify({
          pid: process.pid,
          identity: processIdentity(process.pid),
        }),
      );
    } finally {
      await file.close();
    }
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  }
}

async function livingHolder(path: string): Promise<number | undefined> {
  try {
    const text = await readFile(path, 'utf8');
    if (text === '') {
      // Created a moment ago and not written yet, or by a process that died between the two.
      const { mtimeMs } = await stat(path);
      return Date.now() - mtimeMs < 2000 ? 0 : undefined;
    }
    const noted = parseNoted(text);
    return noted !== undefined && isStillRunning(noted) ? noted.pid : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Moves the dead lock aside before deleting it. Another process may have replaced it in between:
 * a lock that turns out to be alive is put back.
 */
async function removeDead(path: string): Promise<void> {
  const aside = `${path}.${randomUUID()}`;
  try {
    await rename(path, aside);
  } catch {
    return;
  }
  if ((await livingHolder(aside)) === undefined) await rm(aside, { force: true });
  else await rename(aside, path);
}

/** Reads what `{ pid, identity }` a file holds; undefined for anything else. */
export function parseNoted(text: string): { pid: number; identity: string } | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  if (!('pid' in value) || !('identity' in value)) return undefined;
  const { pid, identity } = value;
  return typeof pid === 'number' && typeof identity === 'string' ? { pid, identity } : undefined;
}
