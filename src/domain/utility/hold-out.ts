import { uniformOf } from '../random.js';
import type { UpliftStanding } from './uplift.js';

/** How often a lesson is held out of a task it was recalled for, by what is known of it. */
export interface HoldOutPolicy {
  /** 0 … 0.5; 0 switches hold-out off, and utility then says nothing. */
  readonly share: number;
  /** For a lesson that was shown to help. */
  readonly helpfulShare: number;
  /** For one that seems to harm, so that it is soon known. */
  readonly suspectedShare: number;
}

export const DEFAULT_HOLD_OUT: HoldOutPolicy = {
  share: 0.1,
  helpfulShare: 0.02,
  suspectedShare: 0.2,
};

/** One lesson of one task: whether it was held out, and how likely that was. */
export interface HoldOutDraw {
  readonly lesson: string;
  readonly revision: number;
  readonly propensity: number;
  readonly heldOut: boolean;
}

/** How often a lesson of this standing is to be held out. */
export function propensityOf(standing: UpliftStanding, policy: HoldOutPolicy): number {
  if (policy.share === 0) return 0;
  switch (standing) {
    case 'helpful':
      return Math.min(policy.share, policy.helpfulShare);
    case 'suspected':
    case 'harmful':
      return Math.max(policy.share, policy.suspectedShare);
    case 'unknown':
      return policy.share;
  }
}

/**
 * Draws for each lesson on its own whether a task goes without it. The draw depends on the task and the
 * lesson alone, so that asking twice answers the same, and both arms of a canary are treated alike.
 */
export function drawHoldOuts(
  task: string,
  lessons: readonly { readonly id: string; readonly revision: number }[],
  propensityFor: (lesson: string, revision: number) => number,
): HoldOutDraw[] {
  return lessons.flatMap(({ id, revision }) => {
    const propensity = propensityFor(id, revision);
    if (propensity === 0) return [];
    const heldOut = uniformOf('hold-out', task, id) < propensity;
    return [{ lesson: id, revision, propensity, heldOut }];
  });
}
