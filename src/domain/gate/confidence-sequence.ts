import { addOutcomes, emptyEProcess, logE } from './eprocess.js';
import type { Tally } from './tally.js';

/**
 * A mean with bounds that hold at every sample size at once.
 *
 * `discordant` counts the pairs in which the arms differed, which carry the evidence. Without any pair
 * the mean is 0 and the bounds are -1 and 1.
 */
export interface EffectInterval {
  readonly mean: number;
  readonly lower: number;
  readonly upper: number;
  readonly n: number;
  readonly discordant: number;
}

/** Level at which every report gives bounds, whatever alpha the decision was made at. */
export const REPORT_LEVEL = 0.05;

/** Halvings of (-1, 1): the bound is then exact to the last bit of a double. */
const BISECTIONS = 60;

/**
 * Betting confidence sequence of the mean paired difference, D in [-1, 1], two-sided at 1 - level
 * (Waudby-Smith & Ramdas 2024): the margins that neither `sup` nor `harm` rejects at level / 2.
 *
 * Every factor falls as the margin grows, so E is monotone in the margin and a bound is one bisection
 * rather than a grid. The chance that the interval ever misses the true mean is at most `level`.
 */
export function effectInterval(differences: Tally, level: number = REPORT_LEVEL): EffectInterval {
  const n = differences.reduce((total, { count }) => total + count, 0);
  const sum = differences.reduce((total, { value, count }) => total + value * count, 0);
  const tied = differences.find(({ value }) => value === 0)?.count ?? 0;
  return {
    mean: n === 0 ? 0 : sum / n,
    lower: lowerBound(differences, level),
    upper: upperBound(differences, level),
    n,
    discordant: n - tied,
  };
}

/** One bound of the two-sided sequence: the largest margin still rejected from below, or -1. */
export function lowerBound(differences: Tally, level: number = REPORT_LEVEL): number {
  return largestRejectedMargin(differences, Math.log(2 / level));
}

/** The mirror image of `lowerBound`. */
export function upperBound(differences: Tally, level: number = REPORT_LEVEL): number {
  const mirrored = differences.map(({ value, count }) => ({ value: -value, count }));
  return -largestRejectedMargin(mirrored, Math.log(2 / level));
}

function largestRejectedMargin(differences: Tally, logThreshold: number): number {
  let rejected = -1;
  let kept = 1;
  for (let step = 0; step < BISECTIONS; step += 1) {
    const margin = (rejected + kept) / 2;
    if (margin <= -1 || margin >= 1) break;
    if (logSuperiority(differences, margin) >= logThreshold) rejected = margin;
    else kept = margin;
  }
  return rejected;
}

/** ln E of `sup(D, margin)` of the whole multiset at once. */
function logSuperiority(differences: Tally, margin: number): number {
  const mu0 = (1 + margin) / 2;
  const process = differences.reduce(
    (state, { value, count }) => addOutcomes(state, (1 + value) / 2, mu0, count),
    emptyEProcess(),
  );
  return logE(process);
}
