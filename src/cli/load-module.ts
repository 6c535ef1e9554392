import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

import { createJiti } from 'jiti';

/** This package as users import it: the built index, or the source one where there is no build. */
function ownIndex(): string {
  const built = fileURLToPath(new URL('../index.js', import.meta.url));
  return existsSync(built) ? built : fileURLToPath(new URL('../index.ts', import.meta.url));
}

/**
 * Loads a TypeScript or JavaScript module that may `import … from 'ratchet'`, and from 'zod', which every tool
 * needs: the one installed beside the module, else ours.
 */
export async function loadModule<T>(path: string): Promise<T> {
  const alias = { ratchet: ownIndex(), ...(isFoundFrom(path, 'zod') ? {} : { zod: ownZod() }) };
  const jiti = createJiti(import.meta.url, { alias });
  return jiti.import<T>(path);
}

function isFoundFrom(path: string, name: string): boolean {
  try {
    createRequire(path).resolve(name);
    return true;
  } catch {
    return false;
  }
}

function ownZod(): string {
  return fileURLToPath(import.meta.resolve('zod'));
}

/** A path inside this package, whether it runs from `dist` or from `src`. */
export function packagePath(relative: string): string {
  return fileURLToPath(new URL(`../../${relative}`, import.meta.url));
}
