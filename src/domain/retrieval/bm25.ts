/**
 * BM25 over a set of documents that changes a little at a time. An index is a value: adding to it and
 * removing from it give another one that shares every posting list that did not change, so that the
 * index of a strategy version is derived from its parent's at the cost of the difference.
 */

const K1 = 1.2;
const B = 0.75;

/** One searchable text, already taken apart into terms. */
export interface Document {
  readonly id: string;
  readonly terms: readonly string[];
}

export interface Hit {
  readonly id: string;
  readonly score: number;
}

interface Slot {
  readonly id: string;
  readonly length: number;
  readonly terms: ReadonlyMap<string, number>;
}

/** Places of documents, in rising order, each followed by how often the term occurs there. */
type Postings = readonly number[];

export interface Bm25Index {
  /** By place; a removed document leaves a hole until the next compaction. */
  readonly slots: readonly (Slot | undefined)[];
  readonly places: ReadonlyMap<string, number>;
  readonly postings: ReadonlyMap<string, Postings>;
  readonly totalLength: number;
}

export interface SearchOptions {
  readonly limit: number;
  /** Documents that may be found; frequencies are those among them, so that others cannot sway it. */
  readonly only?: (id: string) => boolean;
}

export const EMPTY_INDEX: Bm25Index = {
  slots: [],
  places: new Map(),
  postings: new Map(),
  totalLength: 0,
};

export function buildIndex(documents: Iterable<Document>): Bm25Index {
  return changeIndex(EMPTY_INDEX, { put: documents, remove: [] });
}

/** The index after some documents were removed and some put; a put document replaces its namesake. */
export function changeIndex(
  index: Bm25Index,
  change: {
    readonly put: Iterable<Document>;
    readonly remove: Iterable<string>;
  },
): Bm25Index {
  const put = new Map([...change.put].map((document) => [document.id, document]));
  const removed = [...new Set([...change.remove, ...put.keys()])].flatMap(
    (id) => index.places.get(id) ?? [],
  );
  const slots = [...index.slots];
  const places = new Map(index.places);
  const postings = new Map(index.postings);
  let totalLength = index.totalLength;

  const touched = new Set<string>();
  for (const place of removed) {
    const slot = slots[place];
    if (slot === undefined) continue;
    slots[place] = undefined;
    places.delete(slot.id);
    totalLength -= slot.length;
    for (const term of slot.terms.keys()) touched.add(term);
  }
  const gone = new Set(removed);
  for (const term of touched) {
    const kept = withoutPlaces(postings.get(term) ?? [], gone);
    if (kept.length === 0) postings.delete(term);
    else postings.set(term, kept);
  }

  const grown = new Map<string, number[]>();
  for (const document of put.values()) {
    const place = slots.length;
    const terms = countsOf(document.terms);
    slots.push({ id: document.id, length: document.terms.length, terms });
    places.set(document.id, place);
    totalLength += document.terms.length;
    for (const [term, count] of terms) {
      let list = grown.get(term);
      if (list === undefined) {
        list = [...(postings.get(term) ?? [])];
        grown.set(term, list);
      }
      list.push(place, count);
    }
  }
  for (const [term, list] of grown) postings.set(term, list);

  const changed = { slots, places, postings, totalLength };
  return slots.length > 64 && places.size * 2 < slots.length ? compacted(changed) : changed;
}

/**
 * The best documents for the terms, best first, equal scores by id. A document without any of the
 * terms is no hit, however few others there are.
 */
export function searchIndex(
  index: Bm25Index,
  queryTerms: readonly string[],
  { limit, only }: SearchOptions,
): Hit[] {
  const allowed = only === undefined ? everySlot(index) : allowedSlots(index, only);
  if (allowed.count === 0) return [];
  const averageLength = allowed.totalLength / allowed.count;
  const scores = new Float64Array(index.slots.length);
  const found: number[] = [];
  for (const term of new Set(queryTerms)) {
    const postings = index.postings.get(term);
    if (postings === undefined) continue;
    const frequency = documentFrequency(postings, allowed.marks);
    if (frequency === 0) continue;
    const idf = Math.log(1 + (allowed.count - frequency + 0.5) / (frequency + 0.5));
    for (let at = 0; at < postings.length; at += 2) {
      const place = postings[at] ?? 0;
      const slot = index.slots[place];
      if (slot === undefined || (allowed.marks !== undefined && allowed.marks[place] !== 1))
        continue;
      const count = postings[at + 1] ?? 0;
      const norm = K1 * (1 - B + (B * slot.length) / averageLength);
      const before = scores[place] ?? 0;
      if (before === 0) found.push(place);
      scores[place] = before + (idf * count * (K1 + 1)) / (count + norm);
    }
  }
  return best(index, found, scores, limit);
}

interface Allowed {
  /** By place: 1 where the document may be found; absent when all may. */
  readonly marks?: Uint8Array;
  readonly count: number;
  readonly totalLength: number;
}

function everySlot(index: Bm25Index): Allowed {
  return { count: index.places.size, totalLength: index.totalLength };
}

function allowedSlots(index: Bm25Index, only: (id: string) => boolean): Allowed {
  const marks = new Uint8Array(index.slots.length);
  let count = 0;
  let totalLength = 0;
  for (const [id, place] of index.places) {
    if (!only(id)) continue;
    marks[place] = 1;
    count += 1;
    totalLength += index.slots[place]?.length ?? 0;
  }
  return { marks, count, totalLength };
}

function documentFrequency(postings: Postings, marks: Uint8Array | undefined): number {
  if (marks === undefined) return postings.length / 2;
  let frequency = 0;
  for (let at = 0; at < postings.length; at += 2) frequency += marks[postings[at] ?? 0] ?? 0;
  return frequency;
}

function best(
  index: Bm25Index,
  found: readonly number[],
  scores: Float64Array,
  limit: number,
): Hit[] {
  // A common term finds most documents: what cannot be among the best is not sorted.
  const floor = found.length > 4 * limit ? nthHighest(found, scores, limit) : -Infinity;
  const hits: Hit[] = [];
  for (const place of found) {
    const score = scores[place] ?? 0;
    const slot = index.slots[place];
    if (slot !== undefined && score >= floor) hits.push({ id: slot.id, score });
  }
  hits.sort((left, right) => right.score - left.score || (left.id < right.id ? -1 : 1));
  return hits.slice(0, limit);
}

function nthHighest(found: readonly number[], scores: Float64Array, nth: number): number {
  const sorted = new Float64Array(found.length);
  found.forEach((place, at) => (sorted[at] = scores[place] ?? 0));
  sorted.sort();
  return sorted[Math.max(0, sorted.length - nth)] ?? -Infinity;
}

function countsOf(terms: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const term of terms) counts.set(term, (counts.get(term) ?? 0) + 1);
  return counts;
}

function withoutPlaces(postings: Postings, gone: ReadonlySet<number>): number[] {
  const kept: number[] = [];
  for (let at = 0; at < postings.length; at += 2) {
    const place = postings[at] ?? 0;
    if (!gone.has(place)) kept.push(place, postings[at + 1] ?? 0);
  }
  return kept;
}

/** The same documents without holes, in the order of their places. */
function compacted(index: Bm25Index): Bm25Index {
  const documents = index.slots.flatMap((slot) =>
    slot === undefined
      ? []
      : [
          {
            id: slot.id,
            terms: [...slot.terms].flatMap(([term, n]) => Array<string>(n).fill(term)),
          },
        ],
  );
  return changeIndex(EMPTY_INDEX, { put: documents, remove: [] });
}
