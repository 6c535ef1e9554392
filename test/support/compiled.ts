import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

import { madeOnce, root, sourcesIn } from './made-once.js';

/** The product, and what test processes are made of. */
const SOURCES = ['src', 'test/embedded', 'test/faults', 'test/support'];

let tree: Promise<string> | undefined;

/**
 * A TypeScript file as JavaScript that Node runs by itself, beside all it imports, compiled once for all test
 * processes: a process that compiles what it loads takes seconds to begin.
 */
export async function compiled(source: URL): Promise<string> {
  tree ??= madeOnce('ratchet-compiled', SOURCES, compileInto);
  return join(await tree, relative(root, fileURLToPath(source)).replace(/\.ts$/, '.js'));
}

async function compileInto(draft: string): Promise<void> {
  const { transformWithOxc } = await import('vite');
  for (const name of ['package.json', ...(await sourcesIn(SOURCES))]) {
    const source = join(root, name);
    const target = join(draft, name).replace(/\.ts$/, '.js');
    await mkdir(dirname(target), { recursive: true });
    if (target === join(draft, name)) {
      await copyFile(source, target);
    } else {
      const { code } = await transformWithOxc(await readFile(source, 'utf8'), source, {
        sourcemap: false,
        target: 'es2023',
      });
      await writeFile(target, code);
    }
  }
}
