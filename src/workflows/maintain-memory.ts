import { proxyActivities, setCurrentDetails, sleep } from '@temporalio/workflow';

import type { LessonReview, MaintenanceActivities } from '../activities/maintenance-activities.js';
import type { UtilityCount } from '../activities/utility-counting.js';
import type { CandidateId, Scope } from '../domain/ids.js';

const { countLessonUtility, reviewLessons, archiveHistories, findUncarried, endUncarried } =
  proxyActivities<MaintenanceActivities>({
    startToCloseTimeout: '10m',
    retry: { maximumInterval: '1m', maximumAttempts: 10 },
  });

/** A candidate that was being handed over at the first look is carried by the second. */
const SECOND_LOOK_MS = 60_000;

export interface MaintenanceReport extends UtilityCount, LessonReview {
  readonly archived: number;
  /** Candidates that ended because their workflow had. */
  readonly uncarried: readonly CandidateId[];
}

/**
 * One round of keeping an agent's memory sound, started by its schedule: candidates that nobody carries taken
 * back, outcomes counted for the lessons
 * behind them, lessons in service looked at again, histories stored before Temporal forgets them.
 */
export async function maintainMemory({ tenant, agent }: Scope): Promise<MaintenanceReport> {
  const scope = { tenant, agent };
  const uncarried = await withoutCarrier(scope);
  const counted = await countLessonUtility(scope);
  const review = await reviewLessons(scope);
  let archived = 0;
  for (;;) {
    const batch = await archiveHistories(scope);
    archived += batch.archived;
    setCurrentDetails(
      [
        `${String(counted.outcomes)} outcomes counted, quarantined: ${counted.quarantined.join(', ') || 'none'}`,
        `${String(review.lessons)} lessons in service, ${String(review.removals.length)} to leave`,
        `${String(archived)} histories archived`,
        ...(uncarried.length === 0 ? [] : [`nobody carried: ${uncarried.join(', ')}`]),
      ].join('  \n'),
    );
    if (!batch.more) return { ...counted, ...review, archived, uncarried };
  }
}

/** First of all: what nobody watches serves until it is taken back. */
async function withoutCarrier(scope: Scope): Promise<readonly CandidateId[]> {
  const candidates = await findUncarried(scope);
  if (candidates.length === 0) return [];
  await sleep(SECOND_LOOK_MS);
  return endUncarried({ ...scope, candidates });
}
