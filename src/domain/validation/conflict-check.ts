import type { LessonDraft } from '../lesson.js';
import type { Check, ValidationContext } from './check.js';
import { contradicts, resolveConflict, type Standing } from './conflict.js';

const conflict: Check = {
  name: 'conflict',
  check: (draft, context) => {
    const own = standingOf(draft);
    for (const lesson of context.active.filter((other) => contradicts(draft, other))) {
      const resolution = resolveConflict(
        own,
        context.standings?.get(lesson.id) ?? standingOf(lesson),
      );
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

/** What is known of a lesson by its own words alone. */
function standingOf({ sources }: Pick<LessonDraft, 'sources'>): Standing {
  const authority = Math.max(0, ...sources.map((source) => source.authority));
  return { authority, isVerified: false, uplift: null, learnedAtMs: null };
}

/**
 * The active lessons that a draft is at odds with and does not yield to: it replaces them, or both sides
 * are out. Whoever lets the draft in, or refuses it as disputed, takes these away.
 */
export function overruledBy(
  draft: LessonDraft,
  { active, standings }: Pick<ValidationContext, 'active' | 'standings'>,
): ValidationContext['active'] {
  const own = standingOf(draft);
  return active.filter((lesson) => {
    if (!contradicts(draft, lesson)) return false;
    return (
      resolveConflict(own, standings?.get(lesson.id) ?? standingOf(lesson)).stands !== 'second'
    );
  });
}

/** Whether what stands already leaves room for what is said. */
export const CONFLICT_CHECKS: readonly Check[] = [conflict];
