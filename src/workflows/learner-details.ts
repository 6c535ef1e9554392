import type { LearnerBooks } from '../domain/learner-journal.js';
import type { Watched } from './learner-watch.js';

/** What the learner shows in the Temporal UI. */
export function learnerDetails(
  state: LearnerBooks & {
    readonly frozen: boolean;
    readonly discordance: number | null;
    /** Why something could not be done and is tried again. */
    readonly trouble: string | null;
    readonly watched: Watched | null;
  },
): string {
  const { ledger, evaluating, canary, queue, arming, suspects = [] } = state;
  const { frozen, discordance, trouble, watched } = state;
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
    ...suspects.map(({ candidate }) => `**Looked into**: why ${candidate} was taken back`),
    ...(trouble === null ? [] : [`**Tries again**: ${trouble}`]),
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

/** What the books say to whoever asks for the state of a learner. */
export function stateOf({ ledger, arming, evaluating, canary, queue }: LearnerBooks) {
  return {
    evaluating: evaluating === null ? [] : [evaluating.candidate],
    canary: canary?.candidate ?? null,
    canaryQueue: queue.map(({ candidate }) => candidate),
    promotions: ledger.discoveries,
    spent: ledger.spent,
    reservations: Object.keys(ledger.reservations).length,
    reserved: Object.entries(ledger.reservations)
      .filter(([, { state }]) => state === 'open')
      .map(([id]) => id),
    isArmed: arming.isArmed,
    rollbacks: arming.rollbacks,
  };
}
