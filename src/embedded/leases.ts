import { randomUUID } from 'node:crypto';
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { parseNoted } from './lock.js';
import { isStillRunning, processIdentity } from './process-identity.js';

/** A process's claim on a shared server. */
export interface Lease {
  /**
   * Gives the claim up; true when no living process holds another, so the server may be stopped. It does
   * not wait for anything, so that a process which ends at once can still do it.
   */
  release(): boolean;
}

/**
 * Notes that this process uses the server whose leases lie in the directory. The last one to leave
 * stops it; the lease of a process that was killed does not count.
 */
export async function takeLease(directory: string): Promise<Lease> {
  await mkdir(directory, { recursive: true });
  const path = join(directory, `${String(process.pid)}-${randomUUID()}.json`);
  const noted = { pid: process.pid, identity: processIdentity(process.pid) };
  await writeFile(path, JSON.stringify(noted), { mode: 0o600 });
  return {
    release: () => {
      rmSync(path, { force: true });
      return countLeases(directory) === 0;
    },
  };
}

/** How many living claims there are; those of dead processes are deleted on the way. */
export function countLeases(directory: string): number {
  let count = 0;
  let files: string[];
  try {
    files = readdirSync(directory);
  } catch {
    return 0;
  }
  for (const file of files) {
    const path = join(directory, file);
    const noted = parseNoted(textOf(path));
    if (noted !== undefined && isStillRunning(noted)) count += 1;
    else rmSync(path, { force: true });
  }
  return count;
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
