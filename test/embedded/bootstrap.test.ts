import { spawnSync } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

import { expect, onTestFinished, test } from 'vitest';

const root = fileURLToPath(new URL('../../', import.meta.url));

interface Clone {
  readonly path: string;
  /** Runs the bootstrap and returns what it asked of npm. */
  readonly bootstrap: () => {
    readonly status: number | null;
    readonly calls: string[];
    readonly said: string;
  };
  readonly lock: (version: string) => Promise<void>;
}

/** A bare clone with one locked package, and an npm that notes its calls and does as asked. */
async function aClone(): Promise<Clone> {
  const path = await mkdtemp(join(tmpdir(), 'ratchet-clone-'));
  onTestFinished(() => rm(path, { recursive: true, force: true }));
  await cp(join(root, 'scripts'), join(path, 'scripts'), { recursive: true });
  await mkdir(join(path, 'src'));
  await mkdir(join(path, 'bin'));
  await writeFile(join(path, 'src', 'index.ts'), '');
  for (const name of ['tsconfig.json', 'tsconfig.build.json'])
    await writeFile(join(path, name), '{}');
  const required = (version: string) => ({ '': {}, 'node_modules/a': { version } });
  const lock = async (version: string): Promise<void> => {
    const optional = { 'node_modules/b': { version, optional: true } };
    const locked = { packages: { ...required(version), ...optional } };
    await writeFile(join(path, 'package-lock.json'), JSON.stringify(locked));
    // What npm notes on a platform that the optional package is not for.
    await writeFile(join(path, 'noted.json'), JSON.stringify({ packages: required(version) }));
  };
  await lock('1.0.0');
  const calls = join(path, 'calls');
  const npm = `#!/bin/sh
echo "$1 $2 $3" >> '${calls}'
if [ -e '${join(path, 'npm-fails')}' ]; then echo "no network" >&2; exit 7; fi
if [ "$1" = ci ]; then mkdir -p node_modules/a && cp noted.json node_modules/.package-lock.json; fi
if [ "$1" = run ]; then mkdir -p dist; fi
`;
  await writeFile(join(path, 'bin', 'npm'), npm, { mode: 0o755 });
  const environment: NodeJS.ProcessEnv = { ...process.env };
  delete environment['npm_execpath'];
  environment['PATH'] = [join(path, 'bin'), process.env['PATH']].join(delimiter);
  return {
    path,
    lock,
    bootstrap: () => {
      spawnSync('rm', ['-f', calls]);
      const script = join(path, 'scripts', 'bootstrap.mjs');
      const result = spawnSync(process.execPath, [script], { env: environment, encoding: 'utf8' });
      const noted = spawnSync('cat', [calls], { encoding: 'utf8' }).stdout;
      const lines = noted.split('\n').filter((line) => line !== '');
      return {
        status: result.status,
        calls: lines.map((line) => line.replace(/^ci .*/, 'ci')),
        said: result.stderr,
      };
    },
  };
}

test('a bare clone is installed and built once', async () => {
  const clone = await aClone();

  const first = clone.bootstrap();
  const second = clone.bootstrap();

  expect(first).toMatchObject({ status: 0, calls: ['ci', 'run --silent build'] });
  expect(second).toEqual({ status: 0, calls: [], said: '' });
});

test('a new time alone installs nothing, another locked version does', async () => {
  const clone = await aClone();
  clone.bootstrap();
  const later = new Date(Date.now() + 60_000);

  await utimes(join(clone.path, 'package-lock.json'), later, later);
  const touched = clone.bootstrap();
  await clone.lock('1.0.1');
  const changed = clone.bootstrap();

  expect(touched.calls).not.toContain('ci');
  expect(changed.calls).toContain('ci');
  expect(changed.said).toContain('node_modules/a is 1.0.0, expected 1.0.1');
});

test('packages that were deleted are installed again', async () => {
  const clone = await aClone();
  clone.bootstrap();

  await rm(join(clone.path, 'node_modules', 'a'), { recursive: true });
  const { calls } = clone.bootstrap();

  expect(calls).toContain('ci');
});

test('changed, added and removed sources are built again', async () => {
  const clone = await aClone();
  clone.bootstrap();
  const source = join(clone.path, 'src', 'more.ts');

  await writeFile(source, 'export {};');
  const added = clone.bootstrap();
  await writeFile(source, 'export const more = 1;');
  const changed = clone.bootstrap();
  await rm(source);
  const removed = clone.bootstrap();

  expect([added, changed, removed].map(({ calls }) => calls)).toEqual([
    ['run --silent build'],
    ['run --silent build'],
    ['run --silent build'],
  ]);
});

test('a failure of npm ends the bootstrap with its status and tries again the next time', async () => {
  const clone = await aClone();
  await writeFile(join(clone.path, 'npm-fails'), '');

  const failed = clone.bootstrap();
  await rm(join(clone.path, 'npm-fails'));
  const next = clone.bootstrap();

  expect(failed.status).toBe(7);
  expect(failed.said).toMatch(/`npm ci .*` failed: status 7/);
  expect(next).toMatchObject({ status: 0, calls: ['ci', 'run --silent build'] });
});

test('a Node that is too old is told so, with the version it needs', () => {
  const check = pathToFileURL(join(root, 'scripts', 'check-node.mjs')).href;
  const program = `Object.defineProperty(process.versions, 'node', { value: '18.20.4' }); await import('${check}');`;

  const result = spawnSync(process.execPath, ['--input-type=module', '-e', program], {
    encoding: 'utf8',
  });

  expect(result.status).toBe(2);
  expect(result.stderr).toContain('Ratchet needs Node 20.20 or newer, found 18.20.4');
});

test('assets are copied, and those that were renamed do not stay', async () => {
  const clone = await aClone();
  const assets = (name: string): string => join(clone.path, name, 'store', 'migrations');
  await mkdir(assets('src'), { recursive: true });
  await mkdir(assets('dist'), { recursive: true });
  await writeFile(join(assets('src'), '0001-first.sql'), 'select 1;');
  await writeFile(join(assets('dist'), '0001-old-name.sql'), 'select 0;');

  const result = spawnSync(process.execPath, [join(clone.path, 'scripts', 'copy-assets.mjs')]);

  expect(result.status).toBe(0);
  expect(await readFile(join(assets('dist'), '0001-first.sql'), 'utf8')).toBe('select 1;');
  await expect(readFile(join(assets('dist'), '0001-old-name.sql'))).rejects.toThrow('ENOENT');
});
