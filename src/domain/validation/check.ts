import type { Slices } from '../episode.js';
import type { EpisodeId } from '../ids.js';
import type { Json, JsonObject } from '../json.js';
import type { LessonDraft, LessonRevision } from '../lesson.js';
import type { LayerPermissions } from '../strategy.js';

/** Why a lesson was refused; one code a kind of fault, stable over releases. */
export const VALIDATION_CODES = [
  'MALFORMED',
  'LAYER_FROZEN',
  'TOOL_ABSENT',
  'LOW_TRUST_TEXT',
  'LESSON_TOO_LONG',
  'EVIDENCE_UNKNOWN',
  'TRIGGER_SILENT',
  'DUPLICATE',
  'TOO_FEW_GROUPS',
  'SECRET',
  'PERSONAL_DATA',
  'EXFILTRATION',
  'HIDDEN_CHARACTERS',
  'OBFUSCATED',
  'INJECTION',
  'PERMISSION_WIDENING',
  'GRADING',
  'REPLY_TAMPERING',
  'FOREIGN_TASK',
  'UNBIDDEN_EFFECT',
  'OFF_TOPIC',
  'LEAKAGE',
] as const;
export type ValidationCode = (typeof VALIDATION_CODES)[number];

/** What validation looks at of an episode that a lesson cites. */
export interface EvidenceFacts {
  readonly episode: EpisodeId;
  /** How many steps its trajectory has. */
  readonly steps: number;
  readonly slices: Slices;
  readonly input: JsonObject;
  readonly output: Json;
  /** Known right answers of its task: none may stand whole in a lesson. */
  readonly answers?: readonly string[];
}

/** Everything a draft is held against; nothing is looked up elsewhere. */
export interface ValidationContext {
  readonly permissions: LayerPermissions;
  /** Names of the tools that the agent has. */
  readonly tools: readonly string[];
  /** What the agent's own definition says: its trade has words that no list of ours knows. */
  readonly vocabulary?: string;
  /** The cited episodes that exist for this tenant. */
  readonly evidence: readonly EvidenceFacts[];
  readonly active: readonly LessonRevision[];
  /** Independent groups that support the lesson, and how many of its sources are expert or owner. */
  readonly supportGroups: { readonly groups: number; readonly experts: number };
  /** Most tokens of a free text; `MAX_TEXT_TOKENS` where left out. */
  readonly maxTextTokens?: number;
}

interface Refusal {
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
