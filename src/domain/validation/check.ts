import type { Slices } from '../episode.js';
import type { AgentId, EpisodeId } from '../ids.js';
import type { Json, JsonObject } from '../json.js';
import type { LessonDraft, LessonRevision } from '../lesson.js';
import type { LayerPermissions } from '../strategy.js';
import type { Standing } from './conflict.js';

/** Why a lesson was refused; one code a kind of fault, stable over releases. */
export const VALIDATION_CODES = [
  'MALFORMED',
  'LAYER_FROZEN',
  'TOOL_ABSENT',
  'TOOL_WIDENING',
  'OUT_OF_RANGE',
  'LOW_TRUST_TEXT',
  'LESSON_TOO_LONG',
  'DUPLICATE',
  'TOO_FEW_GROUPS',
  'EVIDENCE_UNKNOWN',
  'OUT_OF_SCOPE',
  'TRIGGER_SILENT',
  'TRIGGER_TOO_WIDE',
  'TRUST_RAISED',
  'TAINTED',
  'CONFLICT',
  'DISPUTED',
  'SECRET',
  'PERSONAL_DATA',
  'EXFILTRATION',
  'HIDDEN_CHARACTERS',
  'OBFUSCATED',
  'MARKUP',
  'MIXED_LANGUAGE',
  'INJECTION',
  'PERMISSION_WIDENING',
  'GRADING',
  'REPLY_TAMPERING',
  'FOREIGN_TASK',
  'UNBIDDEN_EFFECT',
  'SPEAKING_GLOSS',
  'OFF_TOPIC',
  'LEAKAGE',
  'EVALUATION_LEAKAGE',
] as const;
export type ValidationCode = (typeof VALIDATION_CODES)[number];

/** What validation looks at of an episode that a lesson cites. */
export interface EvidenceFacts {
  readonly episode: EpisodeId;
  /** Whose episode it is; not asked where left out. */
  readonly agent?: AgentId;
  /** How many steps its trajectory has. */
  readonly steps: number;
  readonly slices: Slices;
  readonly input: JsonObject;
  readonly output: Json;
  /** Known right answers of its task: none may stand whole in a lesson. */
  readonly answers?: readonly string[];
  /** What tools and users said in it. */
  readonly observed?: readonly string[];
}

/** Everything a draft is held against; nothing is looked up elsewhere. */
export interface ValidationContext {
  readonly permissions: LayerPermissions;
  /** Whose lesson it is to be. */
  readonly agent?: AgentId;
  /** Names of the tools that the agent has. */
  readonly tools: readonly string[];
  /** What the agent's own definition says: its trade has words that no list of ours knows. */
  readonly vocabulary?: string;
  /** The cited episodes that exist for this tenant. */
  readonly evidence: readonly EvidenceFacts[];
  readonly active: readonly LessonRevision[];
  /** What is known of stored lessons beside their own words, by `revisionName`. */
  readonly standings?: ReadonlyMap<string, Standing>;
  /** When the draft is told, in milliseconds; nobody knows where left out. */
  readonly nowMs?: number;
  /** Texts of tasks that candidates are evaluated on. */
  readonly evaluation?: readonly string[];
  /** What is wrong with a value for a parameter of the agent, or null. */
  readonly parameterFault?: (parameter: string, value: Json) => string | null;
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
