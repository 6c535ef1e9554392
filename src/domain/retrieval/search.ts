import type { DocumentGroup } from './document-group.js';
import { countAt, nthHighest, rarityOf, scoreBoundOf, termWeight } from './postings.js';
import type { PostingList } from './postings.js';

export interface Hit {
  readonly id: string;
  readonly score: number;
  /** Of the document, in reading order. */
  readonly terms: readonly string[];
}

/** One term of a query with where it occurs, a list a group. */
interface Asked {
  readonly lists: readonly { readonly list: PostingList; readonly group: number }[];
  readonly frequency: number;
  readonly idf: number;
  /** It adds no more to any document. */
  readonly bound: number;
}

/**
 * The best documents of some groups for the terms, best first, equal scores by id; frequencies are those
 * among these groups alone. A document without any of the terms is no hit, however few others there are.
 *
 * Terms are read rarest first. Once what the terms still to come could add is less than what the
 * `limit`-th best has already, no further document is looked at: the cost is the rows of the rare terms,
 * not those of every word.
 */
export function searchGroups(
  groups: readonly DocumentGroup[],
  queryTerms: readonly string[],
  limit: number,
): Hit[] {
  const count = groups.reduce((sum, { documents }) => sum + documents, 0);
  if (limit <= 0 || count === 0) return [];
  const averageLength = groups.reduce((sum, group) => sum + group.totalLength, 0) / count;
  const asked = askedTerms(groups, queryTerms, count, averageLength);

  const pool = new Candidates(groups, averageLength);
  let toCome = asked.reduce((sum, { bound }) => sum + bound, 0);
  let isClosed = false;
  for (const { lists, frequency, idf, bound } of asked) {
    // The limit-th best cannot have more than the best: most often that settles it.
    const mayClose = isClosed || (pool.size >= limit && toCome < pool.best);
    if (mayClose && frequency > pool.size) {
      const floor = pool.nthBest(limit) * (1 - 1e-9);
      if (isClosed || toCome < floor) {
        isClosed = true;
        pool.keep(floor - toCome);
      }
    }
    toCome -= bound;
    for (const { list, group } of lists) {
      if (isClosed) pool.addToKept(list, group, idf);
      else pool.add(list, group, idf);
    }
  }
  return pool.hits(limit);
}

function askedTerms(
  groups: readonly DocumentGroup[],
  queryTerms: readonly string[],
  count: number,
  averageLength: number,
): readonly Asked[] {
  return [...new Set(queryTerms)]
    .flatMap((term): Asked[] => {
      const lists: { readonly list: PostingList; readonly group: number }[] = [];
      let frequency = 0;
      for (let group = 0; group < groups.length; group += 1) {
        const list = groups[group]?.postings.get(term);
        if (list === undefined) continue;
        lists.push({ list, group });
        frequency += list.places.length;
      }
      if (frequency === 0) return [];
      const idf = rarityOf(frequency, count);
      const bound = Math.max(0, ...lists.map(({ list }) => scoreBoundOf(list, idf, averageLength)));
      return [{ lists, frequency, idf, bound }];
    })
    .sort((left, right) => left.frequency - right.frequency);
}

/** Looking up one place costs about as much as reading so many. */
const LOOK_UPS = 8;

/**
 * Scores of one search, by number: the places of the first group, then those of the next. They are kept
 * for the next search, all 0 again, since one large array a search would keep the collector busy.
 */
class Candidates {
  readonly #groups: readonly DocumentGroup[];
  readonly #averageLength: number;
  /** By group: the number of its first place. */
  readonly #offsets: readonly number[];
  readonly #scores: Float64Array;
  /** Numbers with a score; the first `size` of it are looked at. */
  readonly #found: Int32Array;
  #touched = 0;
  size = 0;
  /** No score is higher. */
  best = 0;

  constructor(groups: readonly DocumentGroup[], averageLength: number) {
    this.#groups = groups;
    this.#averageLength = averageLength;
    const offsets: number[] = [];
    let total = 0;
    for (const { ids } of groups) {
      offsets.push(total);
      total += ids.length;
    }
    this.#offsets = offsets;
    const { scores, found } = roomFor(total);
    this.#scores = scores;
    this.#found = found;
  }

