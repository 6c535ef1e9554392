/**
 * BM25 over a set of documents that changes a little at a time. An index is a value: adding to it and
 * removing from it give another one that shares every part that did not change, so that the index of a
 * strategy version is derived from its parent's at the cost of the difference.
 */

import { bestOf, scoreBoundOf, termWeight, type PostingList } from './postings.js';

/** One searchable text, already taken apart into terms. */
export interface Document {
  readonly id: string;
  /** In reading order. */
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
  readonly group: string;
  readonly terms: readonly string[];
}

/** What may be found together keeps its own term frequencies: others cost a search nothing. */
interface Group {
  readonly documents: number;
  readonly totalLength: number;
  readonly postings: ReadonlyMap<string, PostingList>;
}

export interface Bm25Index {
  /** By place; a removed document leaves a hole until the next compaction. */
  readonly slots: readonly (Slot | undefined)[];
  readonly places: ReadonlyMap<string, number>;
  /** By name; one whose documents were all removed is gone. */
  readonly groups: ReadonlyMap<string, Group>;
}

export interface SearchOptions {
  readonly limit: number;
  /** Groups that may be found, all unless told; frequencies are those among them alone. */
  readonly groups?: Iterable<string>;
}

export const EMPTY_INDEX: Bm25Index = { slots: [], places: new Map(), groups: new Map() };

export function buildIndex(documents: Iterable<Document>): Bm25Index {
  return changeIndex(EMPTY_INDEX, { put: documents, remove: [] });
}

/** The index after some documents were removed and some put; a put document replaces its namesake. */
export function changeIndex(
  index: Bm25Index,
  change: { readonly put: Iterable<Document>; readonly remove: Iterable<string> },
): Bm25Index {
  const put = new Map([...change.put].map((document) => [document.id, document]));
  const slots = [...index.slots];
  const places = new Map(index.places);
  const drafts = new Map<string, GroupDraft>();
  const draftOf = (name: string): GroupDraft => {
    const found = drafts.get(name) ?? new GroupDraft(index.groups.get(name));
    drafts.set(name, found);
    return found;
  };

  for (const id of new Set([...change.remove, ...put.keys()])) {
    const place = places.get(id);
    const slot = place === undefined ? undefined : slots[place];
    if (place === undefined || slot === undefined) continue;
    slots[place] = undefined;
    places.delete(id);
    draftOf(slot.group).remove(place, slot.terms);
  }
  // One string a term, however many documents hold it.
  const known = new Map<string, string>();
  const shared = (term: string): string => {
    const found = known.get(term);
    if (found === undefined) known.set(term, term);
    return found ?? term;
  };
  for (const { id, terms: given, group = '' } of put.values()) {
    const terms = given.map(shared);
    places.set(id, slots.length);
    draftOf(group).put(slots.length, terms);
    slots.push({ id, group, terms });
  }

  const groups = new Map(index.groups);
  for (const [name, draft] of drafts) {
    const group = draft.group();
    if (group === undefined) groups.delete(name);
    else groups.set(name, group);
  }
  const changed = { slots, places, groups };
  return slots.length > 64 && places.size * 2 < slots.length ? compacted(changed) : changed;
}

/**
 * The best documents for the terms, best first, equal scores by id. A document without any of the
 * terms is no hit, however few others there are.
 *
 * Terms are read rarest first. Once what the terms still to come could add is less than what the
 * `limit`-th best has already, no further document is looked at: the cost is the rows of the rare terms,
 * not those of every word.
 */
export function searchIndex(
  index: Bm25Index,
  queryTerms: readonly string[],
  { limit, groups: names }: SearchOptions,
): Hit[] {
  if (limit <= 0) return [];
  const groups = groupsNamed(index, names);
  const count = groups.reduce((sum, { documents }) => sum + documents, 0);
  if (count === 0) return [];
  const averageLength = groups.reduce((sum, group) => sum + group.totalLength, 0) / count;
  const asked = [...new Set(queryTerms)]
    .map((term) => {
      const lists = groups.flatMap(({ postings }) => postings.get(term) ?? []);
      const frequency = lists.reduce((sum, { places }) => sum + places.length, 0);
      const idf = Math.log(1 + (count - frequency + 0.5) / (frequency + 0.5));
      const bound = Math.max(0, ...lists.map((list) => scoreBoundOf(list, idf, averageLength)));
      return { lists, frequency, idf, bound };
    })
    .filter(({ frequency }) => frequency > 0)
    .sort((left, right) => left.frequency - right.frequency);

  const scores = new Float64Array(index.slots.length);
  const lengthAt = (place: number): number => index.slots[place]?.terms.length ?? 0;
  let found: number[] = [];
  let toCome = asked.reduce((sum, { bound }) => sum + bound, 0);
  let isClosed = false;
  for (const { lists, frequency, idf, bound } of asked) {
    if (frequency > found.length && found.length >= limit) {
      const floor = bestOf(found, scores, limit) * (1 - 1e-9);
      if (isClosed || toCome < floor) {
        isClosed = true;
        found = found.filter((place) => (scores[place] ?? 0) + toCome >= floor);
      }
    }
    toCome -= bound;
    if (isClosed) {
      for (const place of found) {
        const times = timesAt(lists, place);
        if (times === 0) continue;
        const before = scores[place] ?? 0;
        scores[place] = before + termWeight(idf, times, lengthAt(place), averageLength);
      }
      continue;
    }
    for (const { places, counts } of lists) {
      for (let at = 0; at < places.length; at += 1) {
        const place = places[at] ?? 0;
        const before = scores[place] ?? 0;
        if (before === 0) found.push(place);
        const added = termWeight(idf, counts[at] ?? 0, lengthAt(place), averageLength);
        scores[place] = before + added;
      }
    }
  }

  const floor = found.length > limit ? bestOf(found, scores, limit) : 0;
  const hits = found.flatMap((place): Hit[] => {
    const score = scores[place] ?? 0;
    const slot = index.slots[place];
    return slot === undefined || score < floor ? [] : [{ id: slot.id, score }];
  });
  hits.sort((left, right) => right.score - left.score || (left.id < right.id ? -1 : 1));
  return hits.slice(0, limit);
}

