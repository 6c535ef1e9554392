import {
  addDiagnosisPair,
  concludeDiagnosis,
  emptyDiagnosis,
  type Diagnosis,
  type DiagnosisState,
} from './diagnosis.js';
import { addPair, concludeGate, emptyGate } from './gate.js';
import type { GatePolicy } from './gate-policy.js';
import { summarizeGate, type GateSummary } from './gate-summary.js';
import { pairOutcome, type GatePair } from './pair.js';
import type { SlicePlan } from './slices.js';

interface CommittedArm {
  readonly score: number | null;
  readonly category: string;
  readonly missing: 'infrastructure' | 'arm' | null;
}

/** A pair as it was committed, both arms graded. */
export interface CommittedPair {
  readonly index: number;
  readonly task: string;
  readonly slices: Readonly<Record<string, string>>;
  /** The slice it was drawn for where it belongs to the top-up; absent or null for every other pair. */
  readonly topUpFor?: string | null;
  readonly baseline: CommittedArm;
  readonly candidate: CommittedArm;
}

/** What a gate was decided by besides its pairs; kept with its record, so that it can be decided again. */
export interface GateBasis {
  readonly policy: GatePolicy;
  readonly plan: SlicePlan;
}

/** A committed pair as the gate folds it: what the infrastructure cost voids it, an arm's own fault counts. */
export function gatePairOf(pair: CommittedPair): GatePair {
  const { index, task, slices, topUpFor = null, baseline, candidate } = pair;
  const isVoid = baseline.missing === 'infrastructure' || candidate.missing === 'infrastructure';
  return {
    index,
    task,
    outcome: pairOutcome({
      baseline: baseline.score,
      candidate: candidate.score,
      missing: isVoid ? 'infrastructure' : 'arm',
    }),
    slices,
    baselineCategory: baseline.category,
    candidateCategory: candidate.category,
    ...(topUpFor === null ? {} : { topUpFor }),
  };
}

/** Folds a committed pair into a diagnosis: the candidate's arm is what serves, the baseline's what did before. */
export function addCommittedToDiagnosis(
  state: DiagnosisState,
  { baseline, candidate }: CommittedPair,
): DiagnosisState {
  if (candidate.score === null || baseline.score === null) return state;
  return addDiagnosisPair(state, { current: candidate.score, previous: baseline.score });
}

/** The gate once more, from the committed pairs in index order. */
export function decideAgain(
  { policy, plan }: GateBasis,
  pairs: readonly CommittedPair[],
): GateSummary {
  const gate = pairs.map(gatePairOf).reduce(addPair, emptyGate(policy, plan));
  return summarizeGate(gate, concludeGate(gate));
}

/** The diagnosis once more, from the committed pairs in index order. */
export function diagnoseAgain(pairs: readonly CommittedPair[]): Diagnosis {
  return concludeDiagnosis(pairs.reduce(addCommittedToDiagnosis, emptyDiagnosis()));
}
