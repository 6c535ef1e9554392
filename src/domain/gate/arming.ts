/** Whether candidates may be promoted without a person: rollbacks of an epoch of the error ledger, counted. */
export interface Arming {
  readonly epoch: number;
  readonly rollbacks: number;
  readonly isArmed: boolean;
  /** Candidates whose rollback was counted: one that is told again is no other. */
  readonly counted?: readonly string[];
}

/** Rollbacks in one epoch after which automatic promotion is off. */
export const ROLLBACKS_TO_DISARM = 3;

export const armed: Arming = { epoch: 1, rollbacks: 0, isArmed: true };

/**
 * Counts the rollback of a candidate, from canary, from probation or after it, once. A new epoch starts its
 * count anew, but does not re-arm.
 */
export function addRollback(state: Arming, epoch: number, candidate: string): Arming {
  const { counted = [] } = state;
  if (counted.includes(candidate)) return state;
  const rollbacks = (epoch === state.epoch ? state.rollbacks : 0) + 1;
  const isArmed = state.isArmed && rollbacks < ROLLBACKS_TO_DISARM;
  return { epoch, rollbacks, isArmed, counted: [...counted, candidate] };
}

/** A person takes responsibility again; the count starts anew. */
export function rearm(state: Arming): Arming {
  return { ...state, rollbacks: 0, isArmed: true };
}
