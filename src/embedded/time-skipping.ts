import {
  access,
  chmod,
  constants,
  mkdir,
  readFile,
  readdir,
  rename,
  rm,
  stat,
  writeFile,
} from 'node:fs/promises';
import { join, resolve } from 'node:path';

import { z } from 'zod';

import { archiveClasses } from './class-archive.js';
import { addToCache, checkCached, removePartials, withWorkDirectory } from './binary-cache.js';
import { runCommand } from './child-process.js';
import { withLock } from './lock.js';
import { lastLines } from './program-output.js';
import { downloadBySdk } from './sdk-download.js';
import { sdkVersion } from './temporal-binary.js';
import { TimeSkippingUnavailableError, type FailedStep } from './temporal-errors.js';

/** The test server of this version was tried with the SDK of package.json. */
export const testServerVersion = '1.38.0';

export interface TimeSkippingOptions {
  readonly home: string;
  readonly log: (message: string) => void;
  /** What started programs see: the environment without the secrets they have no use for. */
  readonly environment: NodeJS.ProcessEnv;
  readonly signal?: AbortSignal | undefined;
  /** TEMPORAL_TEST_SERVER_PATH. */
  readonly path?: string | null | undefined;
}

/** The file name and size of every jar; written last, so that a copy without it is not whole. */
const JarManifest = z.object({ jars: z.record(z.string(), z.number().int().positive()) });

type Answer = { readonly path: string } | { readonly reason: string };

const workPurpose = 'test-server';
/** The program knows no `--version`; size and SHA-256 tell whether it is the one that ran. */
const noVersion = undefined;
const mavenLimitMs = 10 * 60_000;

/**
 * Finds the test server whose clock skips to the next timer and returns the executable's path, for
 * `createTimeSkipping({ server: { executable: { type: 'existing-path', path } } })`.
 */
export async function findTimeSkippingServer(options: TimeSkippingOptions): Promise<string> {
  const home = resolve(options.home);
  const cache = join(home, 'bin');
  return withLock(
    join(home, 'run', 'test-server.lock'),
    async () => {
      const steps: readonly (readonly [string, () => Promise<Answer>])[] = [
        ['TEMPORAL_TEST_SERVER_PATH', () => given(options.path)],
        [`cached copy in ${cache}`, () => cached(cache, options)],
        ['download by the Temporal SDK', () => downloaded(cache, options)],
        [
          `Maven io.temporal:temporal-test-server:${testServerVersion}`,
          () => fetched(cache, options),
        ],
      ];
      const failed: FailedStep[] = [];
      for (const [step, find] of steps) {
        options.signal?.throwIfAborted();
        const answer = await find();
        if ('path' in answer) {
          options.log(`test server: ${step}: ${answer.path}`);
          return answer.path;
        }
        options.log(`test server: ${step}: ${answer.reason.split('\n')[0] ?? ''}`);
        failed.push({ step, reason: answer.reason });
      }
      throw new TimeSkippingUnavailableError(failed);
    },
    { signal: options.signal },
  );
}

async function given(name: string | null | undefined): Promise<Answer> {
  if (name === undefined || name === null) return { reason: 'not set' };
  const path = resolve(name);
  try {
    await access(path, constants.X_OK);
    return (await stat(path)).isFile() ? { path } : { reason: `${path} is no file` };
  } catch {
    return { reason: `${path} is not there or may not be executed` };
  }
}

async function cached(cache: string, options: TimeSkippingOptions): Promise<Answer> {
  await removePartials(cache, workPurpose);
  const native = await checkCached(downloadedPath(cache), noVersion);
  if (native.state === 'valid') return { path: native.path };
  if (native.state === 'removed') options.log(`test server: ${native.reason}`);
  const directory = jarDirectory(cache);
  const defect = await defectOfJars(directory);
  if (defect === undefined) {
    const answer = await hasJava({ path: join(directory, wrapperName) }, options);
    if ('path' in answer) await prepareStart(directory, options);
    return answer;
  }
  if (defect === 'absent') return { reason: 'none there' };
  await rm(directory, { recursive: true, force: true });
  return { reason: `${directory} was removed: ${defect}` };
}

async function downloaded(cache: string, options: TimeSkippingOptions): Promise<Answer> {
  options.log('test server: asking the Temporal SDK to download it');
  return withWorkDirectory(cache, workPurpose, async (work) => {
    const result = await downloadBySdk('createTimeSkipping', work, options);
    if ('reason' in result) return result;
    const path = downloadedPath(cache);
    const added = await addToCache(result.path, path, `Temporal SDK ${sdkVersion()}`, noVersion);
    return 'defect' in added ? { reason: added.defect } : { path };
  });
}

