import type { LessonDraft } from '../lesson.js';
import type { LessonValidation, ValidationCode, ValidationContext } from './check.js';
import { validateLesson } from './validate.js';

/** Refusals of a text that must not stand in one more prompt: nobody waits for a gate. */
const DANGEROUS: ReadonlySet<ValidationCode> = new Set<ValidationCode>([
  'SECRET',
  'PERSONAL_DATA',
  'EXFILTRATION',
  'HIDDEN_CHARACTERS',
  'OBFUSCATED',
  'INJECTION',
  'PERMISSION_WIDENING',
  'GRADING',
  'REPLY_TAMPERING',
  'UNBIDDEN_EFFECT',
]);

/**
 * Questions to the moment a lesson is proposed, not to one in service: a frozen layer stops learning and
 * takes nothing away; what a lesson duplicates or contradicts is settled as it comes; what is left of its
 * support is counted anew by the erasure that lessens it; and what it was learned from does not change.
 */
const AT_PROPOSAL: ReadonlySet<string> = new Set([
  'layer',
  'duplicate',
  'conflict',
  'support',
  'evidence',
  'scope',
  'trigger',
  'negative',
  'taint',
  'leakage',
]);

export type Revalidation =
  | { readonly accepted: true }
  | (Exclude<LessonValidation, { readonly accepted: true }> & { readonly isDangerous: boolean });

/**
 * Whether a lesson in service would pass validation as it is by now: by the checks of this release, beside
 * the agent as it is defined and the tasks that are kept for evaluation.
 */
export function revalidate(
  lesson: LessonDraft,
  context: Omit<ValidationContext, 'evidence' | 'active' | 'supportGroups'>,
): Revalidation {
  const nothing = { evidence: [], active: [], supportGroups: { groups: 0, experts: 0 } };
  const answer = validateLesson(lesson, { ...context, ...nothing }, AT_PROPOSAL);
  return answer.accepted ? answer : { ...answer, isDangerous: DANGEROUS.has(answer.code) };
}

/**
 * The part of a list whose turn it is: each once in as many turns as it takes with so many at a time. The same
 * turn of the same list is the same part.
 */
export function partInTurn<T>(items: readonly T[], most: number, turn: number): readonly T[] {
  const parts = Math.ceil(items.length / most);
  return parts <= 1 ? items : items.filter((_, at) => at % parts === turn % parts);
}
