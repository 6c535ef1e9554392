import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import {
  chmod,
  mkdir,
  mkdtemp,
  readFile,
  readdir,
  rename,
  rm,
  stat,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';

import { z } from 'zod';

import { runCommand } from './child-process.js';

/** What is written beside a cached program when it is complete and has proved that it runs. */
const Manifest = z.object({
  origin: z.string(),
  version: z.string(),
  size: z.number().int().positive(),
  sha256: z.string().length(64),
});

export type CachedBinary =
  | { readonly state: 'valid'; readonly path: string; readonly version: string }
  | { readonly state: 'absent' }
  /** Something was there and was not what its manifest says; it has been removed. */
  | { readonly state: 'removed'; readonly reason: string };

const versionTimeoutMs = 30_000;

/**
 * Looks at one program of the cache. Anything but the whole, unchanged, running program that was put
 * there is removed, so that the next way can replace it.
 */
export async function checkCached(
  path: string,
  expectedVersion: RegExp | undefined,
): Promise<CachedBinary> {
  const manifestPath = `${path}.json`;
  const found = await stat(path).catch(() => undefined);
  const manifestText = await readFile(manifestPath, 'utf8').catch(() => undefined);
  if (found === undefined && manifestText === undefined) return { state: 'absent' };
  const reason = await defectOf(path, found?.size, manifestText, expectedVersion);
  if (reason.defect === undefined) return { state: 'valid', path, version: reason.version };
  await rm(path, { recursive: true, force: true });
  await rm(manifestPath, { force: true });
  return { state: 'removed', reason: `${path} was removed: ${reason.defect}` };
}

/**
 * Moves a finished program into the cache under a temporary name's guard: it must run and say its
 * version first, and it appears whole or not at all. Returns its version line.
 */
export async function addToCache(
  source: string,
  path: string,
  origin: string,
  expectedVersion: RegExp | undefined,
): Promise<{ readonly version: string } | { readonly defect: string }> {
  await chmod(source, 0o755);
  const answer = await versionOf(source, expectedVersion);
  if ('defect' in answer) return answer;
  const { size } = await stat(source);
  const manifest = { origin, version: answer.version, size, sha256: await sha256Of(source) };
  await rm(`${path}.json`, { force: true });
  await rename(source, path);
  await writeFile(`${path}.json.partial`, `${JSON.stringify(manifest, undefined, 2)}\n`);
  await rename(`${path}.json.partial`, `${path}.json`);
  return answer;
}

/** A fresh directory beside the cache, on its file system; removed at the end whatever happens. */
export async function withWorkDirectory<T>(
  directory: string,
  purpose: string,
  run: (work: string) => Promise<T>,
): Promise<T> {
  await mkdir(directory, { recursive: true });
  const work = await mkdtemp(join(directory, `.partial-${purpose}-`));
  try {
    return await run(work);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** Deletes what interrupted work for this purpose left. Only for the holder of that purpose's lock. */
export async function removePartials(directory: string, purpose: string): Promise<void> {
  const names = await readdir(directory).catch(() => []);
  for (const name of names.filter((candidate) => candidate.startsWith(`.partial-${purpose}-`))) {
    await rm(join(directory, name), { recursive: true, force: true });
  }
}

/**
 * Runs `<program> --version` and takes the line that looks as expected. A program that knows no such
 * option (undefined) is not run: its version is empty.
 */
export async function versionOf(
  program: string,
  expectedVersion: RegExp | undefined,
  environment?: NodeJS.ProcessEnv,
): Promise<{ readonly version: string } | { readonly defect: string }> {
  if (expectedVersion === undefined) return { version: '' };
  const result = await runCommand(program, ['--version'], {
    ...(environment === undefined ? {} : { env: environment }),
    timeoutMs: versionTimeoutMs,
  });
  const line = result.output.split('\n').find((candidate) => expectedVersion.test(candidate));
  if (result.status === 0 && line !== undefined) return { version: line.trim() };
  const [said = ''] = result.output.trim().split('\n');
  if (result.problem !== undefined) return { defect: result.problem };
  return {
    defect: `${program} --version gave status ${String(result.status)} and ${JSON.stringify(said.slice(0, 120))}, expected ${String(expectedVersion)}`,
  };
}

async function defectOf(
  path: string,
  size: number | undefined,
  manifestText: string | undefined,
  expectedVersion: RegExp | undefined,
): Promise<{ defect: string } | { defect: undefined; version: string }> {
  if (size === undefined) return { defect: 'its manifest is there but the program is not' };
  if (manifestText === undefined)
    return { defect: 'it has no manifest, so it may be half written' };
  const manifest = Manifest.safeParse(parseJson(manifestText));
  if (!manifest.success) return { defect: 'its manifest cannot be read' };
  const expected = manifest.data;
  if (size !== expected.size) {
    return { defect: `it has ${String(size)} bytes, expected ${String(expected.size)}` };
  }
  if ((await sha256Of(path)) !== expected.sha256)
    return { defect: 'its SHA-256 is not the noted one' };
  const answer = await versionOf(path, expectedVersion);
  if ('defect' in answer) return answer;
  if (answer.version !== expected.version) {
    return { defect: `it says ${answer.version}, expected ${expected.version}` };
  }
  return { defect: undefined, version: answer.version };
}

async function sha256Of(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path, { highWaterMark: 1 << 20 }), hash);
  return hash.digest('hex');
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
