import type { LabelledDocument, LabelledQuery } from '../recall-evaluation.js';

/** Of the textbook: how soon another occurrence counts for little, and how much length counts. */
const K1 = 1.2;
const B = 0.75;

/**
 * Recall at each k of BM25 as the books have it: title and text alike, words as they are written, no stemming and no
 * stop words. It shares nothing with the ranking of recall, which is set beside it.
 */
export function plainRecall(
  docs: readonly LabelledDocument[],
  queries: readonly LabelledQuery[],
  ks: readonly number[],
): Readonly<Record<string, number>> {
  const places = new Map<string, Map<number, number>>();
  const lengths = docs.map(({ title, text }, at) => {
    const words = wordsOf(`${title ?? ''} ${text}`);
    for (const word of words) {
      const own = places.get(word) ?? new Map<number, number>();
      places.set(word, own.set(at, (own.get(at) ?? 0) + 1));
    }
    return words.length;
  });
  const average = lengths.reduce((sum, length) => sum + length, 0) / docs.length;
  const rankings = queries.map(({ question }) => {
    const scores = new Map<number, number>();
    for (const word of new Set(wordsOf(question))) {
      const own = places.get(word) ?? new Map<number, number>();
      const rarity = Math.log(1 + (docs.length - own.size + 0.5) / (own.size + 0.5));
      for (const [at, times] of own) {
        const norm = K1 * (1 - B + (B * (lengths[at] ?? 0)) / average);
        scores.set(at, (scores.get(at) ?? 0) + (rarity * times * (K1 + 1)) / (times + norm));
      }
    }
    return [...scores]
      .map(([at, score]) => ({ id: docs[at]?.doc_id ?? '', score }))
      .sort((left, right) => right.score - left.score || (left.id < right.id ? -1 : 1))
      .map(({ id }) => id);
  });
  const recallAt = (k: number): number => {
    const shares = queries.map(({ relevant_ids: relevant }, at) => {
      const first = new Set(rankings[at]?.slice(0, k));
      return relevant.filter((id) => first.has(id)).length / relevant.length;
    });
    return shares.reduce((sum, share) => sum + share, 0) / queries.length;
  };
  return Object.fromEntries(ks.map((k) => [String(k), recallAt(k)]));
}

function wordsOf(text: string): readonly string[] {
  return text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
}
