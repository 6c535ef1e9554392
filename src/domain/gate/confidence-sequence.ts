import { FRACTIONS, logE } from './eprocess.js';
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

/** Width of the bracket at which the search for a bound ends; its rejected side is the bound. */
const TOLERANCE = 1e-12;
/** The search halves the bracket at least this often less than once in three steps, so that it ends. */
const MOST_STEPS = 130;

/**
 * Betting confidence sequence of the mean paired difference, D in [-1, 1], two-sided at 1 - level
 * (Waudby-Smith & Ramdas 2024): the margins that neither `sup` nor `harm` rejects at level / 2.
 *
 * Every factor falls as the margin grows, so E is monotone in the margin and a bound is one search for a root
 * rather than a grid. The chance that the interval ever misses the true mean is at most `level`: the bounds are
 * wider than the exact ones by `tolerance` at most, never narrower.
 */
export function effectInterval(
  differences: Tally,
  level: number = REPORT_LEVEL,
  tolerance: number = TOLERANCE,
): EffectInterval {
  const n = differences.reduce((total, { count }) => total + count, 0);
  const sum = differences.reduce((total, { value, count }) => total + value * count, 0);
  const tied = differences.find(({ value }) => value === 0)?.count ?? 0;
  return {
    mean: n === 0 ? 0 : sum / n,
    lower: lowerBound(differences, level, tolerance),
    upper: upperBound(differences, level, tolerance),
    n,
    discordant: n - tied,
  };
}

/** One bound of the two-sided sequence: the largest margin still rejected from below, or -1. */
export function lowerBound(
  differences: Tally,
  level: number = REPORT_LEVEL,
  tolerance: number = TOLERANCE,
): number {
  return largestRejectedMargin(differences, Math.log(2 / level), tolerance);
}

/** The mirror image of `lowerBound`. */
export function upperBound(
  differences: Tally,
  level: number = REPORT_LEVEL,
  tolerance: number = TOLERANCE,
): number {
  const mirrored = differences.map(({ value, count }) => ({ value: -value, count }));
  return -largestRejectedMargin(mirrored, Math.log(2 / level), tolerance);
}

/** One end of the bracket: a margin, and how far ln E is above the threshold there; unknown at -1 and 1. */
interface Bracket {
  readonly margin: number;
  readonly above: number | undefined;
}

/**
 * The root of a falling function in a bracket: the secant where both ends are known, with the Illinois rule (Dowell
 * and Jarratt 1971) against an end that stays, and a halving in every third step against everything else.
 */
function largestRejectedMargin(
  differences: Tally,
  logThreshold: number,
  tolerance: number,
): number {
  let rejected: Bracket = { margin: -1, above: undefined };
  let kept: Bracket = { margin: 1, above: undefined };
  let moved: 'rejected' | 'kept' | undefined;
  for (let step = 0; step < MOST_STEPS && kept.margin - rejected.margin > tolerance; step += 1) {
    const margin = step % 3 === 2 ? halfway(rejected, kept) : secant(rejected, kept, tolerance);
    if (margin <= rejected.margin || margin >= kept.margin) break;
    const above = logSuperiority(differences, margin) - logThreshold;
    if (above >= 0) {
      rejected = { margin, above };
      if (moved === 'rejected') kept = halved(kept);
      moved = 'rejected';
    } else {
      kept = { margin, above };
      if (moved === 'kept') rejected = halved(rejected);
      moved = 'kept';
    }
  }
  return rejected.margin;
}

/** What an end that stayed twice counts for, so that the next secant falls on the other side of the root. */
function halved({ margin, above }: Bracket): Bracket {
  return { margin, above: above === undefined ? undefined : above / 2 };
}

function halfway(rejected: Bracket, kept: Bracket): number {
  return (rejected.margin + kept.margin) / 2;
}

function secant(rejected: Bracket, kept: Bracket, tolerance: number): number {
  if (rejected.above === undefined || kept.above === undefined) return halfway(rejected, kept);
  const width = kept.margin - rejected.margin;
  const at = rejected.margin + (width * rejected.above) / (rejected.above - kept.above);
  // Never on an end: a step past it closes the bracket from there.
  const step = Math.min(tolerance, width) / 2;
  return Math.min(Math.max(at, rejected.margin + step), kept.margin - step);
}

/** Factors of which one logarithm is taken: each is below 1e13 and above .1, so that no product leaves the range. */
const FACTORS_PER_LOG = 16;

/** ln E of `sup(D, margin)` of the whole multiset at once. */
function logSuperiority(differences: Tally, margin: number): number {
  const mu0 = (1 + margin) / 2;
  const bets = differences.map(({ value, count }) => ({ count, gain: (1 + value) / 2 / mu0 - 1 }));
  const logWealth = FRACTIONS.map((fraction) => {
    let sum = 0;
    let product = 1;
    let factors = 0;
    for (const { gain, count } of bets) {
      if (count > 1) {
        sum += count * Math.log(1 + fraction * gain);
        continue;
      }
      product *= 1 + fraction * gain;
      factors += 1;
      if (factors % FACTORS_PER_LOG > 0) continue;
      sum += Math.log(product);
      product = 1;
    }
    return sum + Math.log(product);
  });
  return logE({ n: bets.length, logWealth });
}
