import { access, readFile, truncate, writeFile } from 'node:fs/promises';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';

import { expect, test } from 'vitest';

import { addToCache, checkCached } from '../../src/embedded/binary-cache.js';
import { aHome } from './temporary-home.js';

const versionLine = /^temporal version \S+ \(Server/;
const program = '#!/bin/sh\necho "temporal version 1.5.1 (Server 1.29.1, UI 2.42.1)"\n# padding\n';

/** A program in a cache of its own, put there as a build would. */
async function aCachedProgram(): Promise<string> {
  const home = await aHome();
  await mkdir(join(home, 'work'));
  const source = join(home, 'work', 'temporal');
  await writeFile(source, program);
  const path = join(home, 'temporal-1.5.1');
  const added = await addToCache(source, path, 'a test', versionLine);
  expect(added).toEqual({ version: 'temporal version 1.5.1 (Server 1.29.1, UI 2.42.1)' });
  return path;
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

test('a program that was added is found again with its version', async () => {
  const path = await aCachedProgram();

  const found = await checkCached(path, versionLine);

  expect(found).toMatchObject({ state: 'valid', path, version: expect.stringContaining('1.5.1') });
});

test('an empty cache is no defect', async () => {
  const found = await checkCached(join(await aHome(), 'temporal-1.5.1'), versionLine);

  expect(found).toEqual({ state: 'absent' });
});

test.each([
  ['half written', (path: string) => truncate(path, 20), /20 bytes, expected \d+/],
  [
    'changed without changing its size',
    (path: string) => writeFile(path, program.replace('padding', 'gniddap')),
    /SHA-256/,
  ],
  [
    'without a manifest',
    async (path: string) => {
      await writeFile(`${path}.json`, '');
    },
    /manifest cannot be read/,
  ],
  [
    'replaced by another program, manifest and all',
    async (path: string) => {
      const other = `${path}-other`;
      await writeFile(other, '#!/bin/sh\necho "not temporal"\n');
      await addToCache(other, path, 'a test', /not temporal/);
    },
    /gave status 0 and "not temporal"/,
  ],
])('a program that is %s is removed', async (_what, spoil, reason) => {
  const path = await aCachedProgram();
  await spoil(path);

  const found = await checkCached(path, versionLine);

  expect(found).toMatchObject({ state: 'removed', reason: expect.stringMatching(reason) });
  expect([await exists(path), await exists(`${path}.json`)]).toEqual([false, false]);
});

test('a program that does not run never gets into the cache', async () => {
  const home = await aHome();
  const source = join(home, 'broken');
  await writeFile(source, '\u007fELF half a file');
  const path = join(home, 'temporal-1.5.1');

  const added = await addToCache(source, path, 'a test', versionLine);

  expect(added).toHaveProperty('defect');
  expect(await exists(path)).toBe(false);
});

test('the manifest says where the program came from', async () => {
  const path = await aCachedProgram();

  const manifest: unknown = JSON.parse(await readFile(`${path}.json`, 'utf8'));

  expect(manifest).toMatchObject({ origin: 'a test', size: program.length });
});
