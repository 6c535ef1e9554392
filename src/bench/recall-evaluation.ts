import type { Embedder } from '../activities/embedder.js';
import { buildIndex, type Bm25Index } from '../domain/retrieval/bm25.js';
import { fuseRankings, rankDocuments, type Near } from '../domain/retrieval/ranking.js';
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
  /** What ranked them: BM25 alone, or fused with the vectors of an embeddings model. */
  readonly path: 'words' | 'words-and-vectors';
  /** The embeddings model; null where words alone ranked. */
  readonly model: string | null;
  /** By k: the mean over queries of the share of relevant documents among the first k. */
  readonly recall: Readonly<Record<string, number>>;
  /** Of one query, indexing apart. */
  readonly latencyMs: Percentiles;
  readonly rankings: readonly { readonly query_id: string; readonly doc_ids: readonly string[] }[];
}

/** Nearest by meaning that are fused with the best by words. */
const NEAREST = 50;
const BATCH = 128;
const EMBED_MS = 60_000;

/**
 * How well the ranking of live recall finds what people marked as relevant. What recall does beside it
 * is left out: predicates, trust, utility, near-duplicates, caps and abstention. With an embedder every
 * document and question is embedded, near ones are found by trying all, and a failure is an error: a
 * figure is of one path.
 */
export async function evaluateRecall(
  documents: readonly LabelledDocument[],
  queries: readonly LabelledQuery[],
  ks: readonly number[],
  embedder: Embedder | null = null,
): Promise<RecallEvaluation> {
  const read = documents.map(({ doc_id, text, title }) => ({
    id: doc_id,
    terms: documentTerms(title ?? '', text),
    said: [title ?? '', text].filter((part) => part !== '').join('\n'),
  }));
  const index = buildIndex(read);
  const limit = Math.max(...ks);
  const vectors =
    embedder === null
      ? []
      : await embedded(
          embedder,
          read.map(({ said }) => said),
        );
  const nearTo = async (question: string): Promise<readonly Near[]> => {
    if (embedder === null) return [];
    const [asked = []] = await embedder.embed([question], EMBED_MS);
    return read
      .map(({ id, terms }, at) => ({ id, terms, similarity: cosine(asked, vectors[at] ?? []) }))
      .filter(({ similarity }) => similarity >= embedder.minSimilarity)
      .sort((left, right) => right.similarity - left.similarity || (left.id < right.id ? -1 : 1))
      .slice(0, Math.max(limit, NEAREST));
  };

  const durations: number[] = [];
  const rankings: { readonly query_id: string; readonly doc_ids: readonly string[] }[] = [];
  for (const { query_id, question } of queries) {
    const startedMs = performance.now();
    const ranked = ranking(index, question, limit, await nearTo(question));
    durations.push(performance.now() - startedMs);
    rankings.push({ query_id, doc_ids: ranked });
  }
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
    path: embedder === null ? 'words' : 'words-and-vectors',
    model: embedder?.model ?? null,
    recall: Object.fromEntries(ks.map((k) => [String(k), recallAt(k)])),
    latencyMs: percentilesOf(durations),
    rankings,
  };
}

function ranking(
  index: Bm25Index,
  question: string,
  limit: number,
  near: readonly Near[],
): readonly string[] {
  const wanted = near.length === 0 ? limit : Math.max(limit, NEAREST);
  const lexical = rankDocuments(index, { terms: termsOf(question), limit: wanted });
  const ranked = near.length === 0 ? lexical : fuseRankings(lexical, near);
  return ranked.slice(0, limit).map(({ id }) => id);
}

async function embedded(
  embedder: Embedder,
  texts: readonly string[],
): Promise<readonly (readonly number[])[]> {
  const vectors: (readonly number[])[] = [];
  for (let from = 0; from < texts.length; from += BATCH) {
    vectors.push(...(await embedder.embed(texts.slice(from, from + BATCH), EMBED_MS)));
  }
  return vectors;
}

function cosine(left: readonly number[], right: readonly number[]): number {
  let product = 0;
  let leftSquare = 0;
  let rightSquare = 0;
  for (let at = 0; at < left.length; at += 1) {
    const a = left[at] ?? 0;
    const b = right[at] ?? 0;
    product += a * b;
    leftSquare += a * a;
    rightSquare += b * b;
  }
  return product === 0 ? 0 : product / Math.sqrt(leftSquare * rightSquare);
}
