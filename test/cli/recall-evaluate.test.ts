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

interface Doc {
  readonly doc_id: string;
  readonly title?: string | undefined;
  readonly text: string;
}
interface Query {
  readonly query_id: string;
  readonly question: string;
  readonly relevant_ids: readonly string[];
}

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

/** BM25 as the books have it: k1 = 1.2, b = 0.75, title and text, no stemming, no stop words. */
function plainRecall(
  docs: readonly Doc[],
  queries: readonly Query[],
): Readonly<Record<string, number>> {
  const wordsOf = (text: string): string[] => text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
  const places = new Map<string, Map<number, number>>();
  const lengths = docs.map(({ title, text }, at) => {
    const words = wordsOf(`${title ?? ''} ${text}`);
    for (const word of words) {
      const own = places.get(word) ?? new Map<number, number>();
      places.set(word, own.set(at, (own.get(at) ?? 0) + 1));
    }
    return words.length;
  });
  const average = lengths.reduce((sum, length) => sum + length, 0) / docs.length;
  const rankings = queries.map(({ question }) => {
    const scores = new Map<number, number>();
    for (const word of new Set(wordsOf(question))) {
      const own = places.get(word) ?? new Map<number, number>();
      const idf = Math.log(1 + (docs.length - own.size + 0.5) / (own.size + 0.5));
      for (const [at, times] of own) {
        const norm = 1.2 * (0.25 + (0.75 * (lengths[at] ?? 0)) / average);
        scores.set(at, (scores.get(at) ?? 0) + (idf * times * 2.2) / (times + norm));
      }
    }
    return [...scores]
      .map(([at, score]) => ({ id: docs[at]?.doc_id ?? '', score }))
      .sort((left, right) => right.score - left.score || (left.id < right.id ? -1 : 1))
      .map(({ id }) => id);
  });
  const recallAt = (k: number): number => {
    const shares = queries.map(({ relevant_ids: relevant }, at) => {
      const first = new Set(rankings[at]?.slice(0, k));
      return relevant.filter((id) => first.has(id)).length / relevant.length;
    });
    return shares.reduce((sum, share) => sum + share, 0) / queries.length;
  };
  return Object.fromEntries([1, 2, 5, 10].map((k) => [String(k), recallAt(k)]));
}

describe.skipIf(!existsSync(DATA))('on labelled data (skipped where it is not there)', () => {
  const KS = ['1', '2', '5', '10'];

  test('is not below plain BM25 on HotpotQA by more than 0.01 at any k', async () => {
    const docs = await linesOf('hotpot-retrieval/docs.jsonl', DocLine);
    const queries = await linesOf('hotpot-retrieval/queries.jsonl', QueryLine);

    const { recall } = await answered(docs, queries);

    const plain = plainRecall(docs, queries);
    expect(plain['5']).toBeCloseTo(0.746, 3);
    for (const k of KS) expect(recall[k]).toBeGreaterThanOrEqual((plain[k] ?? 1) - 0.01);
  });

  test('finds the tables a question needs among those of every database', async () => {
    const docs = await linesOf('intercode-sql/schema_docs.jsonl', DocLine);
    const tasks = await linesOf('intercode-sql/tasks.jsonl', TaskLine);
    const queries = tasks.map(({ task_id, db, question, gold_tables }) => ({
      query_id: task_id,
      question,
      relevant_ids: gold_tables.map((table) => `${db}.${table}`),
    }));

    const { recall } = await answered(docs, queries, '--k', '5');

    expect(recall['5']).toBeGreaterThanOrEqual(0.95);
  });

  test('stays within 0.03 of plain BM25 among ten thousand distractors', async () => {
    const docs = await linesOf('hotpot-retrieval/docs.jsonl', DocLine);
    const queries = await linesOf('hotpot-retrieval/queries.jsonl', QueryLine);
    const words = docs.flatMap(({ text }) => text.split(/\s+/));
    const distractors = Array.from({ length: 10_000 }, (_, at) => ({
      doc_id: `distractor-${String(at)}`,
      title: `${words[(at * 7_919) % words.length] ?? ''} ${words[(at * 104_729) % words.length] ?? ''}`,
      text: Array.from(
        { length: 40 },
        (_unused, place) => words[(at * 15_485_863 + place * 32_452_843) % words.length],
      ).join(' '),
    }));

    const { recall } = await answered([...docs, ...distractors], queries);

    const plain = plainRecall([...docs, ...distractors], queries);
    for (const k of KS) expect(recall[k]).toBeGreaterThanOrEqual((plain[k] ?? 1) - 0.03);
  });

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
