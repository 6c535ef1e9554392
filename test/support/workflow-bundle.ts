import { createHash, randomUUID } from 'node:crypto';
import { readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';

import { withLock } from '../../src/embedded/lock.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const cache = join(root, 'node_modules', '.cache', 'ratchet-workflow-bundles');
const DAY_MS = 86_400_000;

let bundle: Promise<{ readonly codePath: string }> | undefined;

/**
 * The workflows of this source. One test process bundles them, the others read what it made: it is named
 * by all that goes into it, so that a change of the source is never tested on an older bundle.
 */
export function workflowBundle(): Promise<{ readonly codePath: string }> {
  bundle ??= withLock(join(cache, 'lock'), async () => {
    const codePath = join(cache, `${await digestOfSources()}.js`);
    if (!(await exists(codePath))) {
      await removeOld();
      const { code } = await bundleWorkflowCode({
        workflowsPath: join(root, 'src', 'workflows', 'index.ts'),
        logger: new DefaultLogger('ERROR'),
      });
      // It gets its name when it is whole.
      const draft = `${codePath}.${randomUUID()}`;
      await writeFile(draft, code);
      await rename(draft, codePath);
    }
    return { codePath };
  });
  return bundle;
}

/** A bundle holds workflows, domain and the SDK, which a test of the architecture makes sure of. */
async function digestOfSources(): Promise<string> {
  const hash = createHash('sha256');
  const sources = ['src/domain', 'src/workflows'].map(async (directory) =>
    (await readdir(join(root, directory), { recursive: true }))
      .filter((name) => name.endsWith('.ts'))
      .map((name) => join(directory, name))
      .sort(),
  );
  for (const name of ['package-lock.json', ...(await Promise.all(sources)).flat()]) {
    hash.update(`${name}\0`).update(await readFile(join(root, name)));
  }
  return hash.digest('hex').slice(0, 16);
}

async function removeOld(): Promise<void> {
  for (const name of await readdir(cache)) {
    const path = join(cache, name);
    if (Date.now() - (await stat(path)).mtimeMs > DAY_MS) await rm(path, { force: true });
  }
}

function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
