import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

import { afterAll, beforeAll, expect, test } from 'vitest';

import {
  benchImports,
  recordedFiles,
  type ImportsReport,
  type RecordedFile,
} from '../../src/bench/imports/bench-imports.js';
import { rowReader, type StoredRun } from '../../src/bench/imports/recorded-rows.js';
import { createQueries } from '../../src/store/queries.js';
import { createStore } from '../../src/store/store.js';
import { anInterCodeRun, linesOf } from '../support/import-lines.js';
import { freshDatabase, type FreshDatabase } from '../support/postgres.js';

const DATA = resolve(import.meta.dirname, '../../../shared/data');
const isThere = existsSync(DATA);
if (!isThere) process.stderr.write(`not there, so nothing is compared with it: ${DATA}\n`);

const SILENT = { progress: () => ({ update: () => undefined, end: () => undefined }) };

let database: FreshDatabase;
let directory: string;
beforeAll(async () => {
  database = await freshDatabase();
  directory = await mkdtemp(join(tmpdir(), 'ratchet-recorded-'));
});
afterAll(async () => {
  await database.drop();
  await rm(directory, { recursive: true, force: true });
});

function compare(data: string, ...files: readonly RecordedFile[]): Promise<ImportsReport> {
  const stored = { pool: database.pool, store: createStore(database.pool) };
  return benchImports(data, files, stored, SILENT, new AbortController().signal);
}

const row = anInterCodeRun();
const asStored: StoredRun = {
  agent: 'plain-1t',
  number: 1,
  slices: { hardness: 'easy', db: 'pets' },
  recorded: {
    format: 'intercode',
    taskId: 'sql-1',
    success: true,
    reward: 1,
    turns: 2,
    strategy: 'single',
  },
  steps: [
    ['SHOW TABLES', "[('pets',)]"],
    ['SELECT 1', '[(1,)]'],
  ].map(([action = '', content = ''], at) => ({
    index: at,
    kind: 'tool',
    callId: `c${String(at)}`,
    tool: 'execute_sql',
    arguments: JSON.stringify({ sql: action }),
    result: { ok: true, content },
  })),
  memory: [],
};

test.each<[string, Partial<StoredRun>]>([
  ['another success', { recorded: { ...asStored.recorded, success: false } }],
  ['other turns', { recorded: { ...asStored.recorded, turns: 3 } }],
  ['another order of steps', { steps: asStored.steps.toReversed() }],
  ['a step less', { steps: asStored.steps.slice(1) }],
  ['other slices', { slices: {} }],
  ['another agent', { agent: 'other' }],
])('a run stored with %s is not what its source says', (_what, change) => {
  const { said, storedAs } = rowReader('intercode')(row);

  expect(storedAs(asStored)).toEqual(said);
  expect(storedAs({ ...asStored, ...change })).not.toEqual(said);
});

test('a run that was not stored where its source has it does not count as equal', async () => {
  const runs = [1, 2, 2].map((n) => anInterCodeRun({ run_id: `ic/plain/${String(n)}` }));
  await writeFile(join(directory, 'twice.jsonl'), linesOf(...runs));

  const { rows } = await compare(directory, { format: 'intercode', name: 'twice.jsonl' });

  expect(rows).toMatchObject([{ runs: 3, equal: 2, bad: 0, addedAgain: 0 }]);
});

test.runIf(isThere)(
  'every run of a configuration, of tau-bench and of memories is stored as it was recorded',
  async () => {
    const files = (await recordedFiles(DATA)).filter(
      ({ format, name }) => format !== 'intercode' || name.endsWith('/gpt-3.5-react.jsonl'),
    );

    const { rows, runs, equal } = await compare(DATA, ...files);

    expect(rows.map((each) => each.runs)).toEqual([488, 100, 253]);
    expect(equal).toBe(runs);
    for (const { bad, addedAgain } of rows)
      expect({ bad, addedAgain }).toEqual({ bad: 0, addedAgain: 0 });
  },
);

test.runIf(isThere)(
  'the versions of a memory descend from each other in the order of the stream',
  async () => {
    await compare(DATA, { format: 'cheatsheet-memory', name: 'cheatsheet-memory/versions.jsonl' });
    const queries = createQueries(database.pool);
    const [tenant] = await queries.latestTenants(1);
    if (tenant === undefined) throw new Error('nothing was imported');
    const agent = (await queries.agents(tenant)).find(({ agent: name }) =>
      name.includes('DynamicCheatsheet'),
    )?.agent;
    if (agent === undefined) throw new Error('no memory was imported');

    const versions = await queries.versions({ tenant, agent });

    expect(versions.length).toBeGreaterThan(20);
    expect(versions.map(({ parent }) => parent)).toEqual([
      null,
      ...versions.slice(0, -1).map(({ id }) => id),
    ]);
  },
);
