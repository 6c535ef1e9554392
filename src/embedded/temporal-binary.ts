import { readdir } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, join, resolve } from 'node:path';

import {
  addToCache,
  checkCached,
  removePartials,
  versionOf,
  withWorkDirectory,
} from './binary-cache.js';
import { runCommand } from './child-process.js';
import { withLock } from './lock.js';
import { downloadBySdk } from './sdk-download.js';
import { lastLines } from './program-output.js';
import { TemporalUnavailableError, type FailedStep } from './temporal-errors.js';

/** The newest release that `go install` can build: later ones have a local replace in their go.mod. */
const temporalCliVersion = '1.5.1';
const goPackage = `github.com/temporalio/cli/cmd/temporal@v${temporalCliVersion}`;
/** `temporal version 1.5.1 (Server 1.29.1, UI 2.42.1)`; a Go build says 0.0.0-DEV for its own version. */
const versionLine = /^temporal version \S+ \(Server \S+/;
/** Names the unfinished files of this chain in the cache. */
export const workPurpose = 'temporal';
const goTimeoutMs = 15 * 60_000;

/** A Temporal CLI that runs, or why this way did not lead to one. */
type BinaryAnswer =
  { readonly path: string; readonly version: string } | { readonly reason: string };

export interface BinaryStep {
  readonly name: string;
  /** Takes long or needs a network; pointless when a verified program did not start a server. */
  readonly isFetch: boolean;
  readonly find: () => Promise<BinaryAnswer>;
}

export interface BinaryOptions {
  readonly home: string;
  readonly cliPath?: string | null | undefined;
  readonly log: (message: string) => void;
  /** What started programs see: the environment without the secrets they have no use for. */
  readonly environment: NodeJS.ProcessEnv;
  readonly signal?: AbortSignal | undefined;
}

/** The ways to a Temporal CLI, in the order they are tried. */
export function binarySteps(options: BinaryOptions): readonly BinaryStep[] {
  const { cliPath, environment } = options;
  return [
    {
      name: 'TEMPORAL_CLI_PATH',
      isFetch: false,
      find: async () =>
        cliPath === undefined || cliPath === null
          ? { reason: 'not set' }
          : runnable(cliPath, environment),
    },
    { name: '`temporal` on PATH', isFetch: false, find: () => runnable('temporal', environment) },
    {
      name: `cached copy in ${join(options.home, 'bin')}`,
      isFetch: false,
      find: () => cached(options),
    },
    { name: 'download by the Temporal SDK', isFetch: true, find: () => downloaded(options) },
    { name: `go install ${goPackage}`, isFetch: true, find: () => built(options) },
  ];
}

/**
 * Finds, downloads or builds a Temporal CLI without starting a server: what the cache then holds makes
 * the next start quick.
 */
export async function findTemporalBinary(
  given: BinaryOptions,
): Promise<{ readonly path: string; readonly version: string }> {
  const options = { ...given, home: resolve(given.home) };
  return withLock(
    join(options.home, 'run', 'temporal.lock'),
    async () => {
      await removePartials(join(options.home, 'bin'), workPurpose);
      const failed: FailedStep[] = [];
      for (const { name, find } of binarySteps(options)) {
        options.signal?.throwIfAborted();
        const answer = await find();
        if (!('reason' in answer)) {
          options.log(`temporal: ${name}: ${answer.path} (${answer.version})`);
          return answer;
        }
        options.log(`temporal: ${name}: ${answer.reason.split('\n')[0] ?? ''}`);
        failed.push({ step: name, reason: answer.reason });
      }
      throw new TemporalUnavailableError(failed);
    },
    { signal: options.signal },
  );
}

async function runnable(program: string, environment: NodeJS.ProcessEnv): Promise<BinaryAnswer> {
  // The server starts in a directory of its own: only a bare name is looked up on PATH there.
  const path = basename(program) === program ? program : resolve(program);
  const answer = await versionOf(path, versionLine, environment);
  return 'defect' in answer ? { reason: answer.defect } : { path, version: answer.version };
}

async function cached({ home, log }: BinaryOptions): Promise<BinaryAnswer> {
  const reasons: string[] = [];
  for (const path of [builtPath(home), downloadedPath(home)]) {
    const found = await checkCached(path, versionLine);
    if (found.state === 'valid') {
      for (const reason of reasons) log(`temporal: ${reason}`);
      return { path: found.path, version: found.version };
    }
    if (found.state === 'removed') reasons.push(found.reason);
  }
  return { reason: reasons.length === 0 ? 'none there' : reasons.join('; ') };
}

async function downloaded({
  home,
  log,
  signal,
  environment,
}: BinaryOptions): Promise<BinaryAnswer> {
  log('temporal: asking the Temporal SDK to download the server');
  return withWorkDirectory(join(home, 'bin'), workPurpose, async (work) => {
    const result = await downloadBySdk('createLocal', work, { environment, signal });
    if ('reason' in result) return result;
    return keep(result.path, downloadedPath(home), `Temporal SDK ${sdkVersion()}`);
  });
}

async function built({ home, log, signal, environment }: BinaryOptions): Promise<BinaryAnswer> {
  const go = await runCommand('go', ['version'], {
    env: environment,
    timeoutMs: 60_000,
    signal,
  });
  if (go.status !== 0) return { reason: go.problem ?? lastLines(go.output) };
  return withWorkDirectory(join(home, 'bin'), workPurpose, async (work) => {
    log(`temporal: building it with ${go.output.trim()}; the first time takes about 3 minutes`);
    const startedAt = Date.now();
    const ticker = setInterval(() => {
      log(
        `temporal: still building after ${String(Math.round((Date.now() - startedAt) / 1000))} s`,
      );
    }, 15_000);
    const result = await runCommand('go', ['install', goPackage], {
      cwd: work,
      env: { ...environment, GOBIN: work },
      timeoutMs: goTimeoutMs,
      signal,
    });
    clearInterval(ticker);
    if (result.status !== 0) {
      return {
        reason: `${result.problem ?? 'it failed'}\n${lastLines(result.output, 5)}`.trimEnd(),
      };
    }
    const name = (await readdir(work)).find((entry) => entry.startsWith('temporal'));
    if (name === undefined) return { reason: `go install left no program in ${work}` };
    return keep(join(work, name), builtPath(home), `go install ${goPackage}`);
  });
}

async function keep(source: string, path: string, origin: string): Promise<BinaryAnswer> {
  const added = await addToCache(source, path, origin, versionLine);
  return 'defect' in added ? { reason: added.defect } : { path, version: added.version };
}

function builtPath(home: string): string {
  return join(home, 'bin', `temporal-${temporalCliVersion}${suffix()}`);
}

function downloadedPath(home: string): string {
  return join(home, 'bin', `temporal-sdk-${sdkVersion()}${suffix()}`);
}

function suffix(): string {
  return process.platform === 'win32' ? '.exe' : '';
}

/** The SDK decides which server suits it, so its version names the copy. */
export function sdkVersion(): string {
  const manifest: unknown = createRequire(import.meta.url)('@temporalio/client/package.json');
  const isManifest = typeof manifest === 'object' && manifest !== null && 'version' in manifest;
  return isManifest ? String(manifest.version) : 'unknown';
}
