import { existsSync } from 'node:fs';
import { resolve } from 'node:path';

import { expect, test } from 'vitest';

import {
  benchRetrieval,
  type RetrievalReport,
  type RetrievalRow,
} from '../../../src/bench/retrieval/bench-retrieval.js';
import { plainRecall } from '../../../src/bench/retrieval/plain-bm25.js';
import { runCommandLine } from '../../cli/run-command.js';

const DATA = resolve(import.meta.dirname, '../../../../shared/data');
const isThere = existsSync(DATA);
if (!isThere) process.stderr.write(`not there, so recall is not measured: ${DATA}\n`);

const KS = ['1', '2', '5', '10'];
const TIMEOUT_MS = 60_000;
let made: Promise<RetrievalReport> | undefined;

async function rowOf(set: RetrievalRow['set']): Promise<RetrievalRow> {
  made ??= benchRetrieval({ data: DATA, distractors: 10_000 });
  const row = (await made).rows.find((one) => one.set === set);
  if (row === undefined) throw new Error(`no row of ${set}`);
  return row;
}

test('ranks by rarity and length where nothing else tells two documents apart', () => {
  const docs = [
    { doc_id: 'long', text: 'a rare word among a great many others that say nothing of it' },
    { doc_id: 'short', text: 'a rare word' },
    { doc_id: 'other', text: 'a word' },
  ];
  const queries = [
    { query_id: 'rare', question: 'which word is rare?', relevant_ids: ['short'] },
    { query_id: 'none', question: 'nobody', relevant_ids: ['other'] },
  ];

  expect(plainRecall(docs, queries, [1, 2])).toEqual({ '1': 0.5, '2': 0.5 });
});

test.runIf(isThere)(
  'is not below plain BM25 on HotpotQA by more than 0.01 at any k',
  async () => {
    const { recall, plain } = await rowOf('hotpot');

    expect(plain['5']).toBeCloseTo(0.746, 3);
    for (const k of KS) expect(recall[k]).toBeGreaterThanOrEqual((plain[k] ?? 1) - 0.01);
  },
  TIMEOUT_MS,
);

test.runIf(isThere)(
  'finds the tables a question needs among those of every database',
  async () => {
    const { recall, queries } = await rowOf('intercode-schemas');

    expect(queries).toBeGreaterThan(400);
    expect(recall['5']).toBeGreaterThanOrEqual(0.95);
  },
  TIMEOUT_MS,
);

test.runIf(isThere)(
  'stays within 0.03 of plain BM25 among ten thousand distractors',
  async () => {
    const { recall, plain, docs } = await rowOf('hotpot-among-distractors');

    expect(docs).toBeGreaterThan(10_000);
    for (const k of KS) expect(recall[k]).toBeGreaterThanOrEqual((plain[k] ?? 1) - 0.03);
  },
  TIMEOUT_MS,
);

test('says which file of the labelled data is not there', async () => {
  const ran = await runCommandLine(['bench', 'retrieval', '--data', '/nowhere']);

  expect(ran.code).toBe(2);
  expect(ran.error).toContain('hotpot-retrieval/docs.jsonl');
  expect(ran.out).toBe('');
});
