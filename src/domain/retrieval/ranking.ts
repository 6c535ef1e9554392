import { groupsNamed, raritiesIn, type Bm25Index } from './bm25.js';
import { searchGroups } from './search.js';

/**
 * The order that live recall and `recall evaluate` share: BM25, lifted by words that stand side by side
 * in query and document alike.
 */

/** Found beyond what is asked for, so that what re-ranks has something to choose from. */
const POOL = 50;
/** A pair of neighbouring words counts half of what the rarer of them does on its own. */
const PAIR_WEIGHT = 0.5;

export interface Query {
  /** In reading order. */
  readonly terms: readonly string[];
  readonly limit: number;
  /** Groups that may be found; all unless told. */
  readonly groups?: readonly string[];
}

export interface Ranked {
  readonly id: string;
  /** 1 for the best, falling to 0. */
  readonly relevance: number;
  /** BM25 with its lift. */
  readonly lexical: number;
  /** Of the document, in reading order. */
  readonly terms: readonly string[];
}

/** The best documents for a query, best first, equal ones by id. */
export function rankDocuments(index: Bm25Index, query: Query): Ranked[] {
  const { terms, limit } = query;
  const groups = groupsNamed(index, query.groups);
  const found = searchGroups(groups, terms, Math.max(limit, POOL));
  const rarities = raritiesIn(groups, terms);
  const pairs = pairsOf(terms, (term) => rarities.get(term) ?? 0);
  const lexical = found
    .map((hit) => ({ ...hit, score: hit.score + PAIR_WEIGHT * liftOf(hit.terms, pairs) }))
    .sort((left, right) => right.score - left.score || (left.id < right.id ? -1 : 1));
  const best = lexical[0]?.score ?? 1;
  return lexical.slice(0, limit).map(({ id, score, terms: own }) => {
    return { id, relevance: score / best, lexical: score, terms: own };
  });
}

/** What is near a query by meaning; 1 says the same. */
export interface Near {
  readonly id: string;
  readonly similarity: number;
  /** Of the document, in reading order. */
  readonly terms: readonly string[];
}

export interface Fused extends Ranked {
  /** Null where it was not near by meaning. */
  readonly similarity: number | null;
}

/** How little the first ranks of a list stand out. Cormack et al. (2009) take 60, for lists of a thousand. */
const RANK_OFFSET = 10;
/** Words count for more: notes on schemas and errors mostly repeat the words they are about. */
const MEANING_WEIGHT = 0.5;

/**
 * One order of two, by reciprocal ranks: what either found is in it, what both found comes first. Both
 * come best first; equal ones are ordered by id. Relevance is 1 for the best, falling to 0.
 */
export function fuseRankings(lexical: readonly Ranked[], near: readonly Near[]): Fused[] {
  const fused = new Map<string, Fused>();
  lexical.forEach((found, rank) => {
    fused.set(found.id, { ...found, relevance: shareOf(rank), similarity: null });
  });
  near.forEach(({ id, similarity, terms }, rank) => {
    const before = fused.get(id) ?? { id, relevance: 0, lexical: 0, terms };
    const relevance = before.relevance + MEANING_WEIGHT * shareOf(rank);
    fused.set(id, { ...before, relevance, similarity });
  });
  const best = Math.max(...[...fused.values()].map(({ relevance }) => relevance));
  return [...fused.values()]
    .map((found) => ({ ...found, relevance: found.relevance / best }))
    .sort((left, right) => right.relevance - left.relevance || (left.id < right.id ? -1 : 1));
}

function shareOf(rank: number): number {
  return 1 / (RANK_OFFSET + rank + 1);
}

/** Words side by side: by the left one, the right one, and how rare the rarer of the two is. */
type Pairs = ReadonlyMap<string, ReadonlyMap<string, number>>;

function pairsOf(terms: readonly string[], rarityOf: (term: string) => number): Pairs {
  const pairs = new Map<string, Map<string, number>>();
  terms.forEach((right, at) => {
    const left = terms[at - 1];
    if (left === undefined) return;
    const followers = pairs.get(left) ?? new Map<string, number>();
    pairs.set(left, followers.set(right, Math.max(rarityOf(left), rarityOf(right))));
  });
  return pairs;
}

/** What the pairs of a query that a document holds are worth, each once. */
function liftOf(terms: readonly string[], pairs: Pairs): number {
  let lift = 0;
  const seen: (readonly [string, string])[] = [];
  for (let at = 1; at < terms.length; at += 1) {
    const left = terms[at - 1] ?? '';
    const right = terms[at] ?? '';
    const rarity = pairs.get(left)?.get(right);
    if (rarity === undefined || seen.some(([a, b]) => a === left && b === right)) continue;
    seen.push([left, right]);
    lift += rarity;
  }
  return lift;
}
