import type { Arming } from '../domain/gate/arming.js';
import type { ErrorLedger } from '../domain/gate/ledger.js';
import type { CandidateId } from '../domain/ids.js';
import type { Watched } from './learner-watch.js';

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
  readonly watched: Watched | null;
}): string {
  const { ledger, evaluating, canary, queue, frozen, arming, discordance, watched } = state;
  const limit = String(ledger.policy.falseDiscoveryRate);
  return [
    frozen ? '**Frozen**: no canary starts or advances' : '**Learning**',
    ...(arming.isArmed
      ? []
      : ['**Automatic promotion is off**: a person approves each candidate, or re-arms']),
    `evaluating: ${evaluating?.candidate ?? 'nothing'}`,
    `canary: ${canary?.candidate ?? 'nothing'}, ${String(queue.length)} waiting`,
    `error ledger, epoch ${String(ledger.epoch)}: spent ${ledger.spent.toFixed(5)} of ${limit}, ${String(ledger.discoveries)} promotions stand, ${String(arming.rollbacks)} rollbacks`,
    ...watchLines(watched),
    `A/A discordance: ${discordance === null ? 'not measured yet' : discordance.toFixed(3)}`,
  ].join('  \n');
}

/** What is watched after its probation, and whether its tasks end in other ways than they did. */
function watchLines(watched: Watched | null): readonly string[] {
  if (watched === null) return [];
  const { candidate, version, outcomes, categories } = watched;
  const line = `watched: ${candidate ?? version}, ${String(outcomes)} outcomes since its probation`;
  const { shift } = categories;
  if (shift === undefined) return [line];
  const moved = shift.shares
    .slice(0, 2)
    .map(
      ({ category, before, since }) => `${category} ${before.toFixed(3)} to ${since.toFixed(3)}`,
    );
  return [
    line,
    `**Categories shifted** after ${String(shift.n)} outcomes (ln E ${shift.logE.toFixed(2)}, threshold ${shift.threshold.toFixed(2)}): ${moved.join(', ')}`,
  ];
}