/** How rare a term is among some groups: the weight that BM25 gives one occurrence, before length. */
export function rarityIn(
  index: Bm25Index,
  term: string,
  names: Iterable<string> | undefined,
): number {
  const groups = groupsNamed(index, names);
  const count = groups.reduce((sum, { documents }) => sum + documents, 0);
  const frequency = groups.reduce(
    (sum, { postings }) => sum + (postings.get(term)?.places.length ?? 0),
    0,
  );
  return frequency === 0 ? 0 : Math.log(1 + (count - frequency + 0.5) / (frequency + 0.5));
}

/** The terms of a document in reading order; none where it is not there. */
export function termsIn(index: Bm25Index, id: string): readonly string[] {
  const place = index.places.get(id);
  return place === undefined ? [] : (index.slots[place]?.terms ?? []);
}

function groupsNamed(index: Bm25Index, names: Iterable<string> | undefined): readonly Group[] {
  if (names === undefined) return [...index.groups.values()];
  return [...new Set(names)].flatMap((name) => index.groups.get(name) ?? []);
}

/** How often a term occurs at a place: looked up, since the place is known and the list may be long. */
function timesAt(lists: readonly PostingList[], place: number): number {
  for (const { places, counts } of lists) {
    let low = 0;
    let high = places.length - 1;
    while (low <= high) {
      const middle = (low + high) >> 1;
      const there = places[middle] ?? 0;
      if (there === place) return counts[middle] ?? 0;
      if (there < place) low = middle + 1;
      else high = middle - 1;
    }
  }
  return 0;
}

/** A group while it changes; lists are copied when they are first touched. */
class GroupDraft {
  #documents: number;
  #totalLength: number;
  readonly #postings: Map<string, PostingList>;
  readonly #added = new Map<string, { places: number[]; counts: number[]; shortest: number }>();
  readonly #gone = new Map<string, Set<number>>();

  constructor(from: Group | undefined) {
    this.#documents = from?.documents ?? 0;
    this.#totalLength = from?.totalLength ?? 0;
    this.#postings = new Map(from?.postings);
  }

  remove(place: number, terms: readonly string[]): void {
    this.#documents -= 1;
    this.#totalLength -= terms.length;
    for (const term of new Set(terms)) {
      const gone = this.#gone.get(term) ?? new Set();
      this.#gone.set(term, gone.add(place));
    }
  }

  put(place: number, terms: readonly string[]): void {
    this.#documents += 1;
    this.#totalLength += terms.length;
    for (const [term, count] of countsOf(terms)) {
      const added = this.#added.get(term) ?? { places: [], counts: [], shortest: Infinity };
      added.places.push(place);
      added.counts.push(count);
      added.shortest = Math.min(added.shortest, terms.length);
      this.#added.set(term, added);
    }
  }

  group(): Group | undefined {
    if (this.#documents === 0) return undefined;
    for (const [term, gone] of this.#gone) {
      const list = this.#postings.get(term);
      if (list === undefined) continue;
      const stays = list.places.map((place) => !gone.has(place));
      const places = list.places.filter((_, at) => stays[at]);
      const counts = list.counts.filter((_, at) => stays[at]);
      // Shortest and most stay as they were: a bound that is too high costs time and no hit.
      if (places.length === 0) this.#postings.delete(term);
      else this.#postings.set(term, { ...list, places, counts });
    }
    for (const [term, added] of this.#added) {
      const before = this.#postings.get(term);
      this.#postings.set(term, {
        places: before === undefined ? added.places : [...before.places, ...added.places],
        counts: before === undefined ? added.counts : [...before.counts, ...added.counts],
        most: added.counts.reduce((most, count) => Math.max(most, count), before?.most ?? 0),
        shortest: Math.min(before?.shortest ?? Infinity, added.shortest),
      });
    }
    return {
      documents: this.#documents,
      totalLength: this.#totalLength,
      postings: this.#postings,
    };
  }
}

function countsOf(terms: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const term of terms) counts.set(term, (counts.get(term) ?? 0) + 1);
  return counts;
}

/** The same documents without holes, in the order of their places. */
function compacted(index: Bm25Index): Bm25Index {
  const documents = index.slots.filter((slot) => slot !== undefined);
  return changeIndex(EMPTY_INDEX, { put: documents, remove: [] });
}
