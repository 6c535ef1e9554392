import { proxyActivities, setCurrentDetails } from '@temporalio/workflow';

import type { LessonReview, MaintenanceActivities } from '../activities/maintenance-activities.js';
import type { UtilityCount } from '../activities/utility-counting.js';
import type { Scope } from '../domain/ids.js';

const { countLessonUtility, reviewLessons, archiveHistories } =
  proxyActivities<MaintenanceActivities>({
    startToCloseTimeout: '10m',
    retry: { maximumInterval: '1m', maximumAttempts: 10 },
  });

export interface MaintenanceReport extends UtilityCount, LessonReview {
  readonly archived: number;
}

/**
 * One round of keeping an agent's memory sound, started by its schedule: outcomes counted for the lessons
 * behind them, lessons in service looked at again, histories stored before Temporal forgets them.
 */
export async function maintainMemory({ tenant, agent }: Scope): Promise<MaintenanceReport> {
  const scope = { tenant, agent };
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
      ].join('  \n'),
    );
    if (!batch.more) return { ...counted, ...review, archived };
  }
}
