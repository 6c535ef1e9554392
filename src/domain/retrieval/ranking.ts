import { rarityIn, searchIndex, termsIn, type Bm25Index } from './bm25.js';

/**
 * The order that live recall and `recall evaluate` share: BM25, lifted by words that stand side by side
 * in query and document alike, fused with the neighbours that a vector search found.
 */

/** Found beyond what is asked for, so that what re-ranks has something to choose from. */
const POOL = 50;
/** A pair of neighbouring words counts half of what the rarer of them does on its own. */
const PAIR_WEIGHT = 0.5;
/** The constant of reciprocal rank fusion (Cormack, Clarke and Buettcher 2009). */
const RRF = 60;

export interface Neighbour {
  readonly id: string;
  /** Cosine of the angle between the vectors, -1 … 1. */
  readonly similarity: number;
}

export interface Query {
  /** In reading order. */
  readonly terms: readonly string[];
  readonly limit: number;
  /** Groups that may be found; all unless told. */
  readonly groups?: readonly string[];
  /** Documents a vector search found, nearest first; none unless there was one. */
  readonly neighbours?: readonly Neighbour[];
}

export interface Ranked {
  readonly id: string;
  /** 1 for the best, falling to 0: BM25 against the best one's, or the fused ranks. */
  readonly relevance: number;
  /** BM25 with its lift; 0 where only the vector search found it. */
  readonly lexical: number;
  readonly similarity: number | null;
}

/** The best documents for a query, best first, equal ones by id. */
export function rankDocuments(index: Bm25Index, query: Query): Ranked[] {
  const { terms, limit, groups } = query;
  const found = searchIndex(index, terms, {
    limit: Math.max(limit, POOL),
    ...(groups !== undefined && { groups }),
  });
  const pairs = pairsOf(terms);
  const rarity = new Map([...new Set(terms)].map((term) => [term, rarityIn(index, term, groups)]));
  const lexical = found
    .map(({ id, score }) => {
      const own = new Set(pairsOf(termsIn(index, id)).map(nameOf));
      let lift = 0;
      for (const pair of pairs) {
        const [left, right] = pair;
        if (!own.has(nameOf(pair))) continue;
        lift += Math.max(rarity.get(left) ?? 0, rarity.get(right) ?? 0);
      }
      return { id, score: score + PAIR_WEIGHT * lift };
    })
    .sort(byScore);
  return (query.neighbours ?? []).length === 0
    ? ranked(lexical, lexical, []).slice(0, limit)
    : ranked(fused(lexical, query.neighbours ?? []), lexical, query.neighbours ?? []).slice(
        0,
        limit,
      );
}

interface Scored {
  readonly id: string;
  readonly score: number;
}

function byScore(left: Scored, right: Scored): number {
  return right.score - left.score || (left.id < right.id ? -1 : 1);
}

function fused(lexical: readonly Scored[], neighbours: readonly Neighbour[]): readonly Scored[] {
  const scores = new Map<string, number>();
  for (const list of [lexical, neighbours]) {
    list.forEach(({ id }, at) => scores.set(id, (scores.get(id) ?? 0) + 1 / (RRF + at + 1)));
  }
  return [...scores].map(([id, score]) => ({ id, score })).sort(byScore);
}

function ranked(
  order: readonly Scored[],
  lexical: readonly Scored[],
  neighbours: readonly Neighbour[],
): Ranked[] {
  const best = order[0]?.score ?? 1;
  const scores = new Map(lexical.map(({ id, score }) => [id, score]));
  const similarities = new Map(neighbours.map(({ id, similarity }) => [id, similarity]));
  return order.map(({ id, score }) => ({
    id,
    relevance: score / best,
    lexical: scores.get(id) ?? 0,
    similarity: similarities.get(id) ?? null,
  }));
}

type Pair = readonly [string, string];

/** Words side by side, each pair once. */
function pairsOf(terms: readonly string[]): Pair[] {
  const pairs = new Map<string, Pair>();
  terms.forEach((right, at) => {
    const left = terms[at - 1];
    if (left !== undefined) pairs.set(nameOf([left, right]), [left, right]);
  });
  return [...pairs.values()];
}

function nameOf([left, right]: Pair): string {
  return `${left} ${right}`;
}
