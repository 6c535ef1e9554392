import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { z } from 'zod';

import { parseOr } from '../../contracts/parse.js';
import { InvalidInputError } from '../../domain/errors.js';
import { evaluateRecall, type LabelledDocument, type LabelledQuery } from '../recall-evaluation.js';
import { plainRecall } from './plain-bm25.js';

export interface RetrievalOptions {
  /** Directory with the labelled data. */
  readonly data: string;
  readonly distractors: number;
}

/** Recall at each k on one set of documents, of the ranking of recall and of BM25 by the book. */
export interface RetrievalRow {
  readonly set: 'hotpot' | 'hotpot-among-distractors' | 'intercode-schemas';
  readonly queries: number;
  readonly docs: number;
  readonly recall: Readonly<Record<string, number>>;
  readonly plain: Readonly<Record<string, number>>;
}

export interface RetrievalReport {
  readonly ks: readonly number[];
  readonly rows: readonly RetrievalRow[];
}

const KS = [1, 2, 5, 10] as const;

const DocLine = z.object({ doc_id: z.string(), title: z.string().optional(), text: z.string() });
const QueryLine = z.object({
  query_id: z.string(),
  question: z.string(),
  relevant_ids: z.array(z.string()).min(1),
});
const TaskLine = z.object({
  task_id: z.string(),
  db: z.string(),
  question: z.string(),
  gold_tables: z.array(z.string()).min(1),
});

/**
 * The ranking of recall, by words alone, beside BM25 by the book: passages of HotpotQA, the same among documents made
 * of their words, and the tables that InterCode's questions need among those of every database.
 */
export async function benchRetrieval({
  data,
  distractors,
}: RetrievalOptions): Promise<RetrievalReport> {
  const docs = await linesOf(data, 'hotpot-retrieval/docs.jsonl', DocLine);
  const queries = await linesOf(data, 'hotpot-retrieval/queries.jsonl', QueryLine);
  const schemas = await linesOf(data, 'intercode-sql/schema_docs.jsonl', DocLine);
  const tasks = await linesOf(data, 'intercode-sql/tasks.jsonl', TaskLine);
  const asked = tasks.map(({ task_id, db, question, gold_tables }) => ({
    query_id: task_id,
    question,
    relevant_ids: gold_tables.map((table) => `${db}.${table}`),
  }));
  const crowd = [...docs, ...distractorsOf(docs, distractors)];
  return {
    ks: KS,
    rows: [
      await rowOf('hotpot', docs, queries),
      await rowOf('hotpot-among-distractors', crowd, queries),
      await rowOf('intercode-schemas', schemas, asked),
    ],
  };
}

async function rowOf(
  set: RetrievalRow['set'],
  docs: readonly LabelledDocument[],
  queries: readonly LabelledQuery[],
): Promise<RetrievalRow> {
  const { recall } = await evaluateRecall(docs, queries, KS);
  const plain = plainRecall(docs, queries, KS);
  return { set, queries: queries.length, docs: docs.length, recall, plain };
}

const DISTRACTOR_WORDS = 40;

/** Documents of words that real ones have, in no order that says anything; the same ones each time. */
function distractorsOf(
  docs: readonly LabelledDocument[],
  count: number,
): readonly LabelledDocument[] {
  const words = docs.flatMap(({ text }) => text.split(/\s+/));
  const word = (at: number): string => words[at % words.length] ?? '';
  return Array.from({ length: count }, (_none, at) => ({
    doc_id: `distractor-${String(at)}`,
    title: `${word(at * 7_919)} ${word(at * 104_729)}`,
    text: Array.from({ length: DISTRACTOR_WORDS }, (_word, place) =>
      word(at * 15_485_863 + place * 32_452_843),
    ).join(' '),
  }));
}

async function linesOf<T>(directory: string, name: string, schema: z.ZodType<T>): Promise<T[]> {
  const file = join(directory, name);
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    throw new InvalidInputError('--data', directory, `a directory with ${name}`, { cause: error });
  });
  return text
    .split('\n')
    .flatMap((line, index) =>
      line === '' ? [] : [parseOr(schema, jsonOf(line, file, index), placeOf(file, index))],
    );
}

function placeOf(file: string, index: number): string {
  return `${file} line ${String(index + 1)}`;
}

function jsonOf(line: string, file: string, index: number): unknown {
  try {
    return JSON.parse(line);
  } catch (error) {
    const cause = { cause: error };
    throw new InvalidInputError(placeOf(file, index), 'text that is no JSON', 'JSON', cause);
  }
}
