import { documentsIn, frequenciesIn } from './bm25.js';
import type { DocumentGroup } from './document-group.js';
import { rarityOf } from './postings.js';

/**
 * Whether a lesson is about a task at all: how much of what the task says it speaks of. A rank cannot tell,
 * since something always comes first.
 */

/**
 * A lesson that covers less of the words of a task, by weight, is not about that task. One whose predicates
 * speak of the task, or a note on a tool, is near it already: of it only the words are asked that some lesson
 * knows.
 * Chosen on the developer data; docs/results.md has what they let through and what they cost.
 */
const LEAST_COVERED = { ofAll: 0.14, ofKnown: 0.05 };
/** Rarity among fewer lessons says little: where both of two speak of invoices, that is no common word. */
const FEWEST = 50;

/** What the terms of a task weigh. */
export interface TermWeights {
  /** Of those that some lesson knows. */
  readonly known: ReadonlyMap<string, number>;
  readonly ofKnown: number;
  readonly ofAll: number;
}

/**
 * Each term weighs by how rare it is among some groups. A word that no lesson knows weighs as much as the
 * rarest: it says that the task is about something else. A number does not: it says which one, not what.
 */
export function weighTerms(
  groups: readonly DocumentGroup[],
  terms: readonly string[],
): TermWeights {
  const count = Math.max(FEWEST, documentsIn(groups));
  const known = new Map<string, number>();
  let ofKnown = 0;
  let unknown = 0;
  for (const [term, frequency] of frequenciesIn(groups, terms)) {
    if (frequency > 0) {
      const weight = rarityOf(frequency, count);
      known.set(term, weight);
      ofKnown += weight;
    } else if (isWord(term)) unknown += 1;
  }
  return { known, ofKnown, ofAll: ofKnown + unknown * rarityOf(1, count) };
}

/** Whether a document speaks of enough of the words; fewer are enough of one that is near the task already. */
export function isAbout(
  documentTerms: readonly string[],
  { known, ofKnown, ofAll }: TermWeights,
  isNear: boolean,
): boolean {
  const own = new Set(documentTerms);
  let covered = 0;
  for (const [term, weight] of known) if (own.has(term)) covered += weight;
  if (isNear) return covered >= LEAST_COVERED.ofKnown * ofKnown;
  return covered >= LEAST_COVERED.ofAll * ofAll;
}

/** A number says which one, not what. */
export function isWord(term: string): boolean {
  return !/^\p{N}/u.test(term);
}
