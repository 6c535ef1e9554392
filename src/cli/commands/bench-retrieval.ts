import { benchRetrieval, type RetrievalOptions } from '../../bench/retrieval/bench-retrieval.js';
import type { CommandContext } from '../command.js';
import { textTable } from '../text-table.js';

/** How well what people marked as relevant is found, beside BM25 by the book. */
export async function runBenchRetrieval(
  options: RetrievalOptions,
  { io }: CommandContext,
): Promise<number> {
  const report = await benchRetrieval(options);
  const { ks, rows } = report;
  const cells = (recall: Readonly<Record<string, number>>): readonly string[] =>
    ks.map((k) => (recall[String(k)] ?? Number.NaN).toFixed(3));
  const lines = rows.flatMap(({ set, queries, docs, recall, plain }) => [
    [set, queries, docs, 'recall', ...cells(recall)],
    [set, queries, docs, 'plain BM25', ...cells(plain)],
  ]);
  const heads = ['set', 'queries', 'documents', 'ranking', ...ks.map((k) => `at ${String(k)}`)];
  io.result(report, textTable(heads, lines));
  return 0;
}
