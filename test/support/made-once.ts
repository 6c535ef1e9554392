import { createHash, randomUUID } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { withLock } from '../../src/embedded/lock.js';

export const root = fileURLToPath(new URL('../..', import.meta.url));

const DAY_MS = 86_400_000;

/**
 * What takes long to make from the sources: one test process makes it, the others find it. It is named by all
 * that goes into it, so that a change of the sources is never tested on something older. `make` writes to the
 * path it is given; the answer is the path of what is whole.
 */
export function madeOnce(
  what: string,
  directories: readonly string[],
  make: (draft: string) => Promise<void>,
): Promise<string> {
  const cache = join(root, 'node_modules', '.cache', what);
  return withLock(join(cache, 'lock'), async () => {
    const path = join(cache, await digestOf(directories));
    if (await exists(path)) return path;
    await mkdir(cache, { recursive: true });
    await removeOld(cache);
    // It gets its name when it is whole.
    const draft = `${path}.${randomUUID()}`;
    await make(draft);
    await rename(draft, path);
    return path;
  });
}

/** Paths, from the root on, of what the sources in these directories are. */
export async function sourcesIn(directories: readonly string[]): Promise<readonly string[]> {
  const found = directories.map(async (directory) => {
    const entries = await readdir(join(root, directory), { recursive: true, withFileTypes: true });
    return entries
      .filter((entry) => entry.isFile() && !entry.name.endsWith('.test.ts'))
      .map(({ parentPath, name }) => join(parentPath, name).slice(root.length))
      .sort();
  });
  return (await Promise.all(found)).flat();
}

async function digestOf(directories: readonly string[]): Promise<string> {
  const hash = createHash('sha256');
  for (const name of ['package-lock.json', ...(await sourcesIn(directories))]) {
    hash.update(`${name}\0`).update(await readFile(join(root, name)));
  }
  return hash.digest('hex').slice(0, 16);
}

async function removeOld(cache: string): Promise<void> {
  for (const name of await readdir(cache)) {
    const path = join(cache, name);
    const isOld = Date.now() - (await stat(path)).mtimeMs > DAY_MS;
    if (isOld) await rm(path, { force: true, recursive: true });
  }
}

function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
