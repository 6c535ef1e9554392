import { addHarm, addSuperiority, emptyEProcess, exceeds, logE } from './eprocess.js';
import type { EProcess } from './eprocess.js';

/**
 * Baseline beside itself, through the same pairs as a gate (GATE 2.2). Nothing differs, so that an e-value of 20
 * in either direction says that the pairs themselves favour an arm; the share of pairs that differ, the
 * discordance, is what the power check plans with.
 */
export interface AaCheck {
  /** Observed pairs. */
  readonly pairs: number;
  /** Pairs that say nothing. */
  readonly voids: number;
  readonly discordant: number;
  readonly candidateBetter: EProcess;
  readonly candidateWorse: EProcess;
}

/** Pairs of one check, void ones among them: they tell a discordance of .3 to within 9 points. */
export const AA_PAIRS = 100;

/** E must stay below 20: a check of sound pairs alarms in one of twenty at most. */
const THRESHOLD = 20;

export function emptyAaCheck(): AaCheck {
  return {
    pairs: 0,
    voids: 0,
    discordant: 0,
    candidateBetter: emptyEProcess(),
    candidateWorse: emptyEProcess(),
  };
}

/** Adds a pair by its outcomes, each in [0, 1]; one without outcomes is void, and only counted. */
export function addAaPair(
  check: AaCheck,
  pair: { readonly baseline: number; readonly candidate: number } | undefined,
): AaCheck {
  if (pair === undefined) return { ...check, voids: check.voids + 1 };
  const difference = pair.candidate - pair.baseline;
  return {
    ...check,
    pairs: check.pairs + 1,
    discordant: check.discordant + (difference === 0 ? 0 : 1),
    candidateBetter: addSuperiority(check.candidateBetter, difference, 0),
    candidateWorse: addHarm(check.candidateWorse, difference, 0),
  };
}

/** What a check found; `discordance` is null without a pair. */
export interface AaSummary {
  readonly pairs: number;
  readonly discordance: number | null;
  /** ln of the mean of both directions, which is an e-value as they are. */
  readonly logE: number;
  readonly isAlarmed: boolean;
}

export function summarizeAaCheck(check: AaCheck): AaSummary {
  const { pairs, discordant } = check;
  const value = meanLogE(check);
  return {
    pairs,
    discordance: pairs === 0 ? null : discordant / pairs,
    logE: value,
    isAlarmed: exceeds(value, THRESHOLD),
  };
}

/** Whether no more pairs are wanted. */
export function isAaOver(check: AaCheck): boolean {
  return check.pairs + check.voids >= AA_PAIRS || exceeds(meanLogE(check), THRESHOLD);
}

function meanLogE({ candidateBetter, candidateWorse }: AaCheck): number {
  const [better, worse] = [logE(candidateBetter), logE(candidateWorse)];
  const largest = Math.max(better, worse);
  return largest + Math.log((Math.exp(better - largest) + Math.exp(worse - largest)) / 2);
}
