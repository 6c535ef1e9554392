import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { createJiti } from 'jiti';

/** This package as users import it: the built index, or the source one where there is no build. */
function ownIndex(): string {
  const built = fileURLToPath(new URL('../index.js', import.meta.url));
  return existsSync(built) ? built : fileURLToPath(new URL('../index.ts', import.meta.url));
}

/** Loads a TypeScript or JavaScript module that may `import … from 'ratchet'`. */
export async function loadModule<T>(path: string): Promise<T> {
  const jiti = createJiti(import.meta.url, { alias: { ratchet: ownIndex() } });
  return jiti.import<T>(path);
}

/** A path inside this package, whether it runs from `dist` or from `src`. */
export function packagePath(relative: string): string {
  return fileURLToPath(new URL(`../../${relative}`, import.meta.url));
}
