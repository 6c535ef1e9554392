import { rarityIn, searchIndex, termsIn, type Bm25Index } from './bm25.js';

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
    .sort((left, right) => right.score - left.score || (left.id < right.id ? -1 : 1));
  const best = lexical[0]?.score ?? 1;
  return lexical
    .slice(0, limit)
    .map(({ id, score }) => ({ id, relevance: score / best, lexical: score }));
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
