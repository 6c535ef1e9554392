import { lowerBound, upperBound } from './confidence-sequence.js';
import { addToTally, emptyTally } from './tally.js';
import type { Tally } from './tally.js';

/**
 * How far a judge favours an arm. Noise that hits both arms alike only costs power; a bias of 5 points
 * towards the candidate takes false promotions from 2.7 to 30 %. A tenth of the pairs is judged again by
 * a person or a stronger checker, and what a judge version got wrong is pooled over candidates.
 */
export interface JudgeAudit {
  readonly judge: 'checker' | 'model';
  /** Half of b_i = (judge's D) - (audited D), so that it lies in [-1, 1] like every paired difference. */
  readonly halves: Tally;
}

/** m0 of a model judge until its audits say better. */
export const UNAUDITED_MARGIN = 0.05;

/** A judge that certainly favours the candidate by more than this halts automatic promotion. */
export const HALTING_BIAS = 0.02;

/** `effectInterval` halves its level for two sides; a one-sided bound at .05 is half of a two-sided at .10. */
const TWICE_AUDIT_LEVEL = 0.1;

export function emptyAudit(judge: JudgeAudit['judge']): JudgeAudit {
  return { judge, halves: emptyTally };
}

/** Adds one audited pair: the difference as judged, and as audited, both in [-1, 1]. */
export function addAudit(
  audit: JudgeAudit,
  pair: { readonly judged: number; readonly audited: number },
): JudgeAudit {
  return { ...audit, halves: addToTally(audit.halves, (pair.judged - pair.audited) / 2) };
}

/**
 * Upper bound of the bias, one-sided at .05 and valid at any number of audits (the confidence sequence on
 * b in [-2, 2]). Without a single disagreement: .182 at 50 audits, .094 at 100, .048 at 200, .024 at 400.
 */
export function biasUpperBound({ halves }: JudgeAudit): number {
  return 2 * upperBound(halves, TWICE_AUDIT_LEVEL);
}

/** The margin m0 that superiority must exceed: 0 for a deterministic checker, the bound once it is below .05. */
export function judgeMargin(audit: JudgeAudit): number {
  if (audit.judge === 'checker') return 0;
  const bound = biasUpperBound(audit);
  return bound < UNAUDITED_MARGIN ? Math.max(0, bound) : UNAUDITED_MARGIN;
}

/** Whether the audits show the judge to favour the candidate, so that no margin can be trusted. */
export function isJudgeBiased({ halves }: JudgeAudit): boolean {
  return 2 * lowerBound(halves, TWICE_AUDIT_LEVEL) > HALTING_BIAS;
}
