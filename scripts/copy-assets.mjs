/** Copies what tsc leaves out into dist: SQL and what the server hands to browsers. */
import { cpSync, existsSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));

for (const directory of ['store/migrations', 'server/assets']) {
  const source = join(root, 'src', directory);
  const target = join(root, 'dist', directory);
  // A migration that was renamed must not be there twice.
  rmSync(target, { recursive: true, force: true });
  if (existsSync(source)) cpSync(source, target, { recursive: true });
}