const wrapperName = 'test-server.sh';
const archiveName = 'classes.jsa';
const wrapper = `#!/bin/sh
here=$(dirname "$0")
archive="$here/${archiveName}"
[ -f "$archive" ] && shared="-XX:SharedArchiveFile=$archive"
exec java \${shared:+"$shared"} -XX:TieredStopAtLevel=1 -XX:+UseSerialGC -Xmx512m -cp "$here/jars/*" io.temporal.testserver.TestServer "$@"
`;
const pom = `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>ratchet</groupId>
  <artifactId>test-server</artifactId>
  <version>1</version>
  <dependencies>
    <dependency>
      <groupId>io.temporal</groupId>
      <artifactId>temporal-test-server</artifactId>
      <version>${testServerVersion}</version>
    </dependency>
  </dependencies>
</project>
`;

async function fetched(cache: string, options: TimeSkippingOptions): Promise<Answer> {
  if (process.platform === 'win32') return { reason: 'its wrapper is a shell script' };
  const java = await hasJava({ path: '' }, options);
  if ('reason' in java) return java;
  const { environment: env, log, signal } = options;
  log(`test server: fetching io.temporal:temporal-test-server:${testServerVersion} with Maven`);
  return withWorkDirectory(cache, workPurpose, async (work) => {
    await writeFile(join(work, 'pom.xml'), pom);
    const jars = join(work, 'jars');
    const args = [
      '-q',
      '-B',
      'dependency:copy-dependencies',
      '-DincludeScope=runtime',
      `-DoutputDirectory=${jars}`,
    ];
    const result = await runCommand('mvn', args, {
      cwd: work,
      env,
      timeoutMs: mavenLimitMs,
      signal,
    });
    if (result.status !== 0) {
      return {
        reason: `${result.problem ?? 'it failed'}\n${lastLines(result.output, 5)}`.trimEnd(),
      };
    }
    await rm(join(work, 'pom.xml'));
    await writeFile(join(work, 'manifest.json'), JSON.stringify({ jars: await sizesOf(jars) }));
    await chmod(work, 0o755);
    await mkdir(cache, { recursive: true });
    await rename(work, jarDirectory(cache));
    await prepareStart(jarDirectory(cache), options);
    return { path: join(jarDirectory(cache), wrapperName) };
  });
}

/** Writes the wrapper of this version and the archive of classes that it looks for. */
async function prepareStart(
  directory: string,
  { environment, log }: TimeSkippingOptions,
): Promise<void> {
  const script = join(directory, wrapperName);
  const archive = join(directory, archiveName);
  const found = await readFile(script, 'utf8').catch(() => undefined);
  if (found !== wrapper) {
    const partial = `${script}.partial`;
    await writeFile(partial, wrapper, { mode: 0o755 });
    await rename(partial, script);
    await rm(archive, { force: true });
  }
  if ((await stat(archive).catch(() => undefined)) !== undefined) return;
  const isThere = await archiveClasses(script, archive, environment);
  if (!isThere) log('test server: this Java writes no archive of classes, each start takes longer');
}

async function hasJava(
  answer: { readonly path: string },
  { environment: env }: TimeSkippingOptions,
): Promise<Answer> {
  const java = await runCommand('java', ['-version'], { env, timeoutMs: 30_000 });
  return java.status === 0 ? answer : { reason: java.problem ?? lastLines(java.output) };
}

async function defectOfJars(directory: string): Promise<string | undefined> {
  if ((await stat(directory).catch(() => undefined)) === undefined) return 'absent';
  const text = await readFile(join(directory, 'manifest.json'), 'utf8').catch(() => undefined);
  if (text === undefined) return 'it has no manifest, so it may be half written';
  try {
    const { jars } = JarManifest.parse(JSON.parse(text));
    const found = await sizesOf(join(directory, 'jars'));
    const wrong = Object.entries(jars).find(([name, size]) => found[name] !== size);
    return wrong === undefined ? undefined : `${wrong[0]} is missing or has another size`;
  } catch {
    return 'its manifest or a file in it cannot be read';
  }
}

async function sizesOf(directory: string): Promise<Record<string, number>> {
  const names = await readdir(directory);
  const sizes = await Promise.all(
    names.map(async (name) => [name, (await stat(join(directory, name))).size] as const),
  );
  return Object.fromEntries(sizes);
}

function jarDirectory(cache: string): string {
  return join(cache, `test-server-${testServerVersion}`);
}

function downloadedPath(cache: string): string {
  return join(
    cache,
    `test-server-sdk-${sdkVersion()}${process.platform === 'win32' ? '.exe' : ''}`,
  );
}
