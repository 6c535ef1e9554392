import { readFileSync } from 'node:fs';
import { access, constants } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { stripVTControlCharacters } from 'node:util';

import { z } from 'zod';

import { childEnvironment, SECRETS, type Config } from '../../config.js';
import { runCommand } from '../../embedded/child-process.js';
import { packagePath } from '../load-module.js';
import { missing, ok, optional, broken, type Check } from './check.js';

const OLDEST: readonly [number, number] = [20, 20];

export function checkNode(version = process.versions.node): Check {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const isEnough = major > OLDEST[0] || (major === OLDEST[0] && minor >= OLDEST[1]);
  if (isEnough) return ok('node', version);
  return missing('node', version, `install Node ${OLDEST.join('.')} or newer`);
}

const Manifest = z.object({ dependencies: z.record(z.string(), z.string()) });

/** Every package this one depends on can be found from here. */
export function checkPackages(): Check {
  const text = readFileSync(packagePath('package.json'), 'utf8');
  const { dependencies } = Manifest.parse(JSON.parse(text));
  const names = Object.keys(dependencies);
  const { resolve } = createRequire(import.meta.url);
  const absent = names.filter((name) => !isInstalled(name, resolve));
  if (absent.length === 0) return ok('npm packages', `${String(names.length)} found`);
  return missing('npm packages', `none of ${absent.join(', ')}`, 'npm ci');
}

function isInstalled(name: string, resolve: (id: string) => string): boolean {
  try {
    resolve(name);
    return true;
  } catch (error) {
    // A package that is there and exports nothing to `require` is there.
    return error instanceof Error && 'code' in error && error.code !== 'MODULE_NOT_FOUND';
  }
}

export async function checkHome({ home }: Config): Promise<Check> {
  let place = home;
  for (;;) {
    try {
      await access(place, constants.W_OK);
      return ok('RATCHET_HOME', place === home ? home : `${home}, to be made`);
    } catch (error) {
      const isAbsent = error instanceof Error && 'code' in error && error.code === 'ENOENT';
      const parent = dirname(place);
      if (!isAbsent || parent === place) {
        return broken('RATCHET_HOME', error, `make ${place} writable, or set RATCHET_HOME`);
      }
      place = parent;
    }
  }
}

/** Programs that another way may need: an absence is no fault. */
export async function checkPrograms({ temporal }: Config): Promise<readonly Check[]> {
  const { testServerPath } = temporal;
  const [go, java, maven] = await Promise.all([
    programVersion('go', ['version']),
    programVersion('java', ['-version']),
    programVersion('mvn', ['--version']),
  ]);
  const testServer =
    testServerPath === null
      ? 'only `npm test` needs it, where the Temporal SDK cannot download its test server'
      : 'TEMPORAL_TEST_SERVER_PATH is set, so that tests do without';
  return [
    go === null
      ? optional('go', 'none', 'only needed where Temporal has to be built: https://go.dev/dl')
      : ok('go', go),
    java === null ? optional('java', 'none', testServer) : ok('java', java),
    maven === null ? optional('maven', 'none', testServer) : ok('maven', maven),
  ];
}

/** The first line a program says of itself; null where it is not there or fails. */
export async function programVersion(
  program: string,
  args: readonly string[],
): Promise<string | null> {
  const env = childEnvironment(SECRETS);
  const { status, output } = await runCommand(program, args, { env, timeoutMs: 20_000 });
  if (status !== 0) return null;
  return (
    stripVTControlCharacters(output)
      .split('\n')
      .find((line) => line.trim() !== '') ?? program
  );
}
