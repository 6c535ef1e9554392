import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';

import { indexLessons, recallLessons } from '../../src/domain/retrieval/recall.js';
import { aLesson } from '../domain/retrieval/a-lesson.js';
import { startEmbeddingsEndpoint } from '../support/embeddings-endpoint.js';
import { runCommandLine, type Ran } from './run-command.js';

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'ratchet-recall-evaluate-'));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

const Answer = z.strictObject({
  n: z.int(),
  docs: z.int(),
  path: z.enum(['words', 'words-and-vectors']),
  model: z.string().nullable(),
  recall: z.record(z.string(), z.number().min(0).max(1)),
  latencyMs: z.strictObject({ p50: z.number(), p95: z.number(), p99: z.number() }),
  rankings: z.array(z.strictObject({ query_id: z.string(), doc_ids: z.array(z.string()) })),
});
type Answer = z.infer<typeof Answer>;

async function file(name: string, lines: readonly unknown[]): Promise<string> {
  const path = join(directory, name);
  await writeFile(path, lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
  return path;
}

async function evaluate(
  docs: readonly unknown[],
  queries: readonly unknown[],
  ...more: readonly string[]
): Promise<Ran> {
  const from = ['--docs', await file('docs.jsonl', docs)];
  const asked = ['--queries', await file('queries.jsonl', queries)];
  return runCommandLine(['--json', 'recall', 'evaluate', ...from, ...asked, ...more]);
}

async function answered(...given: Parameters<typeof evaluate>): Promise<Answer> {
  const ran = await evaluate(...given);
  expect(ran.error).toBe('');
  expect(ran.code).toBe(0);
  return Answer.parse(JSON.parse(ran.out));
}

const DOCS = [
  { doc_id: 'a', title: 'Stadium', text: 'capacity, highest, average', half: 'developer' },
  { doc_id: 'b', text: 'Singer_ID, name, country, age' },
  { doc_id: 'c', text: 'concert name, theme, year' },
];
const QUERIES = [
  { query_id: 'q1', question: 'How old are the singers?', relevant_ids: ['b'], answer: '41' },
  { query_id: 'q2', question: 'Themes of concerts in a stadium?', relevant_ids: ['c', 'a'] },
];

test('answers recall at each k, the rankings and how long a query took', async () => {
  const answer = await answered(DOCS, QUERIES, '--k', '2,1');

  expect(answer).toMatchObject({ n: 2, docs: 3, recall: { '1': 0.75, '2': 1 } });
  expect(answer).toMatchObject({ path: 'words', model: null });
  expect(answer.rankings).toEqual([
    { query_id: 'q1', doc_ids: ['b'] },
    { query_id: 'q2', doc_ids: ['c', 'a'] },
  ]);
});

test('ranks by words and vectors where an embeddings model is set, and says so', async () => {
  const endpoint = await startEmbeddingsEndpoint();
  try {
    const docs = ['--docs', await file('docs.jsonl', DOCS)];
    const asked = {
      query_id: 'q',
      question: 'Which vocalists are from France?',
      relevant_ids: ['b'],
    };
    const queries = ['--queries', await file('queries.jsonl', [asked])];

    const ran = await runCommandLine(['--json', 'recall', 'evaluate', ...docs, ...queries], {
      OPENAI_EMBEDDINGS_MODEL: 'words',
      OPENAI_EMBEDDINGS_BASE_URL: endpoint.url,
    });

    const answer = Answer.parse(JSON.parse(ran.out));
    expect(answer).toMatchObject({ path: 'words-and-vectors', model: 'words' });
    expect(answer.rankings).toEqual([{ query_id: 'q', doc_ids: ['b'] }]);
  } finally {
    await endpoint.close();
  }
});

test('says what an embeddings model needs', async () => {
  const ran = await runCommandLine(['doctor'], { OPENAI_EMBEDDINGS_MODEL: 'words' });

  expect(ran.code).toBe(2);
  expect(ran.error).toContain('OPENAI_EMBEDDINGS_MODEL: found without an endpoint');
});

describe('bad input', () => {
  test.each([
    { says: 'line 2: text: found nothing', docs: [DOCS[0], { doc_id: 'x' }], queries: QUERIES },
    { says: 'line 1: doc_id: found 7', docs: [{ doc_id: 7, text: '' }], queries: QUERIES },
    { says: 'line 2: doc_id: found a, which', docs: [DOCS[0], DOCS[0]], queries: QUERIES },
    {
      says: 'line 1: relevant_ids: found []',
      docs: DOCS,
      queries: [{ ...QUERIES[0], relevant_ids: [] }],
    },
    { says: 'line 1: question: found nothing', docs: DOCS, queries: [{ query_id: 'q' }] },
    { says: 'line 1: text: found no input', docs: [], queries: QUERIES },
  ])('says $says', async ({ says, docs, queries }) => {
    const ran = await evaluate(docs, queries);

    expect(ran.code).toBe(2);
    expect(ran.error).toContain(says);
    expect(ran.out).toBe('');
  });

  test('says which file is not there', async () => {
    const ran = await runCommandLine(['recall', 'evaluate', '--docs', '/none', '--queries', '/no']);

    expect(ran.code).toBe(2);
    expect(ran.error).toContain('--docs: found no such file, /none');
  });

  test('says what a k may be', async () => {
    const ran = await evaluate(DOCS, QUERIES, '--k', '1,many');

    expect(ran.code).toBe(2);
    expect(ran.error).toContain('Expected whole numbers from 1');
  });
});

const DATA = fileURLToPath(new URL('../../../shared/data', import.meta.url));

async function linesOf<T>(path: string, schema: z.ZodType<T>): Promise<T[]> {
  const text = await readFile(join(DATA, path), 'utf8');
  return text
    .trim()
    .split('\n')
    .map((line) => schema.parse(JSON.parse(line)));
}

const DocLine = z.object({ doc_id: z.string(), title: z.string().optional(), text: z.string() });
const QueryLine = z.object({
  query_id: z.string(),
  question: z.string(),
  relevant_ids: z.array(z.string()),
});
const TaskLine = z.object({
  task_id: z.string(),
  db: z.string(),
  question: z.string(),
  gold_tables: z.array(z.string()),
});

describe.skipIf(!existsSync(DATA))('on labelled data (skipped where it is not there)', () => {
  test('abstains where a task is about something else, and hardly ever where it is not', async () => {
    const schemas = await linesOf('intercode-sql/schema_docs.jsonl', DocLine);
    const index = indexLessons(schemas.map(({ doc_id, text }) => aLesson(doc_id, text)));
    const foundBy = (question: string) =>
      recallLessons(index, { task: { slices: {}, input: { question } }, limit: 3 });
    const foreign = await linesOf('hotpot-retrieval/queries.jsonl', QueryLine);
    const own = await linesOf('intercode-sql/tasks.jsonl', TaskLine);

    const disturbed = foreign.filter(({ question }) => foundBy(question).length > 0);
    const served = own.filter(({ question }) => foundBy(question).length > 0);

    expect(disturbed.length / foreign.length).toBeLessThanOrEqual(0.1);
    expect(served.length / own.length).toBeGreaterThanOrEqual(0.99);
  });
});
