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
