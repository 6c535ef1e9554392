import type { PairCost } from './cost.js';

export type Arm = 'baseline' | 'candidate';

/**
 * How a pair came out. `missing` names the arms whose outcome was null, whatever the reason; the
 * missingness guard counts them. A void pair says nothing about the difference and is counted as void.
 */
export type PairOutcome =
  | {
      readonly kind: 'observed';
      /** Outcomes in [0, 1]; the mean where an arm ran more than once. */
      readonly baseline: number;
      readonly candidate: number;
      readonly missing: readonly Arm[];
    }
  | { readonly kind: 'void'; readonly missing: readonly Arm[] };

/** One task run by baseline and candidate, at the place that the order drawn before running gave it. */
export interface GatePair {
  readonly index: number;
  readonly task: string;
  readonly outcome: PairOutcome;
  /** Slice values by slice key, e.g. { hardness: 'easy' }. */
  readonly slices: Readonly<Record<string, string>>;
  /** Outcome category of each arm, `SUCCESS_CATEGORY` or the name of a kind of failure. */
  readonly baselineCategory?: string;
  readonly candidateCategory?: string;
  /** What the arms cost; absent where that is not known of both. */
  readonly cost?: PairCost;
  /** The slice this pair was drawn for; it then counts for that slice alone and never for the effect. */
  readonly topUpFor?: string;
}

/** Why a raw outcome is null: a fault of the infrastructure, or of the arm itself (timeout, crash, refusal). */
export type MissingReason = 'infrastructure' | 'arm';

/**
 * Classifies raw outcomes by rule. A fault of the infrastructure voids the pair; a fault of an arm
 * counts as 0 for it (intention to treat), or a candidate could win by losing its failures.
 */
export function pairOutcome(raw: {
  readonly baseline: number | null;
  readonly candidate: number | null;
  readonly missing?: MissingReason;
}): PairOutcome {
  const missing: Arm[] = [];
  if (raw.baseline === null) missing.push('baseline');
  if (raw.candidate === null) missing.push('candidate');
  if (missing.length > 0 && raw.missing !== 'arm') return { kind: 'void', missing };
  return {
    kind: 'observed',
    baseline: raw.baseline ?? 0,
    candidate: raw.candidate ?? 0,
    missing,
  };
}
