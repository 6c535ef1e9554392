import { effectInterval } from './confidence-sequence.js';
import { addHarm, addSuperiority, emptyEProcess, hasReached, logE } from './eprocess.js';
import type { EProcess } from './eprocess.js';
import type { GatePolicy } from './gate-policy.js';
import { addToTally, emptyTally } from './tally.js';
import type { Tally } from './tally.js';

/** What the runs of a pair cost, in one unit for both. */
export interface PairCost {
  readonly baseline: number;
  readonly candidate: number;
}

/**
 * Cost as a second metric (GATE 2.7), by the engine of the effect.
 *
 * A pair's relative difference (candidate - baseline) / the larger of the two lies in [-1, 1] and turns its sign
 * with the arms, so that noise alike in both has mean 0, which a plain ratio has not. What is tested is that of
 * the candidate and the baseline made dearer by the margin, against 0: a margin put on the mean instead would
 * widen with the noise, which brings relative differences closer together.
 */
export interface CostState {
  readonly baseline: number;
  readonly candidate: number;
  readonly differences: Tally;
  /** Rejects: up by the margin or more. */
  readonly notUp: EProcess;
  /** Rejects: up by no more than the margin. */
  readonly up: EProcess;
}

export const emptyCost: CostState = {
  baseline: 0,
  candidate: 0,
  differences: emptyTally,
  notUp: emptyEProcess(),
  up: emptyEProcess(),
};

/** The relative difference of two costs, neither below 0; 0 where both are. */
export function costDifference({ baseline, candidate }: PairCost): number {
  const larger = Math.max(baseline, candidate);
  return larger === 0 ? 0 : (candidate - baseline) / larger;
}

type CostPolicy = Pick<GatePolicy, 'costMargin' | 'costLevel'>;

/** Adds a pair of which both costs are known. */
export function addCost(state: CostState, cost: PairCost, { costMargin }: CostPolicy): CostState {
  const { baseline, candidate } = cost;
  const difference = costDifference(cost);
  const against = costDifference({ baseline: (1 + costMargin) * baseline, candidate });
  return {
    baseline: state.baseline + baseline,
    candidate: state.candidate + candidate,
    // Rounded for the tally alone, which must stay small: the interval is exact to a thousandth.
    differences: addToTally(state.differences, Math.round(difference * 1000) / 1000),
    notUp: addHarm(state.notUp, against, 0),
    up: addSuperiority(state.up, against, 0),
  };
}

export function isCostNotUp({ notUp }: CostState, { costLevel }: CostPolicy): boolean {
  return hasReached(notUp, 1 / costLevel);
}

export function isCostUp({ up }: CostState, { costLevel }: CostPolicy): boolean {
  return hasReached(up, 1 / costLevel);
}

export interface CostSummary {
  /** Pairs of which both costs are known. */
  readonly n: number;
  /** Candidate over baseline, all pairs together; null where the baseline cost nothing. */
  readonly ratio: number | null;
  /** Of the relative difference, at 95 %. */
  readonly mean: number;
  readonly lower: number;
  readonly upper: number;
  /** ln E of "not up by more than the margin". */
  readonly logE: number;
  readonly threshold: number;
  readonly margin: number;
  readonly verdict: 'not-up' | 'up' | 'not-shown';
  /** Whether a pass asks for it, as configured. */
  readonly blocks: boolean;
}

/** Null where no cost is known. */
export function summarizeCost(
  state: CostState,
  policy: CostPolicy & Pick<GatePolicy, 'costBlocks'>,
): CostSummary | null {
  const { mean, lower, upper, n } = effectInterval(state.differences);
  if (n === 0) return null;
  const held = isCostNotUp(state, policy) ? 'not-up' : 'not-shown';
  return {
    n,
    ratio: state.baseline === 0 ? null : state.candidate / state.baseline,
    mean,
    lower,
    upper,
    logE: logE(state.notUp),
    threshold: Math.log(1 / policy.costLevel),
    margin: policy.costMargin,
    verdict: isCostUp(state, policy) ? 'up' : held,
    blocks: policy.costBlocks,
  };
}
