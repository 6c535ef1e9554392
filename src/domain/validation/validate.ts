import type { LessonDraft } from '../lesson.js';
import type { Check, LessonValidation, ValidationContext } from './check.js';
import { CONFLICT_CHECKS, settle } from './conflict-check.js';
import { EVIDENCE_CHECKS } from './evidence-checks.js';
import { HIDDEN_CHECKS } from './hidden-checks.js';
import { HIJACK_CHECKS } from './hijack-checks.js';
import { INSTRUCTION_CHECKS } from './instruction-checks.js';
import { LANGUAGE_CHECKS } from './language-check.js';
import { LEAKAGE_CHECKS } from './leakage-check.js';
import { MARKUP_CHECKS } from './markup-check.js';
import { SENSITIVE_CHECKS } from './sensitive-checks.js';
import { SHAPE_CHECKS } from './shape-checks.js';
import { TOPIC_CHECKS } from './topic-check.js';

const CHECKS: readonly Check[] = [
  ...SHAPE_CHECKS,
  ...EVIDENCE_CHECKS,
  ...CONFLICT_CHECKS,
  ...SENSITIVE_CHECKS,
  ...HIDDEN_CHECKS,
  ...MARKUP_CHECKS,
  ...LANGUAGE_CHECKS,
  ...INSTRUCTION_CHECKS,
  ...HIJACK_CHECKS,
  ...TOPIC_CHECKS,
  ...LEAKAGE_CHECKS,
];

/** Names of all checks, in the order they are asked. */
export const VALIDATION_CHECKS: readonly string[] = CHECKS.map(({ name }) => name);

/**
 * Decides without a run whether a draft may become a lesson; the first check that refuses decides the
 * code. Checks named in `off` are not asked: that is for tests that must fail without them.
 *
 * Patterns know kinds of danger and not every wording of it. What a lesson that got past them can do
 * is bounded elsewhere: it stands in a fixed slot, changes no tool set, and must pass the gate.
 */
export function validateLesson(
  draft: LessonDraft,
  context: ValidationContext,
  off: ReadonlySet<string> = new Set(),
): LessonValidation {
  for (const { name, check } of CHECKS) {
    if (off.has(name)) continue;
    const refusal = check(draft, context);
    if (refusal !== null) return { accepted: false, ...refusal };
  }
  return { accepted: true };
}

/**
 * The same for a draft whose proposal the learner will read: what disputes lessons that it may put out is
 * accepted where nothing else is wrong with it, since the learner takes both out in its turn.
 */
export function validateBesideOthers(
  draft: LessonDraft,
  context: ValidationContext,
): LessonValidation {
  const answer = validateLesson(draft, context);
  const mayDispute =
    !answer.accepted && answer.code === 'DISPUTED' && settle(draft, context).kind === 'disputed';
  return mayDispute ? validateLesson(draft, context, new Set(['conflict'])) : answer;
}
