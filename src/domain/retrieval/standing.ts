import type { LessonKind } from '../lesson.js';
import { recoveryNoteIn } from '../mining/recovery-note.js';

/**
 * Whether a lesson stands wherever its predicates hold, and is not searched for: a rule, and a note on how a tool
 * is called. Tasks name what they are about, and seldom the tool; words would never find such a note. One that
 * names a place of a general tool is found by the words of the place.
 */
export function isStanding(kind: LessonKind, text: string): boolean {
  if (kind === 'rule') return true;
  if (kind !== 'tool-note') return false;
  const note = recoveryNoteIn(text);
  return note !== undefined && note.place === undefined;
}
