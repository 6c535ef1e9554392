import { effectInterval } from './confidence-sequence.js';
import { addSuperiority, emptyEProcess, exceeds, logE } from './eprocess.js';
import type { EProcess } from './eprocess.js';
import type { GatePolicy } from './gate-policy.js';
import type { PairOutcome } from './pair.js';
import { addToTally, emptyTally } from './tally.js';
import type { Tally } from './tally.js';

/**
 * The effect once more with every missing outcome at its worst for the candidate: 0 for the candidate, 1 for the
 * baseline (GATE 2.7). Valid whatever made them go missing, and too expensive to decide by: with 10 % missing it
 * has half of the power. It is told beside a verdict, so that a reader sees what rests on the rule for missing ones.
 */
export interface WorstCase {
  readonly superiority: EProcess;
  readonly differences: Tally;
  /** Pairs with an outcome put in. */
  readonly imputed: number;
}

export const emptyWorstCase: WorstCase = {
  superiority: emptyEProcess(),
  differences: emptyTally,
  imputed: 0,
};

/** Adds a pair of the effect test, void or not. */
export function addWorstCase(
  state: WorstCase,
  outcome: PairOutcome,
  { m0 }: Pick<GatePolicy, 'm0'>,
): WorstCase {
  const { missing } = outcome;
  const observed = outcome.kind === 'observed' ? outcome : undefined;
  // A void pair that names no arm lost both.
  const isLost = (arm: 'baseline' | 'candidate') =>
    missing.includes(arm) || (observed === undefined && missing.length === 0);
  // Of a void pair the outcome that did come is not kept: at its worst it is a loss too.
  const candidate = isLost('candidate') ? 0 : (observed?.candidate ?? 0);
  const baseline = isLost('baseline') ? 1 : (observed?.baseline ?? 1);
  const difference = candidate - baseline;
  return {
    superiority: addSuperiority(state.superiority, difference, m0),
    differences: addToTally(state.differences, difference),
    imputed: state.imputed + (observed === undefined || missing.length > 0 ? 1 : 0),
  };
}

export interface WorstCaseSummary {
  readonly n: number;
  readonly imputed: number;
  readonly mean: number;
  readonly lower: number;
  readonly upper: number;
  readonly logE: number;
  /** Whether superiority stands at the candidate's own level, every missing outcome at its worst. */
  readonly holds: boolean;
}

export function summarizeWorstCase(
  { superiority, differences, imputed }: WorstCase,
  { alpha }: Pick<GatePolicy, 'alpha'>,
): WorstCaseSummary {
  const { mean, lower, upper, n } = effectInterval(differences);
  const value = logE(superiority);
  return { n, imputed, mean, lower, upper, logE: value, holds: exceeds(value, 1 / alpha) };
}
