import type { BlameMethod } from './attribution/blame.js';
import type { EpisodeId, LessonId, TaskId } from './ids.js';
import type { Json } from './json.js';
import type { SchemaFact } from './schema-fact.js';
import type { Layer } from './strategy.js';

/** One reusable statement, with evidence that points at steps. */
export const LESSON_KINDS = ['tool-note', 'rule', 'case', 'procedure', 'parameter'] as const;
export type LessonKind = (typeof LESSON_KINDS)[number];

export const LAYER_OF_KIND: Readonly<Record<LessonKind, Layer>> = {
  'tool-note': 'toolNotes',
  rule: 'rules',
  case: 'cases',
  procedure: 'procedures',
  parameter: 'parameters',
};

/** Machine-checked part of a trigger; a field that the task lacks makes it false. */
export interface Predicate {
  /** A slice name, or `input.<key>` for a top-level key of the task's input. */
  readonly field: string;
  readonly op: 'eq' | 'in';
  readonly value: string | readonly string[];
}

export interface Trigger {
  readonly predicates: readonly Predicate[];
  readonly when: string;
  readonly notWhen: string;
}

export type LessonBody =
  | { readonly form: 'text'; readonly text: string }
  | { readonly form: 'steps'; readonly steps: readonly string[] }
  | {
      readonly form: 'value';
      readonly parameter: string;
      readonly value: Json;
    };

/** Where a lesson was seen: the steps of one episode, and what came of it. */
export interface Evidence {
  readonly episode: EpisodeId;
  readonly task: TaskId;
  /** Indexes of steps in the episode's trajectory. */
  readonly steps: readonly number[];
  readonly role: 'failure' | 'success' | 'contrast' | 'observation';
  readonly outcome: number | null;
  readonly reliability: number;
}

/** Lowest of what a lesson was derived from; reflection never raises it. */
export type Trust = 'low' | 'medium' | 'high';

/** When a lesson holds, from the first instant to just before the last; ISO 8601, null where open. */
export interface Validity {
  readonly from: string | null;
  readonly until: string | null;
}

/** Which step of the episode it came from a lesson speaks of, and how that step was found. */
export interface LessonAttribution {
  readonly method: BlameMethod;
  readonly step: number;
  readonly confidence: number;
  /** Whether a forked replay with the step changed won against one without. */
  readonly isVerified: boolean;
}

/** Who or what a lesson came from. */
export interface LessonSource {
  readonly channel: 'tool_output' | 'user_text' | 'feedback' | 'operator' | 'reflection';
  readonly principal: string;
  readonly authority: number;
}

/** The part of a lesson that its content hash covers. */
export interface LessonContent {
  readonly kind: LessonKind;
  readonly title: string;
  readonly trigger: Trigger;
  readonly body: LessonBody;
}

/** A lesson before it is stored: what a miner or a reflection proposes. */
export interface LessonDraft extends LessonContent {
  /** What the lesson is about; equal keys are the same lesson, told again. */
  readonly key: string;
  readonly rationale: string;
  readonly evidence: readonly Evidence[];
  readonly sources: readonly LessonSource[];
  readonly trust: Trust;
  /** Digest of the tool's schema that a tool note speaks of. */
  readonly toolVersions: Readonly<Record<string, string>>;
  /** Always, where it is not told. */
  readonly validity?: Validity;
  /** What a discovered tool note was written from; the next observation of the same thing grows it. */
  readonly fact?: SchemaFact;
  /** Set where it cites the step that its episode's failure was blamed on. */
  readonly attribution?: LessonAttribution;
}

export type LessonStatus =
  'candidate' | 'shadow' | 'canary' | 'active' | 'disputed' | 'quarantined' | 'retired';

/** One stored revision of a lesson; immutable but for its status. */
export interface LessonRevision extends LessonDraft {
  readonly id: LessonId;
  readonly revision: number;
  readonly contentHash: string;
  readonly status: LessonStatus;
  /** When the revision was stored, ISO 8601. */
  readonly storedAt?: string;
}

/** The text that stands in a prompt. */
export function lessonText(body: LessonBody): string {
  switch (body.form) {
    case 'text':
      return body.text;
    case 'steps':
      return body.steps.map((step, index) => `${String(index + 1)}. ${step}`).join('\n');
    case 'value':
      return `${body.parameter} = ${JSON.stringify(body.value)}`;
  }
}
