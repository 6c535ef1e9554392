import { z } from 'zod';

import type { Outcome, Trajectory } from '../domain/episode.js';
import type { JsonObject } from '../domain/json.js';
import { functionOf, settingsOf } from './object-of.js';

/** What an evaluator is given. */
export interface EvaluationInput {
  readonly task: { readonly id: string; readonly input: JsonObject };
  /** The final text of the agent; empty when it ended without one. */
  readonly output: string;
  readonly trajectory: Trajectory;
  readonly resources: Readonly<Record<string, unknown>>;
  readonly signal: AbortSignal;
}

export interface Evaluation {
  /** 0 … 1, or null when this evaluator cannot tell. */
  readonly score: number | null;
  /** `ok`, or the kind of failure. */
  readonly category?: string;
  readonly detail?: string;
  /**
   * Set where the run itself is why there is nothing to grade, such as output that cannot be parsed: it counts
   * as failed, and for the gate as an outcome that went missing.
   */
  readonly missing?: 'arm';
}

/** Judges an outcome. The first one that can tell decides; checkers stand before judges. */
export interface Evaluator {
  readonly name: string;
  readonly source: Extract<Outcome['source'], 'checker' | 'environment' | 'judge'>;
  readonly evaluate: (input: EvaluationInput) => Promise<Evaluation>;
}

export const EvaluatorShape = settingsOf({
  name: z.string().min(1),
  source: z.enum(['checker', 'environment', 'judge']),
  evaluate: functionOf(),
});
