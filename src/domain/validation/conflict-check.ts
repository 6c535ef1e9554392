import type { LessonId } from '../ids.js';
import type { LessonDraft, LessonRevision } from '../lesson.js';
import type { Check, ValidationContext } from './check.js';
import {
  contradicts,
  putsOut,
  resolveConflict,
  type Backing,
  type Resolution,
  type Standing,
} from './conflict.js';

/** What becomes of a draft beside the lessons that say otherwise. */
export type Settlement =
  /** It enters, and takes the place of these with the bundle that brings it. */
  | { readonly kind: 'enters'; readonly overrules: readonly LessonRevision[] }
  | { readonly kind: 'refused'; readonly by: LessonRevision; readonly resolution: Resolution }
  /** Nothing decides: it and these are out until a person says which of them stands. */
  | { readonly kind: 'disputed'; readonly with: readonly LessonRevision[] };

export interface Settling {
  /** Lessons to compare with: what serves, and what waits in a dispute. */
  readonly active: readonly LessonRevision[];
  /** What is known of them beside their own words. */
  readonly standings?: ValidationContext['standings'];
  readonly nowMs?: number;
  readonly supportGroups: Backing;
}

/**
 * Settles what a draft says against what others say. It has to prevail over each of them to enter. What it only
 * equals it disputes, where it may put all of these out; else it is refused and they stay. Beside lessons in a
 * dispute it enters only where it prevails: a third voice does not settle what two left open.
 */
export function settle(draft: LessonDraft, { active, ...known }: Settling): Settlement {
  const own = standingOf(draft, known.nowMs ?? null);
  const overrules: LessonRevision[] = [];
  const open: LessonRevision[] = [];
  for (const lesson of active.filter((other) => contradicts(draft, other))) {
    const other = known.standings?.get(revisionName(lesson)) ?? storedStanding(lesson);
    const resolution = resolveConflict(own, other);
    const isInDispute = lesson.status === 'disputed';
    if (resolution.stands === 'first') {
      if (!isInDispute) overrules.push(lesson);
    } else if (resolution.stands === 'neither' && !isInDispute) {
      if (!putsOut(own, known.supportGroups, other)) {
        return { kind: 'refused', by: lesson, resolution };
      }
      open.push(lesson);
    } else {
      return { kind: 'refused', by: lesson, resolution };
    }
  }
  return open.length === 0 ? { kind: 'enters', overrules } : { kind: 'disputed', with: open };
}

/** What a bundle must lose, and take away, so that nothing in it is at odds with the rest or with what serves. */
export interface SettledBundle {
  readonly left: readonly LessonId[];
  readonly removals: readonly LessonId[];
}

/**
 * Settles a bundle before it is closed: what serves may have changed since its lessons joined, and some came
 * from bundles before it. A lesson that does not prevail leaves; nothing is disputed here, since each of them
 * was told when it could be.
 */
export function settleBundle(
  lessons: readonly LessonRevision[],
  serving: readonly LessonRevision[],
  known: Pick<Settling, 'standings'>,
): SettledBundle {
  const backing = { groups: 0, experts: 0 };
  const kept: LessonRevision[] = [];
  const left = new Set<LessonId>();
  const overruled = new Map<LessonId, readonly LessonId[]>();
  for (const lesson of lessons) {
    const others = [...serving.filter(({ id }) => id !== lesson.id), ...kept];
    const nowMs = storedMs(lesson);
    const settled = settle(lesson, {
      active: others,
      ...(known.standings !== undefined && { standings: known.standings }),
      ...(nowMs !== null && { nowMs }),
      supportGroups: backing,
    });
    if (settled.kind !== 'enters') {
      left.add(lesson.id);
      continue;
    }
    const isBundled = (other: LessonRevision): boolean => kept.includes(other);
    for (const other of settled.overrules.filter(isBundled)) {
      kept.splice(kept.indexOf(other), 1);
      left.add(other.id);
      overruled.delete(other.id);
    }
    const inService = settled.overrules.filter((other) => serving.includes(other));
    overruled.set(
      lesson.id,
      inService.map(({ id }) => id),
    );
    kept.push(lesson);
  }
  const removals = new Set([...overruled.values()].flat());
  const stays = new Set(kept.map(({ id }) => id));
  return { left: [...left], removals: [...removals].filter((id) => !stays.has(id)) };
}

const conflict: Check = {
  name: 'conflict',
  check: (draft, context) => {
    const settled = settle(draft, context);
    if (settled.kind === 'enters') return null;
    if (settled.kind === 'disputed') {
      const names = settled.with.map(({ id }) => id).join(', ');
      const message = `contradicts ${names}, and nothing speaks for one of them: all are out`;
      return { code: 'DISPUTED', message };
    }
    const { by, resolution } = settled;
    if (resolution.stands === 'neither') {
      const message =
        by.status === 'disputed'
          ? `contradicts ${by.id}, which waits for a person to say what stands`
          : `contradicts ${by.id}, which is measured or better backed: it stays`;
      return { code: 'DISPUTED', message };
    }
    return {
      code: 'CONFLICT',
      message: `contradicts ${by.id}, which stands by ${byWhat(resolution)}`,
    };
  },
};

function byWhat(resolution: Resolution): string {
  return resolution.stands === 'neither' ? 'nothing' : resolution.by;
}

/** A revision as people name it. */
export function revisionName({ id, revision }: Pick<LessonRevision, 'id' | 'revision'>): string {
  return `${id}@${String(revision)}`;
}

/** What is known of a lesson by who told it, when, and how the step it speaks of was found. */
function standingOf(
  { sources, attribution }: Pick<LessonDraft, 'sources' | 'attribution'>,
  learnedAtMs: number | null,
): Standing {
  const authority = Math.max(0, ...sources.map((source) => source.authority));
  const isVerified = attribution?.isVerified === true;
  return { authority, isVerified, isProven: false, uplift: null, learnedAtMs };
}

/** The same of a stored lesson; what was measured of it is for the store to add. */
export function storedStanding(lesson: LessonRevision): Standing {
  return standingOf(lesson, storedMs(lesson));
}

function storedMs({ storedAt }: LessonRevision): number | null {
  return storedAt === undefined ? null : Date.parse(storedAt);
}

/** Whether what stands already leaves room for what is said. */
export const CONFLICT_CHECKS: readonly Check[] = [conflict];
