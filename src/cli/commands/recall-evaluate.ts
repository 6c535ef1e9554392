import { createReadStream } from 'node:fs';

import { z } from 'zod';

import {
  evaluateRecall,
  type LabelledDocument,
  type LabelledQuery,
} from '../../bench/recall-evaluation.js';
import { createEmbedder } from '../../model/embeddings-client.js';
import type { CommandContext } from '../command.js';
import { codeOf } from '../exit-codes.js';
import { readJsonLines } from '../json-lines.js';
import { MalformedInputError, placeOf } from '../malformed-input.js';
import { textTable } from '../text-table.js';

export interface RecallEvaluateOptions {
  readonly docs: string;
  readonly queries: string;
  readonly k: readonly number[];
}

const Id = z.string().min(1, 'an id that is not empty');

/** Other keys are passed over: labelled data carries answers, candidates and levels of its own. */
const DocumentLine = z.object({
  doc_id: Id,
  text: z.string('a text'),
  title: z.string('a text').nullish(),
});

const QueryLine = z.object({
  query_id: Id,
  question: z.string('a text'),
  relevant_ids: z.array(Id).min(1, 'at least one document that is relevant'),
});

export async function runRecallEvaluate(
  options: RecallEvaluateOptions,
  { config, io, signal }: CommandContext,
): Promise<number> {
  const linesOf = async <T extends object>(
    option: string,
    file: string,
    schema: z.ZodType<T>,
    id: keyof T & string,
  ): Promise<readonly T[]> => {
    try {
      return await linesWithIds(file, schema, id, signal);
    } catch (error) {
      // Of two files a line number alone does not say which.
      if (error instanceof MalformedInputError) io.note(`${option} ${file}`);
      throw unlessUnreadable(error, option, file);
    }
  };
  const docs: readonly LabelledDocument[] = await linesOf(
    '--docs',
    options.docs,
    DocumentLine,
    'doc_id',
  );
  const queries: readonly LabelledQuery[] = await linesOf(
    '--queries',
    options.queries,
    QueryLine,
    'query_id',
  );
  const embedder = config.embeddings === null ? null : createEmbedder(config.embeddings);
  const found = await evaluateRecall(docs, queries, options.k, embedder);
  const { p50, p95, p99 } = found.latencyMs;
  const rows = Object.entries(found.recall).map(([k, recall]) => [k, recall.toFixed(4)]);
  const text = [
    `${String(found.n)} queries over ${String(found.docs)} documents, ${pathText(found.model)}`,
    textTable(['k', 'recall'], rows),
    `a query: p50 ${String(p50)} ms, p95 ${String(p95)} ms, p99 ${String(p99)} ms`,
  ].join('\n');
  io.result(found, text);
  return 0;
}

function pathText(model: string | null): string {
  if (model !== null) return `by words and by vectors of ${model}, fused by reciprocal ranks`;
  return 'by words alone (OPENAI_EMBEDDINGS_MODEL is not set)';
}

/** The lines of a file; an id that stands there twice would make every figure ambiguous. */
async function linesWithIds<T extends object>(
  file: string,
  schema: z.ZodType<T>,
  id: keyof T & string,
  signal: AbortSignal,
): Promise<readonly T[]> {
  const lines: T[] = [];
  const seen = new Map<unknown, number>();
  const take = (value: T, line: number): void => {
    const before = seen.get(value[id]);
    if (before !== undefined) {
      const found = `${String(value[id])}, which line ${String(before)} has`;
      throw new MalformedInputError(placeOf(line), id, found, 'each id once');
    }
    seen.set(value[id], line);
    lines.push(value);
  };
  await readJsonLines(createReadStream(file), schema, take, signal);
  return lines;
}

function unlessUnreadable(error: unknown, option: string, file: string): unknown {
  if (!(error instanceof Error) || !codeOf(error).startsWith('E')) return error;
  const isMissing = codeOf(error) === 'ENOENT';
  const found = isMissing ? `no such file, ${file}` : `an unreadable file, ${error.message}`;
  return new MalformedInputError(option, '', found, 'a file of JSON lines');
}
