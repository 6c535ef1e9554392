import { createReadStream } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { isDeepStrictEqual } from 'node:util';

import type { Database } from '../../cli/house.js';
import { runImport, type ImportAnswer } from '../../cli/import/run-import.js';
import { importSource } from '../../cli/import/source.js';
import type { Io } from '../../cli/io.js';
import { tenantId } from '../../contracts/ids.js';
import { InvalidInputError, NotFoundError } from '../../domain/errors.js';
import type { TenantId } from '../../domain/ids.js';
import { lessonText } from '../../domain/lesson.js';
import { DEFAULT_PERMISSIONS } from '../../domain/strategy.js';
import { pseudonyms } from '../../security/pseudonyms.js';
import { createImports } from '../../store/imports.js';
import { createQueries } from '../../store/queries.js';
import { rowReader, type ComparedFormat, type StoredRun } from './recorded-rows.js';

/** A file of recordings below the directory of the data. */
export interface RecordedFile {
  readonly format: ComparedFormat;
  readonly name: string;
}

export interface ImportRow extends RecordedFile {
  readonly runs: number;
  /** Of which what the database has is what the source says, at the place where the source has it. */
  readonly equal: number;
  readonly bad: number;
  /** Runs that a second import of the same file adds. */
  readonly addedAgain: number;
  /** Of the first import. */
  readonly seconds: number;
}

export interface ImportsReport {
  readonly rows: readonly ImportRow[];
  readonly runs: number;
  readonly equal: number;
}

type Stored = Pick<Database, 'pool' | 'store'>;

/** Every recording there is below the directory: InterCode, tau-bench, and memories version by version. */
export async function recordedFiles(data: string): Promise<readonly RecordedFile[]> {
  const directory = 'intercode-sql/runs';
  const names = await readdir(join(data, directory)).catch((error: unknown) => {
    throw new InvalidInputError('--data', data, `a directory with ${directory}`, { cause: error });
  });
  return [
    ...names
      .filter((name) => name.endsWith('.jsonl'))
      .sort()
      .map((name) => ({ format: 'intercode' as const, name: `${directory}/${name}` })),
    { format: 'tau-bench', name: 'tau-airline/runs.jsonl' },
    { format: 'cheatsheet-memory', name: 'cheatsheet-memory/versions.jsonl' },
  ];
}

/** Imports each file twice into a tenant of its own, and compares every run with its source. */
export async function benchImports(
  data: string,
  files: readonly RecordedFile[],
  stored: Stored,
  io: Pick<Io, 'progress'>,
  signal: AbortSignal,
): Promise<ImportsReport> {
  const run = new Date().toISOString().replace(/\D/g, '').slice(0, 17);
  const tenant = tenantId(`bench-imports-${run}`);
  const rows: ImportRow[] = [];
  for (const file of files) {
    const startedMs = performance.now();
    const first = await importFile(data, file, tenant, stored, io, signal);
    const seconds = Math.round((performance.now() - startedMs) / 100) / 10;
    const again = await importFile(data, file, tenant, stored, io, signal);
    rows.push({
      ...file,
      ...(await compared(data, file, tenant, stored, signal)),
      bad: first.errors.length,
      addedAgain: again.added,
      seconds,
    });
  }
  const sum = (of: 'runs' | 'equal'): number => rows.reduce((all, row) => all + row[of], 0);
  return { rows, runs: sum('runs'), equal: sum('equal') };
}

async function importFile(
  data: string,
  { format, name }: RecordedFile,
  tenant: TenantId,
  { pool, store }: Stored,
  io: Pick<Io, 'progress'>,
  signal: AbortSignal,
): Promise<ImportAnswer> {
  const source = await importSource(join(data, name), Readable.from([]), signal, false);
  const options = {
    format,
    agent: null,
    isStrict: false,
    redaction: 'secrets',
    // Made only where personal data is taken out.
    pseudonymOf: pseudonyms('', tenant),
    author: null,
    lessonsFor: { permissions: DEFAULT_PERMISSIONS, tools: [] },
  } as const;
  return runImport(source, options, { tenant, imports: createImports(pool), proposals: store }, io);
}

async function compared(
  data: string,
  { format, name }: RecordedFile,
  tenant: TenantId,
  stored: Stored,
  signal: AbortSignal,
): Promise<{ readonly runs: number; readonly equal: number }> {
  const read = rowReader(format);
  const numbers = new Map<string, number>();
  let [runs, equal] = [0, 0];
  for await (const line of createInterface({ input: createReadStream(join(data, name), 'utf8') })) {
    if (line === '') continue;
    signal.throwIfAborted();
    const { runId, said, storedAs } = read(JSON.parse(line));
    const found = await storedRun(tenant, runId, stored, format === 'cheatsheet-memory');
    runs += 1;
    if (found === null) continue;
    // Order is that of the source, agent by agent.
    const number = (numbers.get(found.agent) ?? 0) + 1;
    numbers.set(found.agent, number);
    if (found.number === number && isDeepStrictEqual(storedAs(found), said)) equal += 1;
  }
  return { runs, equal };
}

async function storedRun(
  tenant: TenantId,
  runId: string,
  { pool, store }: Stored,
  withMemory: boolean,
): Promise<StoredRun | null> {
  const queries = createQueries(pool);
  const id = await queries.episodeOfRun(tenant, runId);
  if (id === null) return null;
  const [facts, episode] = await Promise.all([
    queries.recordedFacts(tenant, id),
    store.episode(tenant, id),
  ]);
  if (facts === null || episode === null) {
    throw new NotFoundError('episode', id, 'it was imported a moment ago');
  }
  const { scope, number, slices, steps } = episode;
  const version = withMemory ? await queries.versionAt(scope, number) : null;
  const serving = version === null ? [] : await store.lessonsServing(scope, version);
  return {
    agent: scope.agent,
    number,
    slices,
    recorded: facts.recorded,
    steps,
    memory: serving.map(({ body }) => lessonText(body)),
  };
}
