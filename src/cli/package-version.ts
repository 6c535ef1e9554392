import { readFileSync } from 'node:fs';

import { z } from 'zod';

const Manifest = z.object({ version: z.string() });

/** The version of this package, by its manifest. */
export function packageVersion(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return Manifest.parse(JSON.parse(text)).version;
}
