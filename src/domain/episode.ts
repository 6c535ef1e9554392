import type { LessonId } from './ids.js';

/**
 * live: serves somebody; shadow: one arm of a pair; explore: a sandboxed second look; imported: recorded
 * elsewhere, read here, and run by nobody.
 */
export type Mode = 'live' | 'shadow' | 'explore' | 'imported';

export interface ToolCall {
  readonly id: string;
  readonly tool: string;
  /** As the model wrote it; parsed when the tool runs. */
  readonly arguments: string;
}

export interface TokenUsage {
  readonly inputTokens: number;
  readonly outputTokens: number;
}

export type ToolResult =
  | { readonly ok: true; readonly content: string }
  | { readonly ok: false; readonly code: string; readonly content: string };

/** One model or tool call of an episode. */
export type Step =
  | {
      readonly index: number;
      readonly kind: 'model';
      readonly model: string;
      readonly text: string;
      readonly toolCalls: readonly ToolCall[];
      readonly usage: TokenUsage;
      /** The model declined to answer; the text says why. */
      readonly isRefusal?: true;
    }
  | {
      readonly index: number;
      readonly kind: 'tool';
      readonly callId: string;
      readonly tool: string;
      readonly arguments: string;
      readonly result: ToolResult;
    };

export type ToolStep = Extract<Step, { kind: 'tool' }>;
export type ModelStep = Extract<Step, { kind: 'model' }>;

/** The ordered model and tool calls of an episode. */
export type Trajectory = readonly Step[];

/** How a task ended. `needs_review` is not an end: it waits for an `answer`. */
export const TASK_ENDS = ['done', 'failed', 'cancelled'] as const;
export type TaskEnd = (typeof TASK_ENDS)[number];

/** A judgement of one episode; `score` null means that nobody could tell. */
export interface Outcome {
  /** 0 (failed) … 1 (succeeded). */
  readonly score: number | null;
  readonly evaluator: string;
  readonly source: 'checker' | 'person' | 'environment' | 'judge' | 'user' | 'implicit' | 'none';
  /** `ok`, or the kind of failure. */
  readonly category: string;
  readonly detail: string;
  /** Why there is no outcome: by the arm's own fault, and the score is 0; or by the infrastructure's, and it is null. */
  readonly missing?: 'infrastructure' | 'arm';
}

export const SUCCESS_THRESHOLD = 0.5;

export function succeeded(outcome: Outcome): boolean {
  return outcome.score !== null && outcome.score >= SUCCESS_THRESHOLD;
}

export type Slices = Readonly<Record<string, string>>;

/** Why a version serves a task: it is active, the canary's share, or an exception of a slice. */
export type Arm = 'active' | 'canary' | 'pinned' | 'exception';

export interface RecalledLesson {
  readonly lesson: LessonId;
  readonly revision: number;
  readonly text: string;
  readonly score: number;
}
