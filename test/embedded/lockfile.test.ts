import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

import { expect, test } from 'vitest';
import { z } from 'zod';

const Lock = z.object({
  packages: z.record(
    z.string(),
    z.object({
      version: z.string().optional(),
      optionalDependencies: z.record(z.string(), z.string()).optional(),
    }),
  ),
});

test('the lock names the packages of every platform, or `npm ci` refuses it on all of them', async () => {
  const file = fileURLToPath(new URL('../../package-lock.json', import.meta.url));
  const { packages } = Lock.parse(JSON.parse(await readFile(file, 'utf8')));

  const named = new Set(Object.keys(packages).map((path) => path.split('node_modules/').at(-1)));
  const wanted = Object.values(packages).flatMap((entry) =>
    Object.keys(entry.optionalDependencies ?? {}),
  );

  expect(wanted.length).toBeGreaterThan(0);
  expect(
    wanted.filter((name) => !named.has(name)),
    'run `node scripts/complete-lockfile.mjs`',
  ).toEqual([]);
});
