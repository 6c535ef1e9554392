/**
 * BM25 over a set of documents that changes a little at a time. An index is a value: adding to it and
 * removing from it give another one that shares every part that did not change, so that the index of a
 * strategy version is derived from its parent's at the cost of the difference.
 */

import { GroupDraft, type DocumentGroup } from './document-group.js';
import { rarityOf } from './postings.js';

/** One searchable text, already taken apart into terms. */
export interface Document {
  readonly id: string;
  /** In reading order. */
  readonly terms: readonly string[];
  /** Documents of one group may be found together or not at all; '' unless told. */
  readonly group?: string;
}

export interface Bm25Index {
  /** By name; one whose documents were all removed is gone. */
  readonly groups: ReadonlyMap<string, DocumentGroup>;
}

export const EMPTY_INDEX: Bm25Index = { groups: new Map() };

export function buildIndex(documents: Iterable<Document>): Bm25Index {
  return changeIndex(EMPTY_INDEX, { put: documents, remove: [] });
}

/** The index after some documents were removed and some put; a put document replaces its namesake. */
export function changeIndex(
  index: Bm25Index,
  change: { readonly put: Iterable<Document>; readonly remove: Iterable<string> },
): Bm25Index {
  const put = new Map([...change.put].map((document) => [document.id, document]));
  const drafts = new Map<string, GroupDraft>();
  const draftOf = (name: string): GroupDraft => {
    const found = drafts.get(name);
    if (found !== undefined) return found;
    const draft = new GroupDraft(index.groups.get(name));
    drafts.set(name, draft);
    return draft;
  };

  for (const id of new Set([...change.remove, ...put.keys()])) {
    const group = groupHolding(index, id);
    if (group !== undefined) draftOf(group).remove(id);
  }
  // One string a term, however many documents hold it.
  const known = new Map<string, string>();
  const shared = (term: string): string => {
    const found = known.get(term);
    if (found === undefined) known.set(term, term);
    return found ?? term;
  };
  for (const { id, terms, group = '' } of put.values()) draftOf(group).put(id, terms.map(shared));

  const groups = new Map(index.groups);
  for (const [name, draft] of drafts) {
    const group = draft.group();
    if (group === undefined) groups.delete(name);
    else groups.set(name, group);
  }
  return { groups };
}

function groupHolding({ groups }: Bm25Index, id: string): string | undefined {
  for (const [name, { places }] of groups) if (places.has(id)) return name;
  return undefined;
}

/** The groups of some names, all of them where none are named. */
export function groupsNamed(
  { groups }: Bm25Index,
  names: Iterable<string> | undefined,
): readonly DocumentGroup[] {
  if (names === undefined) return [...groups.values()];
  return [...new Set(names)].flatMap((name) => groups.get(name) ?? []);
}

/** How many documents some groups have. */
export function documentsIn(groups: readonly DocumentGroup[]): number {
  return groups.reduce((sum, { documents }) => sum + documents, 0);
}

/** In how many documents of some groups each of some terms is. */
export function frequenciesIn(
  groups: readonly DocumentGroup[],
  terms: Iterable<string>,
): ReadonlyMap<string, number> {
  const frequencies = new Map<string, number>();
  for (const term of terms) {
    if (frequencies.has(term)) continue;
    let frequency = 0;
    for (const { postings } of groups) frequency += postings.get(term)?.places.length ?? 0;
    frequencies.set(term, frequency);
  }
  return frequencies;
}

/**
 * How rare each of some terms is among some groups: the weight that BM25 gives one occurrence, before
 * length; 0 where no document of them holds it.
 */
export function raritiesIn(
  groups: readonly DocumentGroup[],
  terms: Iterable<string>,
): ReadonlyMap<string, number> {
  const count = documentsIn(groups);
  const rarities = new Map<string, number>();
  for (const [term, frequency] of frequenciesIn(groups, terms)) {
    rarities.set(term, frequency === 0 ? 0 : rarityOf(frequency, count));
  }
  return rarities;
}

/** Whether any document holds a term. */
export function isKnownTerm({ groups }: Bm25Index, term: string): boolean {
  for (const { postings } of groups.values()) if (postings.has(term)) return true;
  return false;
}

/** The terms of a document in reading order; none where it is not there. */
export function termsIn({ groups }: Bm25Index, group: string, id: string): readonly string[] {
  const found = groups.get(group);
  const place = found?.places.get(id);
  return place === undefined ? [] : (found?.terms[place] ?? []);
}
