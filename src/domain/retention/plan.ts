import type { Validity } from '../lesson.js';

/** What is known of a lesson in service when it is looked at again. */
export interface KeptLesson {
  readonly id: string;
  readonly revision: number;
  readonly tokens: number;
  readonly isStale: boolean;
  /** Whether it would not pass validation any more. */
  readonly isInvalid?: boolean;
  readonly validity: Validity | null;
  /** Live tasks that recalled it, each counting half as much a half-life later. */
  readonly recentUses: number;
  /** Whole days since the last of them; since it was stored, where there was none. */
  readonly idleDays: number;
  /** Lower bound of uplift. */
  readonly uplift: number;
  /** Pinned cases were won with it: it leaves only for being wrong, never for want of room. */
  readonly protects: boolean;
}

export interface RetentionPolicy {
  /** Days without a use after which a lesson may leave. */
  readonly idleDays: number;
  /** Tokens that the lessons in service may hold together. */
  readonly capacityTokens: number;
  /** Lessons one removal takes away at most, so that the gate can tell what it did. */
  readonly batch: number;
}

export const DEFAULT_RETENTION: RetentionPolicy = {
  idleDays: 180,
  capacityTokens: 5_000_000,
  batch: 20,
};

export type RemovalReason = 'expired' | 'stale' | 'invalid' | 'idle' | 'capacity';

export interface Removal {
  readonly id: string;
  readonly revision: number;
  readonly reason: RemovalReason;
}

/** How many days a use takes to count half. */
export const USE_HALF_LIFE_DAYS = 30;

/**
 * Which lessons should leave: what no longer holds, speaks of a tool that changed or would not pass validation
 * any more, then what nobody used for long, then what is worth least for its tokens where there are too
 * many. Each becomes part of a candidate like any other; nothing leaves by this alone. What is to be
 * passed over was put to a gate already, or is on its way there.
 */
export function planRemovals(
  lessons: readonly KeptLesson[],
  at: string,
  policy: RetentionPolicy,
  passedOver: ReadonlySet<string> = new Set(),
): Removal[] {
  const removals = new Map<string, Removal>();
  const remove = ({ id, revision }: KeptLesson, reason: RemovalReason): void => {
    if (!removals.has(id)) removals.set(id, { id, revision, reason });
  };
  for (const lesson of byId(lessons)) {
    const until = lesson.validity?.until ?? null;
    if (until !== null && at >= until) remove(lesson, 'expired');
    else if (lesson.isStale) remove(lesson, 'stale');
    else if (lesson.isInvalid === true) remove(lesson, 'invalid');
  }
  for (const lesson of byId(lessons)) {
    if (!lesson.protects && lesson.idleDays >= policy.idleDays) remove(lesson, 'idle');
  }
  const staying = lessons.filter(({ id }) => !removals.has(id));
  let tokens = staying.reduce((sum, lesson) => sum + lesson.tokens, 0);
  const cheapest = staying
    .filter(({ protects }) => !protects)
    .sort((left, right) => worthOf(left) - worthOf(right) || (left.id < right.id ? -1 : 1));
  for (const lesson of cheapest) {
    if (tokens <= policy.capacityTokens) break;
    remove(lesson, 'capacity');
    tokens -= lesson.tokens;
  }
  return [...removals.values()].filter(({ id }) => !passedOver.has(id)).slice(0, policy.batch);
}

/** Expected use times what it is shown to be worth, for a token. */
function worthOf({ recentUses, uplift, tokens }: KeptLesson): number {
  return ((1 + uplift) * recentUses) / Math.max(1, tokens);
}

function byId(lessons: readonly KeptLesson[]): KeptLesson[] {
  return [...lessons].sort((left, right) => (left.id < right.id ? -1 : 1));
}
