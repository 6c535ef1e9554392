import { buildIndex } from '../domain/retrieval/bm25.js';
import { rankDocuments } from '../domain/retrieval/ranking.js';
import { documentTerms, termsOf } from '../domain/retrieval/terms.js';
import { percentilesOf, type Percentiles } from './durations.js';

export interface LabelledDocument {
  readonly doc_id: string;
  readonly text: string;
  readonly title?: string | null | undefined;
}

export interface LabelledQuery {
  readonly query_id: string;
  readonly question: string;
  /** At least one; one that is no document counts as not found. */
  readonly relevant_ids: readonly string[];
}

export interface RecallEvaluation {
  /** Queries. */
  readonly n: number;
  readonly docs: number;
  /** By k: the mean over queries of the share of relevant documents among the first k. */
  readonly recall: Readonly<Record<string, number>>;
  /** Of one query, indexing apart. */
  readonly latencyMs: Percentiles;
  readonly rankings: readonly { readonly query_id: string; readonly doc_ids: readonly string[] }[];
}

/**
 * How well the ranking of live recall finds what people marked as relevant. What recall does beside it
 * is left out: predicates, trust, utility, near-duplicates, caps and abstention.
 */
export function evaluateRecall(
  documents: readonly LabelledDocument[],
  queries: readonly LabelledQuery[],
  ks: readonly number[],
): RecallEvaluation {
  const index = buildIndex(
    documents.map(({ doc_id, text, title }) => ({
      id: doc_id,
      terms: documentTerms(title ?? '', text),
    })),
  );
  const limit = Math.max(...ks);
  const durations: number[] = [];
  const rankings = queries.map(({ query_id, question }) => {
    const startedMs = performance.now();
    const ranked = rankDocuments(index, { terms: termsOf(question), limit });
    durations.push(performance.now() - startedMs);
    return { query_id, doc_ids: ranked.map(({ id }) => id) };
  });
  const recallAt = (k: number): number => {
    const shares = queries.map(({ relevant_ids: relevant }, at) => {
      const first = new Set(rankings[at]?.doc_ids.slice(0, k));
      return relevant.filter((id) => first.has(id)).length / relevant.length;
    });
    return shares.reduce((sum, share) => sum + share, 0) / queries.length;
  };
  return {
    n: queries.length,
    docs: documents.length,
    recall: Object.fromEntries(ks.map((k) => [String(k), recallAt(k)])),
    latencyMs: percentilesOf(durations),
    rankings,
  };
}
