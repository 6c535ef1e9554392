/**
 * What a lesson is worth, from tasks it was recalled for: of those a small random part went without it.
 * The difference between the two success rates is caused by the lesson, whatever it was recalled beside.
 */

/** Successes and failures; fractions come from scores between 0 and 1. */
export interface Counts {
  readonly successes: number;
  readonly failures: number;
}

export interface Utility {
  /** Tasks that had the lesson in their prompt. */
  readonly treated: Counts;
  /** Tasks it was recalled for and held out of. */
  readonly heldOut: Counts;
}

export const NO_COUNTS: Counts = { successes: 0, failures: 0 };
export const NO_UTILITY: Utility = { treated: NO_COUNTS, heldOut: NO_COUNTS };

/** Standard deviation of uplift among lessons that passed a gate, before anything is known of one. */
const PRIOR_DEVIATION = 0.1;
/** Pseudo-tasks of the whole traffic that a slice borrows, so that few of its own decide little. */
const SLICE_WEIGHT = 8;
/** Below so many tasks without it nothing is said of a lesson: looked at after each task, luck has many tries. */
const MIN_HELD_OUT = 20;
/** A harm smaller than this is not worth a rollback. */
const HARM = -0.02;
const CERTAINTY = 0.95;

/** Tasks counted. */
export function total({ successes, failures }: Counts): number {
  return successes + failures;
}

/** Utility with one more outcome: a score 0 … 1 of a task that had the lesson, or went without it. */
export function addOutcome(utility: Utility, wasHeldOut: boolean, score: number): Utility {
  const added = ({ successes, failures }: Counts): Counts => ({
    successes: successes + score,
    failures: failures + 1 - score,
  });
  return wasHeldOut
    ? { ...utility, heldOut: added(utility.heldOut) }
    : { ...utility, treated: added(utility.treated) };
}

/** The posterior of uplift: Beta(1 + successes, 1 + failures) of each arm, their difference as a normal. */
export function upliftOf({ treated, heldOut }: Utility): {
  readonly mean: number;
  readonly deviation: number;
} {
  const withIt = betaOf(treated);
  const without = betaOf(heldOut);
  return {
    mean: withIt.mean - without.mean,
    deviation: Math.sqrt(withIt.variance + without.variance),
  };
}

/** P(uplift < bound). */
export function probabilityBelow(utility: Utility, bound: number): number {
  const { mean, deviation } = upliftOf(utility);
  return normalBelow((bound - mean) / deviation);
}

/** Two-sided 95 % of a normal. */
const QUANTILE = 1.959964;

/** 95 % interval of uplift; null below twenty tasks without the lesson. */
export function upliftInterval(
  utility: Utility,
): { readonly lower: number; readonly upper: number } | null {
  if (total(utility.heldOut) < MIN_HELD_OUT) return null;
  const { mean, deviation } = upliftOf(utility);
  return { lower: mean - QUANTILE * deviation, upper: mean + QUANTILE * deviation };
}

/** What is to be done about a lesson, and how often it is to be held out meanwhile. */
export type UpliftStanding = 'harmful' | 'suspected' | 'unknown' | 'helpful';

/**
 * harmful: P(uplift < -0.02) > 0.95 with at least twenty tasks without it; suspected: harm is likelier than
 * four to one; helpful: P(uplift > 0) > 0.95.
 */
export function standingOf(utility: Utility): UpliftStanding {
  const isMeasured = total(utility.heldOut) >= MIN_HELD_OUT;
  if (isMeasured && probabilityBelow(utility, HARM) > CERTAINTY) return 'harmful';
  const belowZero = probabilityBelow(utility, 0);
  if (belowZero > 0.8) return 'suspected';
  if (isMeasured && belowZero < 1 - CERTAINTY) return 'helpful';
  return 'unknown';
}

/**
 * Lower bound of uplift, one deviation down, -1 … 1: measured against a prior of 0 ± 0.1, so that a
 * lesson nobody compared stands below one that was shown to help and above one shown to harm.
 */
export function upliftBound(utility: Utility): number {
  const measured = total(utility.treated) > 0 && total(utility.heldOut) > 0;
  if (!measured) return NO_EVIDENCE_BOUND;
  const { mean, deviation } = upliftOf(utility);
  const precision = 1 / PRIOR_DEVIATION ** 2 + 1 / deviation ** 2;
  return mean / deviation ** 2 / precision - 1 / Math.sqrt(precision);
}

/** `upliftBound` of a lesson without a task. */
export const NO_EVIDENCE_BOUND = -PRIOR_DEVIATION;

/** A slice's counts with eight pseudo-tasks an arm at the rates of the whole traffic. */
export function shrunkTo(whole: Utility, slice: Utility): Utility {
  const lent = (from: Counts, to: Counts): Counts => {
    const tasks = total(from);
    if (tasks === 0) return to;
    return {
      successes: to.successes + (SLICE_WEIGHT * from.successes) / tasks,
      failures: to.failures + (SLICE_WEIGHT * from.failures) / tasks,
    };
  };
  return {
    treated: lent(whole.treated, slice.treated),
    heldOut: lent(whole.heldOut, slice.heldOut),
  };
}

function betaOf({ successes, failures }: Counts): { mean: number; variance: number } {
  const sum = successes + failures + 2;
  const mean = (successes + 1) / sum;
  return { mean, variance: (mean * (1 - mean)) / (sum + 1) };
}

/** Standard normal distribution function; Abramowitz and Stegun 7.1.26, off by 1.5e-7 at most. */
function normalBelow(z: number): number {
  const t = 1 / (1 + (0.3275911 * Math.abs(z)) / Math.SQRT2);
  const polynomial =
    t *
    (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))));
  const tail = 0.5 * polynomial * Math.exp((-z * z) / 2);
  return z < 0 ? tail : 1 - tail;
}
