/** Where a term occurs, and what an occurrence is worth (Robertson and Zaragoza 2009). */

const K1 = 1.2;
const B = 0.75;

export interface PostingList {
  /** Places of documents, in rising order. */
  readonly places: readonly number[];
  /** How often the term occurs at each. */
  readonly counts: readonly number[];
  /** No count is higher. */
  readonly most: number;
  /** No document of the list has fewer terms. */
  readonly shortest: number;
}

/** What a term adds to the score of a document that holds it `count` times. */
export function termWeight(
  idf: number,
  count: number,
  length: number,
  averageLength: number,
): number {
  const norm = K1 * (1 - B + (B * length) / averageLength);
  return (idf * count * (K1 + 1)) / (count + norm);
}

/** The most a term can add to any document of its list. */
export function scoreBoundOf(
  { most, shortest }: PostingList,
  idf: number,
  averageLength: number,
): number {
  return termWeight(idf, most, shortest, averageLength);
}

/** The `nth` highest of the scores at some places. */
export function bestOf(places: readonly number[], scores: Float64Array, nth: number): number {
  const sorted = new Float64Array(places.length);
  places.forEach((place, at) => (sorted[at] = scores[place] ?? 0));
  sorted.sort();
  return sorted[Math.max(0, sorted.length - nth)] ?? -Infinity;
}
