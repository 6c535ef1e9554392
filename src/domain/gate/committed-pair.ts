import {
  addDiagnosisPair,
  concludeDiagnosis,
  emptyDiagnosis,
  type Diagnosis,
  type DiagnosisState,
} from './diagnosis.js';
import { UNGRADED, UNJUDGED } from '../judging.js';
import { addPair, concludeGate, emptyGate } from './gate.js';
import type { GatePolicy } from './gate-policy.js';
import { reportGate, type GateReport } from './gate-summary.js';
import type { GatePair, PairOutcome } from './pair.js';
import type { SlicePlan } from './slices.js';

/** One arm as it was graded. */
export interface CommittedArm {
  /** The mean where it ran more than once; null where nothing came of any run. */
  readonly score: number | null;
  readonly category: string;
  /** `arm` where a run gave no outcome by its own fault, which the score counts as 0. */
  readonly missing: 'infrastructure' | 'arm' | null;
  /** What it cost, as `PairCost` has it; null or absent where that is not known. */
  readonly cost?: number | null;
}

/**
 * Whether the infrastructure lost a run, so that another may tell more. One that ended and that nobody could
 * grade was not lost: it waits for the judge, or its pair is void.
 */
export function isLostRun({ missing, category }: CommittedArm): boolean {
  return missing === 'infrastructure' && category !== UNJUDGED && category !== UNGRADED;
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
  return {
    index,
    task,
    outcome: outcomeOf(pair),
    slices,
    baselineCategory: baseline.category,
    candidateCategory: candidate.category,
    ...costOf(pair),
    ...(topUpFor === null ? {} : { topUpFor }),
  };
}

function costOf({ baseline, candidate }: CommittedPair): Pick<GatePair, 'cost'> {
  if (baseline.cost == null || candidate.cost == null) return {};
  return { cost: { baseline: baseline.cost, candidate: candidate.cost } };
}

function outcomeOf({ baseline, candidate }: CommittedPair): PairOutcome {
  const arms = { baseline, candidate };
  const names = ['baseline', 'candidate'] as const;
  const missing = names.filter((name) => arms[name].score === null || arms[name].missing !== null);
  return names.some((name) => arms[name].missing === 'infrastructure')
    ? { kind: 'void', missing }
    : {
        kind: 'observed',
        baseline: baseline.score ?? 0,
        candidate: candidate.score ?? 0,
        missing,
      };
}

/**
 * The outcomes of a pair that says something of the difference between its arms; undefined where it is void.
 * An arm's own fault is a 0 here as it is in the gate.
 */
export function observedScores(
  pair: CommittedPair,
): { readonly baseline: number; readonly candidate: number } | undefined {
  const outcome = outcomeOf(pair);
  if (outcome.kind === 'void') return undefined;
  const { baseline, candidate } = outcome;
  return { baseline, candidate };
}

/** Folds a committed pair into a diagnosis: the candidate's arm is what serves, the baseline's what did before. */
export function addCommittedToDiagnosis(
  state: DiagnosisState,
  pair: CommittedPair,
): DiagnosisState {
  const scores = observedScores(pair);
  if (scores === undefined) return state;
  return addDiagnosisPair(state, { current: scores.candidate, previous: scores.baseline });
}

/** The gate once more, from the committed pairs in index order. */
export function decideAgain(
  { policy, plan }: GateBasis,
  pairs: readonly CommittedPair[],
): GateReport {
  const gate = pairs.map(gatePairOf).reduce(addPair, emptyGate(policy, plan));
  return reportGate(gate, concludeGate(gate));
}

/** The diagnosis once more, from the committed pairs in index order. */
export function diagnoseAgain(pairs: readonly CommittedPair[]): Diagnosis {
  return concludeDiagnosis(pairs.reduce(addCommittedToDiagnosis, emptyDiagnosis()));
}
