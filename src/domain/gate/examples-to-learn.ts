import { lowerBound, upperBound } from './confidence-sequence.js';
import { addToTally, emptyTally, tallyOf } from './tally.js';
import type { Tally } from './tally.js';

/** Bounds of a mean success rate that hold at every sample size at once. */
export interface SuccessInterval {
  readonly lower: number;
  readonly upper: number;
}

/**
 * Betting confidence sequence of a success rate, outcomes in [0, 1], two-sided at 95 %. It is that of
 * `effectInterval` on D = 2y - 1. Without an outcome the bounds are 0 and 1.
 */
export function successInterval(outcomes: Tally): SuccessInterval {
  const differences = outcomes.map(({ value, count }) => ({ value: 2 * value - 1, count }));
  return {
    lower: (1 + lowerBound(differences)) / 2,
    upper: (1 + upperBound(differences)) / 2,
  };
}

/**
 * Examples to learn: tasks of a new kind seen until the learning agent's success on that kind is
 * certainly above the baseline's, lower bound over upper bound; undefined where it never is. Reported,
 * it gates nothing.
 */
export function examplesToLearn(
  learning: readonly number[],
  baseline: readonly number[],
): number | undefined {
  const { upper } = successInterval(tallyOf(baseline));
  let seen = emptyTally;
  for (const [index, outcome] of learning.entries()) {
    seen = addToTally(seen, outcome);
    if (successInterval(seen).lower > upper) return index + 1;
  }
  return undefined;
}
