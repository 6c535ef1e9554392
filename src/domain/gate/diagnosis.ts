import { addHarm, addSuperiority, emptyEProcess, hasReached } from './eprocess.js';
import type { EProcess } from './eprocess.js';

export interface DiagnosisPolicy {
  readonly maxPairs: number;
  /** Level of both tests, e >= 10. */
  readonly level: number;
  /** Loss that current may have against previous and still not be the cause. */
  readonly margin: number;
}

/**
 * At 200 pairs and level .10: no true difference is called drift in 95 % of cases, a loss of 20 points
 * regression in 98 %, in 47 to 94 pairs in the mean.
 */
export const defaultDiagnosisPolicy: DiagnosisPolicy = { maxPairs: 200, level: 0.1, margin: 0.15 };

/**
 * - `regression`: current is worse than previous on the same tasks; roll back, or stay back.
 * - `drift`: current is not meaningfully worse, so both fell together; keep it, learn the new world.
 * - `unresolved`: neither shown.
 */
export type Diagnosis = 'regression' | 'drift' | 'unresolved';

/**
 * Why live quality fell: the paired engine on fresh recent tasks, D = y_current - y_previous. Whichever
 * crosses first decides, harm(D, 0) or sup(D, -margin).
 */
export interface DiagnosisState {
  readonly policy: DiagnosisPolicy;
  readonly pairs: number;
  readonly harm: EProcess;
  readonly nonInferiority: EProcess;
  readonly diagnosis?: Diagnosis;
}

export function emptyDiagnosis(policy: DiagnosisPolicy = defaultDiagnosisPolicy): DiagnosisState {
  return { policy, pairs: 0, harm: emptyEProcess(), nonInferiority: emptyEProcess() };
}

/** Adds a replayed pair, in the order drawn; after a diagnosis nothing changes. */
export function addDiagnosisPair(
  state: DiagnosisState,
  pair: { readonly current: number; readonly previous: number },
): DiagnosisState {
  if (state.diagnosis !== undefined) return state;
  const difference = pair.current - pair.previous;
  const next: DiagnosisState = {
    ...state,
    pairs: state.pairs + 1,
    harm: addHarm(state.harm, difference, 0),
    nonInferiority: addSuperiority(state.nonInferiority, difference, -state.policy.margin),
  };
  const diagnosis = diagnosisOf(next);
  return diagnosis === undefined ? next : { ...next, diagnosis };
}

/** The diagnosis; `unresolved` where pairs ran out before either test crossed. */
export function concludeDiagnosis(state: DiagnosisState): Diagnosis {
  return state.diagnosis ?? 'unresolved';
}

function diagnosisOf(state: DiagnosisState): Diagnosis | undefined {
  const threshold = 1 / state.policy.level;
  if (hasReached(state.harm, threshold)) return 'regression';
  if (hasReached(state.nonInferiority, threshold)) return 'drift';
  return state.pairs >= state.policy.maxPairs ? 'unresolved' : undefined;
}
