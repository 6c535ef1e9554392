import type { LessonDraft, LessonRevision } from '../lesson.js';
import type { Check, ValidationContext } from './check.js';
import { contradicts, resolveConflict, type Resolution, type Standing } from './conflict.js';

const conflict: Check = {
  name: 'conflict',
  check: (draft, context) => {
    for (const lesson of context.active.filter((other) => contradicts(draft, other))) {
      const resolution = resolutionOf(draft, lesson, context);
      if (resolution.stands === 'first') continue;
      if (resolution.stands === 'neither') {
        const message = `contradicts ${lesson.id}, and nothing speaks for one of them: both are out`;
        return { code: 'DISPUTED', message };
      }
      const message = `contradicts ${lesson.id}, which stands by ${resolution.by}`;
      return { code: 'CONFLICT', message };
    }
    return null;
  },
};

type Standings = Pick<ValidationContext, 'standings' | 'nowMs'>;

function resolutionOf(
  draft: LessonDraft,
  lesson: LessonRevision,
  { standings, nowMs }: Standings,
): Resolution {
  const own = standingOf(draft, nowMs ?? null);
  return resolveConflict(own, standings?.get(lesson.id) ?? standingOf(lesson, storedMs(lesson)));
}

/** What is known of a lesson by who told it, and when. */
function standingOf(
  { sources }: Pick<LessonDraft, 'sources'>,
  learnedAtMs: number | null,
): Standing {
  const authority = Math.max(0, ...sources.map((source) => source.authority));
  return { authority, isVerified: false, uplift: null, learnedAtMs };
}

function storedMs({ storedAt }: LessonRevision): number | null {
  return storedAt === undefined ? null : Date.parse(storedAt);
}

/**
 * The active lessons that a draft is at odds with and does not yield to: it replaces them, or both sides
 * are out. Whoever lets the draft in, or refuses it as disputed, takes these away.
 */
export function overruledBy(
  draft: LessonDraft,
  context: Standings & Pick<ValidationContext, 'active'>,
): ValidationContext['active'] {
  return context.active.filter(
    (lesson) =>
      contradicts(draft, lesson) && resolutionOf(draft, lesson, context).stands !== 'second',
  );
}

/** Whether what stands already leaves room for what is said. */
export const CONFLICT_CHECKS: readonly Check[] = [conflict];
