import { withoutPlaces, type PostingList } from './postings.js';

/**
 * Documents that may be found together, with term frequencies of their own: those of other groups cost a
 * search nothing. A value: a draft of it gives another one that shares every list that did not change.
 */
export interface DocumentGroup {
  readonly documents: number;
  readonly totalLength: number;
  /** By place; a removed document leaves a hole until the next compaction. */
  readonly ids: readonly (string | undefined)[];
  /** By place, in reading order. */
  readonly terms: readonly (readonly string[])[];
  /** By place: how many terms. */
  readonly lengths: readonly number[];
  readonly places: ReadonlyMap<string, number>;
  readonly postings: ReadonlyMap<string, PostingList>;
}

interface Added {
  readonly places: number[];
  readonly counts: number[];
  most: number;
  shortest: number;
}

const NONE: readonly string[] = [];
/** Below it holes are not worth another walk. */
const SMALL = 64;

/** A group while it changes; lists are copied when they are first touched. */
export class GroupDraft {
  #documents: number;
  #totalLength: number;
  readonly #ids: (string | undefined)[];
  readonly #terms: (readonly string[])[];
  readonly #lengths: number[];
  readonly #places: Map<string, number>;
  readonly #postings: Map<string, PostingList>;
  readonly #added = new Map<string, Added>();
  readonly #gone = new Map<string, Set<number>>();

  constructor(from?: DocumentGroup) {
    this.#documents = from?.documents ?? 0;
    this.#totalLength = from?.totalLength ?? 0;
    this.#ids = from?.ids.slice() ?? [];
    this.#terms = from?.terms.slice() ?? [];
    this.#lengths = from?.lengths.slice() ?? [];
    this.#places = new Map(from?.places);
    this.#postings = new Map(from?.postings);
  }

  remove(id: string): void {
    const place = this.#places.get(id);
    if (place === undefined) return;
    const terms = this.#terms[place] ?? NONE;
    this.#documents -= 1;
    this.#totalLength -= terms.length;
    this.#places.delete(id);
    this.#ids[place] = undefined;
    this.#terms[place] = NONE;
    this.#lengths[place] = 0;
    for (const term of new Set(terms)) {
      const gone = this.#gone.get(term) ?? new Set();
      this.#gone.set(term, gone.add(place));
    }
  }

  /** A document that is not in the group. */
  put(id: string, terms: readonly string[]): void {
    const place = this.#ids.length;
    this.#documents += 1;
    this.#totalLength += terms.length;
    this.#places.set(id, place);
    this.#ids.push(id);
    this.#terms.push(terms);
    this.#lengths.push(terms.length);
    for (const term of terms) this.#count(term, place, terms.length);
  }

  #count(term: string, place: number, length: number): void {
    const added = this.#added.get(term);
    if (added === undefined) {
      this.#added.set(term, { places: [place], counts: [1], most: 1, shortest: length });
      return;
    }
    const last = added.places.length - 1;
    if (added.places[last] !== place) {
      added.places.push(place);
      added.counts.push(1);
      if (length < added.shortest) added.shortest = length;
      return;
    }
    const count = (added.counts[last] ?? 0) + 1;
    added.counts[last] = count;
    if (count > added.most) added.most = count;
  }

  /** Undefined where no document is left. */
  group(): DocumentGroup | undefined {
    if (this.#documents === 0) return undefined;
    if (this.#ids.length > SMALL && this.#documents * 2 < this.#ids.length)
      return this.#compacted();
    for (const [term, gone] of this.#gone) {
      const list = this.#postings.get(term);
      if (list === undefined) continue;
      const left = withoutPlaces(list, gone);
      if (left.places.length === 0) this.#postings.delete(term);
      else this.#postings.set(term, left);
    }
    for (const [term, added] of this.#added) {
      const before = this.#postings.get(term);
      this.#postings.set(term, before === undefined ? added : joined(before, added));
    }
    return {
      documents: this.#documents,
      totalLength: this.#totalLength,
      ids: this.#ids,
      terms: this.#terms,
      lengths: this.#lengths,
      places: this.#places,
      postings: this.#postings,
    };
  }

  /** The same documents without holes, in the order of their places. */
  #compacted(): DocumentGroup | undefined {
    const draft = new GroupDraft();
    this.#ids.forEach((id, place) => {
      if (id !== undefined) draft.put(id, this.#terms[place] ?? NONE);
    });
    return draft.group();
  }
}

function joined(before: PostingList, added: PostingList): PostingList {
  return {
    places: before.places.concat(added.places),
    counts: before.counts.concat(added.counts),
    most: Math.max(before.most, added.most),
    shortest: Math.min(before.shortest, added.shortest),
  };
}
