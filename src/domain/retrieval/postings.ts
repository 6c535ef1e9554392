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

/** How much a term that `frequency` of `count` documents hold tells them apart. */
export function rarityOf(frequency: number, count: number): number {
  return Math.log(1 + (count - frequency + 0.5) / (frequency + 0.5));
}

/** How often a term occurs at a place; 0 where it does not. */
export function countAt({ places, counts }: PostingList, place: number): number {
  const at = positionOf(places, place);
  return at < 0 ? 0 : (counts[at] ?? 0);
}

/** The list without some of its places. Its bounds stay: one too high costs time and no hit. */
export function withoutPlaces(list: PostingList, gone: ReadonlySet<number>): PostingList {
  if (gone.size > FEW) {
    const stays = list.places.map((place) => !gone.has(place));
    const places = list.places.filter((_, at) => stays[at]);
    return { ...list, places, counts: list.counts.filter((_, at) => stays[at]) };
  }
  const places = list.places.slice();
  const counts = list.counts.slice();
  for (const place of gone) {
    const at = positionOf(places, place);
    if (at < 0) continue;
    places.splice(at, 1);
    counts.splice(at, 1);
  }
  return { ...list, places, counts };
}

/** So many are taken out one by one; more in one walk over the list. */
const FEW = 8;

function positionOf(places: readonly number[], place: number): number {
  let low = 0;
  let high = places.length - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    const there = places[middle] ?? 0;
    if (there === place) return middle;
    if (there < place) low = middle + 1;
    else high = middle - 1;
  }
  return -1;
}

/** The `nth` highest of some values, which are put into another order; the lowest where there are fewer. */
export function nthHighest(values: Float64Array, nth: number): number {
  const wanted = Math.max(0, values.length - nth);
  let low = 0;
  let high = values.length - 1;
  while (low < high) {
    const pivot = values[(low + high) >> 1] ?? 0;
    let left = low;
    let right = high;
    while (left <= right) {
      while ((values[left] ?? 0) < pivot) left += 1;
      while ((values[right] ?? 0) > pivot) right -= 1;
      if (left > right) break;
      const swapped = values[left] ?? 0;
      values[left] = values[right] ?? 0;
      values[right] = swapped;
      left += 1;
      right -= 1;
    }
    if (wanted <= right) high = right;
    else if (wanted >= left) low = left;
    else break;
  }
  return values[wanted] ?? -Infinity;
}
