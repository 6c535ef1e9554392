import type { Arming } from '../domain/gate/arming.js';
import type { ErrorLedger } from '../domain/gate/ledger.js';
import type { CandidateId } from '../domain/ids.js';

/** A candidate's place in a queue of the learner. */
export interface Turn {
  readonly candidate: CandidateId;
  readonly workflowId: string;
  /** A person approved or forced it, so that it goes on where automatic promotion is off. */
  readonly byPerson?: boolean;
}

/** What the learner shows in the Temporal UI. */
export function learnerDetails(state: {
  readonly ledger: ErrorLedger;
  readonly evaluating: Turn | null;
  readonly canary: Turn | null;
  readonly queue: readonly Turn[];
  readonly frozen: boolean;
  readonly arming: Arming;
  readonly discordance: number | null;
}): string {
  const { ledger, evaluating, canary, queue, frozen, arming, discordance } = state;
  const limit = String(ledger.policy.falseDiscoveryRate);
  return [
    frozen ? '**Frozen**: no canary starts or advances' : '**Learning**',
    ...(arming.isArmed
      ? []
      : ['**Automatic promotion is off**: a person approves each candidate, or re-arms']),
    `evaluating: ${evaluating?.candidate ?? 'nothing'}`,
    `canary: ${canary?.candidate ?? 'nothing'}, ${String(queue.length)} waiting`,
    `error ledger, epoch ${String(ledger.epoch)}: spent ${ledger.spent.toFixed(5)} of ${limit}, ${String(ledger.discoveries)} promotions stand, ${String(arming.rollbacks)} rollbacks`,
    `A/A discordance: ${discordance === null ? 'not measured yet' : discordance.toFixed(3)}`,
  ].join('  \n');
}
