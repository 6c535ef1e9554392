import type { Guess } from './baselines.js';
import type { LabelledCase } from './who-and-when.js';

/** Counts of cases; one without an answer is wrong in all but `answered`. */
export interface Row {
  readonly method: string;
  /** `all`, or a part of the cases. */
  readonly subset: string;
  readonly n: number;
  readonly answered: number;
  readonly agent: number;
  readonly step: number;
  /** At most three messages off. */
  readonly within3: number;
}

const WITHIN = 3;
const ALL = 'all';

/** What a method got right, of all cases and of each part. */
export function rowsOf(
  method: string,
  cases: readonly LabelledCase[],
  guess: (each: LabelledCase) => Guess,
): readonly Row[] {
  return rowsOfChances(method, cases, (each) => [guess(each)]);
}

/** The same for a method that draws one of its guesses at random: what it gets right on average. */
export function rowsOfChances(
  method: string,
  cases: readonly LabelledCase[],
  guesses: (each: LabelledCase) => readonly Guess[],
): readonly Row[] {
  const guessed = cases.map((each) => ({ each, guesses: guesses(each) }));
  const subsets = [ALL, ...new Set(cases.map(({ subset }) => subset))];
  return subsets.map((subset) => {
    const meant = guessed.filter(({ each }) => subset === ALL || each.subset === subset);
    const count = (isSo: (guess: Guess, each: LabelledCase) => boolean): number =>
      meant.reduce((sum, one) => {
        const hits = one.guesses.filter((guess) => isSo(guess, one.each)).length;
        return sum + hits / one.guesses.length;
      }, 0);
    return {
      method,
      subset,
      n: meant.length,
      answered: count(({ agent }) => agent !== null),
      agent: count(({ agent }, each) => agent?.toLowerCase() === each.agent),
      step: count(({ step }, each) => step === each.step),
      within3: count(({ step }, each) => step !== null && Math.abs(step - each.step) <= WITHIN),
    };
  });
}
