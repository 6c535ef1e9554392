/** Whether candidates may be promoted without a person: rollbacks of an epoch of the error ledger, counted. */
export interface Arming {
  readonly epoch: number;
  readonly rollbacks: number;
  readonly isArmed: boolean;
}

/** Rollbacks in one epoch after which automatic promotion is off. */
export const ROLLBACKS_TO_DISARM = 3;

export const armed: Arming = { epoch: 1, rollbacks: 0, isArmed: true };

/** Counts a rollback, from canary or probation. A new epoch starts its count anew, but does not re-arm. */
export function addRollback(state: Arming, epoch: number): Arming {
  const rollbacks = (epoch === state.epoch ? state.rollbacks : 0) + 1;
  return { epoch, rollbacks, isArmed: state.isArmed && rollbacks < ROLLBACKS_TO_DISARM };
}

/** A person takes responsibility again; the count starts anew. */
export function rearm(state: Arming): Arming {
  return { ...state, rollbacks: 0, isArmed: true };
}
