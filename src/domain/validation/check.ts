import type { LessonId } from '../ids.js';
import type { LessonDraft } from '../lesson.js';
import type { TaskFacts } from '../retrieval/predicates.js';
import type { LayerPermissions } from '../strategy.js';

/** Why a lesson was refused; one code a kind of fault, stable over releases. */
export const VALIDATION_CODES = [
  'MALFORMED',
  'LAYER_FROZEN',
  'LOW_TRUST_TEXT',
  'LESSON_TOO_LONG',
  'EVIDENCE_UNKNOWN',
  'TRIGGER_SILENT',
  'DUPLICATE',
  'TOO_FEW_GROUPS',
  'HIDDEN_CHARACTERS',
  'OBFUSCATED',
  'SECRET',
  'PERSONAL_DATA',
  'EXFILTRATION',
  'INJECTION',
  'PERMISSION_WIDENING',
  'GRADING',
  'REPLY_TAMPERING',
  'FOREIGN_TASK',
  'UNBIDDEN_EFFECT',
  'LEAKAGE',
] as const;
export type ValidationCode = (typeof VALIDATION_CODES)[number];

/** What validation needs to know of an episode that a lesson cites. */
export interface CitedEpisode {
  /** How many steps its trajectory has. */
  readonly steps: number;
  readonly task: TaskFacts;
  /** Inputs and outputs of the task as text: no five words in a row of them may stand in a lesson. */
  readonly texts: readonly string[];
  /** Known right answers: none may stand whole in a lesson. */
  readonly answers: readonly string[];
}

/** Everything a draft is held against; nothing is looked up elsewhere. */
export interface ValidationContext {
  readonly permissions: LayerPermissions;
  /** By episode id; what is not here does not exist for this tenant. */
  readonly episodes: ReadonlyMap<string, CitedEpisode>;
  /** Lessons whose content is active, by `contentKey`. */
  readonly active: ReadonlyMap<string, LessonId>;
  /** Independent groups that support the lesson, and how many of its sources are expert or owner. */
  readonly supportGroups: { readonly groups: number; readonly experts: number };
  /** Most tokens of a free text; `MAX_TEXT_TOKENS` where left out. */
  readonly maxTextTokens?: number;
}

export interface Refusal {
  readonly code: ValidationCode;
  readonly message: string;
}

/** One named question to a draft; null means that it has nothing against it. */
export interface Check {
  readonly name: string;
  readonly check: (draft: LessonDraft, context: ValidationContext) => Refusal | null;
}

export type LessonValidation =
  | { readonly accepted: true }
  | { readonly accepted: false; readonly code: ValidationCode; readonly message: string };
