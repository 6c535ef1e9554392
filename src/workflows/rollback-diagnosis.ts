import { proxyActivities } from '@temporalio/workflow';

import type { LearningActivities } from '../activities/learning-activities.js';
import type { Scope } from '../domain/ids.js';
import type { Suspect } from '../domain/learner-journal.js';
import type { DiagnosisSlot } from './diagnosis-slot.js';
import type { Journal } from './journal.js';
import { replayPairs } from './learner-checks.js';

const { planDiagnosis, concludeRollback } = proxyActivities<LearningActivities>({
  startToCloseTimeout: '60s',
});

/**
 * After a rollback in probation: was it the promotion, or the world? What was taken back is replayed beside what
 * serves since; nothing comes back by it, but what drift made look bad may be told again.
 */
async function diagnoseRollback(
  scope: Scope,
  { candidate, failures: episodes }: Suspect,
): Promise<void> {
  const plan = await planDiagnosis({ ...scope, candidate });
  if (plan === null) return;
  const { version, baseline, slice, rollback } = plan;
  const { conclusion, pairs, seed } = await replayPairs(scope, candidate, plan, slice);
  const alarm = { reason: rollback.reason, ...rollback.detail };
  const detail = { purpose: 'probation', slice, pairs, seed, version, baseline, alarm };
  await concludeRollback({ ...scope, candidate, conclusion, episodes, detail });
}

/** What was taken back in probation, one after the other, until each is diagnosed. */
export interface Suspects {
  /** Whether one may be looked into by now. */
  readonly areThere: () => boolean;
  readonly begin: () => void;
  /** Milliseconds until one that waits may be looked into; null where none waits for its time. */
  readonly waitMs: () => number | null;
}

export function suspectsOf(
  scope: Scope,
  { books, note }: Pick<Journal, 'books' | 'note'>,
  slot: DiagnosisSlot,
): Suspects {
  const next = (): Suspect | undefined => books().suspects?.[0];
  return {
    areThere: () => next() !== undefined && slot.pauseMs() === 0,
    begin() {
      const suspect = next();
      if (suspect === undefined) return;
      const { candidate } = suspect;
      slot.begin(candidate, async () => {
        await diagnoseRollback(scope, suspect);
        await note({ kind: 'diagnosed', candidate });
      });
    },
    waitMs: () => (next() === undefined || slot.of() !== null ? null : Math.max(1, slot.pauseMs())),
  };
}