  /** Adds what a term is worth to every document that holds it. */
  add({ places, counts }: PostingList, group: number, idf: number): void {
    const lengths = this.#groups[group]?.lengths ?? [];
    const offset = this.#offsets[group] ?? 0;
    const scores = this.#scores;
    const found = this.#found;
    const averageLength = this.#averageLength;
    let { size, best } = this;
    for (let at = 0; at < places.length; at += 1) {
      const place = places[at] ?? 0;
      const number = offset + place;
      const before = scores[number] ?? 0;
      if (before === 0) {
        found[size] = number;
        size += 1;
      }
      const after = before + termWeight(idf, counts[at] ?? 0, lengths[place] ?? 0, averageLength);
      scores[number] = after;
      if (after > best) best = after;
    }
    this.size = size;
    this.#touched = size;
    this.best = best;
  }

  /** The same for those that were kept, alone: looked up in the list where it is much longer. */
  addToKept(list: PostingList, group: number, idf: number): void {
    if (list.places.length < this.size * LOOK_UPS) this.#addToFound(list, group, idf);
    else this.#lookUpKept(list, group, idf);
  }

  /** Those that were let go get their share too, which changes nothing. */
  #addToFound({ places, counts }: PostingList, group: number, idf: number): void {
    const lengths = this.#groups[group]?.lengths ?? [];
    const offset = this.#offsets[group] ?? 0;
    const scores = this.#scores;
    for (let at = 0; at < places.length; at += 1) {
      const place = places[at] ?? 0;
      const before = scores[offset + place] ?? 0;
      if (before === 0) continue;
      const weight = termWeight(idf, counts[at] ?? 0, lengths[place] ?? 0, this.#averageLength);
      scores[offset + place] = before + weight;
    }
  }

  #lookUpKept(list: PostingList, group: number, idf: number): void {
    const { lengths = [], ids = [] } = this.#groups[group] ?? {};
    const offset = this.#offsets[group] ?? 0;
    for (let at = 0; at < this.size; at += 1) {
      const number = this.#found[at] ?? 0;
      const place = number - offset;
      if (place < 0 || place >= ids.length) continue;
      const count = countAt(list, place);
      if (count === 0) continue;
      const weight = termWeight(idf, count, lengths[place] ?? 0, this.#averageLength);
      this.#scores[number] = (this.#scores[number] ?? 0) + weight;
    }
  }

  nthBest(nth: number): number {
    const values = new Float64Array(this.size);
    for (let at = 0; at < this.size; at += 1) {
      values[at] = this.#scores[this.#found[at] ?? 0] ?? 0;
    }
    return nthHighest(values, nth);
  }

  /** Looks no further at those with less. */
  keep(floor: number): void {
    const found = this.#found;
    let kept = 0;
    for (let at = 0; at < this.size; at += 1) {
      const number = found[at] ?? 0;
      if ((this.#scores[number] ?? 0) < floor) continue;
      // Those left out stay in the list, behind: their scores have to be taken back in the end.
      found[at] = found[kept] ?? 0;
      found[kept] = number;
      kept += 1;
    }
    this.size = kept;
  }

  /** Ends the search. */
  hits(limit: number): Hit[] {
    const floor = this.size > limit ? this.nthBest(limit) : 0;
    const hits: Hit[] = [];
    for (let at = 0; at < this.size; at += 1) {
      const number = this.#found[at] ?? 0;
      const score = this.#scores[number] ?? 0;
      if (score >= floor) hits.push(this.#hitAt(number, score));
    }
    for (let at = 0; at < this.#touched; at += 1) this.#scores[this.#found[at] ?? 0] = 0;
    spare = { scores: this.#scores, found: this.#found };
    hits.sort((left, right) => right.score - left.score || (left.id < right.id ? -1 : 1));
    return hits.slice(0, limit);
  }

  #hitAt(number: number, score: number): Hit {
    let group = this.#offsets.length - 1;
    while (group > 0 && (this.#offsets[group] ?? 0) > number) group -= 1;
    const place = number - (this.#offsets[group] ?? 0);
    const { ids = [], terms = [] } = this.#groups[group] ?? {};
    return { id: ids[place] ?? '', score, terms: terms[place] ?? [] };
  }
}

interface Room {
  readonly scores: Float64Array;
  readonly found: Int32Array;
}

/** All zeros while no search has it; a search that fails does not give it back. */
let spare: Room | undefined;

function roomFor(size: number): Room {
  const room = spare;
  spare = undefined;
  if (room !== undefined && room.scores.length >= size) return room;
  const roomy = Math.ceil(size * 1.25);
  return { scores: new Float64Array(roomy), found: new Int32Array(roomy) };
}
