import type { EvaluationPlan } from '../activities/learning-activities.js';
import type { GateSummary } from '../domain/gate/gate-summary.js';
import type { CanaryRun } from './canary-run.js';
import type { Mailbox, Word } from './mailbox.js';
import type { ProbationRun } from './probation-run.js';

/** A verdict that waits for a person's word. */
export interface Waiting {
  readonly kind: 'waiting';
  readonly plan: EvaluationPlan;
  readonly name: GateSummary['verdict'];
  /** The verdict in words. */
  readonly verdict: string;
  readonly untilMs: number;
}

/** What is decided about a candidate once its evaluation is over. */
export interface Cleared {
  readonly plan: EvaluationPlan;
  readonly forcedBy: Word | null;
  /** A person approved or forced it. */
  readonly byPerson: boolean;
}

/** Its turn has not come yet. */
export interface Queued extends Cleared {
  readonly kind: 'queued';
}

/** In its canary; `run` is null before the first look. */
export interface InCanary extends Cleared {
  readonly kind: 'canary';
  readonly run: CanaryRun | null;
}

/** Through its canary after so many outcomes, and not promoted yet. */
export interface Promoting extends Cleared {
  readonly kind: 'promoting';
  readonly outcomes: number;
  readonly looks: number;
}

export interface OnProbation extends Cleared {
  readonly kind: 'probation';
  /** The newest task accepted before the promotion. */
  readonly from: number;
  readonly run: ProbationRun | null;
}

export type InRollout = InCanary | Promoting | OnProbation;

/** Where a candidate stands while its workflow is at rest: all that another run needs to carry it on. */
export type Standing = Waiting | Queued | InRollout;

/** What one run of a candidate's workflow hands on to the next. */
export interface CarriedOn {
  readonly mailbox: Mailbox;
  readonly standing: Standing;
}
