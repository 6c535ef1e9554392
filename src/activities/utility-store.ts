import type { Actor } from '../domain/feedback.js';
import type { EpisodeId, Scope, TenantId } from '../domain/ids.js';
import type { JsonObject } from '../domain/json.js';
import type { LessonStatus } from '../domain/lesson.js';
import type { LessonRef } from '../domain/strategy.js';
import type { Utility } from '../domain/utility/uplift.js';

/** What is counted of one revision: over all tasks where `slice` is '', else over those of `key=value`. */
export interface UtilityRow extends LessonRef {
  readonly slice: string;
  readonly status: LessonStatus;
  readonly utility: Utility;
}

/** How far live outcomes have been counted. */
export interface UtilityCursor {
  readonly cursor: number;
  readonly passedOver: readonly number[];
}

/** What lessons were found to be worth. */
export interface UtilityStore {
  utilities(scope: Scope): Promise<readonly UtilityRow[]>;
  utilityCursor(scope: Scope): Promise<UtilityCursor>;
  /**
   * Counts outcomes for the lessons their episodes had or were held out of, and moves the cursor, in one
   * transaction. False where another call moved it first: nothing is counted then.
   */
  countUtility(
    scope: Scope,
    from: UtilityCursor,
    to: UtilityCursor,
    outcomes: readonly { readonly episode: EpisodeId; readonly score: number }[],
  ): Promise<boolean>;
  /** Whether every one of some episodes has ended and succeeded. */
  haveSucceeded(tenant: TenantId, episodes: readonly EpisodeId[]): Promise<boolean>;
  /** Marks a revision as quarantined, once, with its audit entry; false where it was already. */
  quarantineLesson(
    scope: Scope,
    quarantined: LessonRef & {
      readonly actor: Actor;
      readonly reason: string;
      readonly detail: JsonObject;
    },
  ): Promise<boolean>;
}
