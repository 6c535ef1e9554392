import type { Scope, TenantId } from '../domain/ids.js';
import type { LessonRef } from '../domain/strategy.js';
import type { DrawTally } from '../domain/utility/sample-ratio.js';

/** How a revision was used by live tasks. */
export interface LessonUse extends LessonRef {
  /** Each use counts half as much a half-life later. */
  readonly recentUses: number;
  readonly idleDays: number;
}

/** What is looked at once in a while, and never while a task waits. */
export interface MaintenanceStore {
  lessonUses(scope: Scope, halfLifeDays: number): Promise<readonly LessonUse[]>;
  /** Lessons of promotions that won cases which are pinned. */
  protectedLessons(scope: Scope): Promise<readonly LessonRef[]>;
  /** Draws of live tasks of the last days, by propensity. */
  drawTallies(scope: Scope, days: number): Promise<readonly DrawTally[]>;
  /** Those of some runs whose histories are stored. */
  archivedRuns(tenant: TenantId, runIds: readonly string[]): Promise<readonly string[]>;
}
