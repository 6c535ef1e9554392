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
  /** Documents of one group may be found together or not at all; '' unless told. */
  readonly group?: string;
}

export interface Hit {
  readonly id: string;
  readonly score: number;
}

interface Slot {
  readonly id: string;
  readonly length: number;
  readonly terms: ReadonlyMap<string, number>;
  readonly group: string;
  /** Of the group, in the order of first use. */
  readonly groupPlace: number;
}

interface Group {
  readonly place: number;
  readonly documents: number;
  readonly totalLength: number;
}

/** Places of documents, in rising order, each followed by how often the term occurs there. */
type Postings = readonly number[];

export interface Bm25Index {
  /** By place; a removed document leaves a hole until the next compaction. */
  readonly slots: readonly (Slot | undefined)[];
  readonly places: ReadonlyMap<string, number>;
  readonly postings: ReadonlyMap<string, Postings>;
  /** By name; one whose documents were all removed stays, empty, until the next compaction. */
  readonly groups: ReadonlyMap<string, Group>;
}

export interface SearchOptions {
  readonly limit: number;
  /** Groups that may be found; frequencies are those among them, so that others cannot sway it. */
  readonly only?: (group: string) => boolean;
  /** Documents that are not there for this search, whatever their group. */
  readonly except?: ReadonlySet<string>;
}

export const EMPTY_INDEX: Bm25Index = {
  slots: [],
  places: new Map(),
  postings: new Map(),
  groups: new Map(),
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
  const groups = new Map(index.groups);

  const touched = new Set<string>();
  for (const place of removed) {
    const slot = slots[place];
    if (slot === undefined) continue;
    slots[place] = undefined;
    places.delete(slot.id);
    countIn(groups, slot.group, -1, -slot.length);
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
    const { length } = document.terms;
    const group = document.group ?? '';
    const groupPlace = countIn(groups, group, 1, length);
    slots.push({ id: document.id, length, terms, group, groupPlace });
    places.set(document.id, place);
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

  const changed = { slots, places, postings, groups };
  return slots.length > 64 && places.size * 2 < slots.length ? compacted(changed) : changed;
}

/**
 * The best documents for the terms, best first, equal scores by id. A document without any of the
 * terms is no hit, however few others there are.
 */
export function searchIndex(
  index: Bm25Index,
  queryTerms: readonly string[],
  options: SearchOptions,
): Hit[] {
  const allowed = allowedDocuments(index, options);
  if (allowed.count === 0) return [];
  const averageLength = allowed.totalLength / allowed.count;
  const scores = new Float64Array(index.slots.length);
  const found: number[] = [];
  for (const term of new Set(queryTerms)) {
    const postings = index.postings.get(term) ?? [];
    const counted = allowedPostings(index, postings, allowed);
    const frequency = counted.length / 2;
    const idf = Math.log(1 + (allowed.count - frequency + 0.5) / (frequency + 0.5));
    for (let at = 0; at < counted.length; at += 2) {
      const place = counted[at] ?? 0;
      const length = index.slots[place]?.length ?? 0;
      const count = counted[at + 1] ?? 0;
      const norm = K1 * (1 - B + (B * length) / averageLength);
      const before = scores[place] ?? 0;
      if (before === 0) found.push(place);
      scores[place] = before + (idf * count * (K1 + 1)) / (count + norm);
    }
  }
  return best(index, found, scores, options.limit);
}

interface Allowed {
  /** By place of the group: 1 where its documents may be found; absent when all may. */
  readonly groups?: Uint8Array;
  readonly exceptPlaces: ReadonlySet<number>;
  readonly count: number;
  readonly totalLength: number;
}

function allowedDocuments(index: Bm25Index, { only, except }: SearchOptions): Allowed {
  const groups = new Uint8Array(index.groups.size);
  let count = 0;
  let totalLength = 0;
  for (const [name, group] of index.groups) {
    if (only?.(name) === false) continue;
    groups[group.place] = 1;
    count += group.documents;
    totalLength += group.totalLength;
  }
  const exceptPlaces = new Set<number>();
  for (const id of except ?? []) {
    const place = index.places.get(id);
    const slot = place === undefined ? undefined : index.slots[place];
    if (place === undefined || slot === undefined || groups[slot.groupPlace] !== 1) continue;
    exceptPlaces.add(place);
    count -= 1;
    totalLength -= slot.length;
  }
  return { ...(only !== undefined && { groups }), exceptPlaces, count, totalLength };
}

/** The postings of the documents that may be found. */
function allowedPostings(
  index: Bm25Index,
  postings: Postings,
  { groups, exceptPlaces }: Allowed,
): Postings {
  if (groups === undefined && exceptPlaces.size === 0) return postings;
  const allowed: number[] = [];
  for (let at = 0; at < postings.length; at += 2) {
    const place = postings[at] ?? 0;
    const groupPlace = index.slots[place]?.groupPlace ?? 0;
    if (groups !== undefined && groups[groupPlace] !== 1) continue;
    if (exceptPlaces.size > 0 && exceptPlaces.has(place)) continue;
    allowed.push(place, postings[at + 1] ?? 0);
  }
  return allowed;
}

/** Adds to what a group counts, and answers its place. */
function countIn(
  groups: Map<string, Group>,
  name: string,
  documents: number,
  length: number,
): number {
  const group = groups.get(name) ?? { place: groups.size, documents: 0, totalLength: 0 };
  groups.set(name, {
    place: group.place,
    documents: group.documents + documents,
    totalLength: group.totalLength + length,
  });
  return group.place;
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
            group: slot.group,
          },
        ],
  );
  return changeIndex(EMPTY_INDEX, { put: documents, remove: [] });
}
