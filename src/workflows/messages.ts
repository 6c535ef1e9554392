import { defineQuery, defineSignal, defineUpdate } from '@temporalio/workflow';

import type { TaskEnd } from '../domain/episode.js';
import type { FeedbackAct, Role } from '../domain/feedback.js';
import type { StandingWatch } from '../domain/gate/standing-watch.js';
import type { CandidateId, EpisodeId } from '../domain/ids.js';
import type { Progress } from '../domain/learner-journal.js';

/** Clients import this file; it imports no workflow. */

/** A person's word on a candidate. */
export interface Decision {
  readonly actor: string;
  readonly role: Role;
  readonly reason: string;
  /** Version that the person believes to be active; a mismatch is refused. */
  readonly expectedVersion?: string;
}

export interface Answer {
  readonly actor: string;
  /** Which call is answered; the oldest waiting one unless told. */
  readonly callId?: string;
  /** The answer to a question, or what a call of unknown fate had as its result. */
  readonly text?: string;
  /** Whether a call that needs approval may run, and one of unknown fate, which did not happen, again. */
  readonly allow?: boolean;
}

export interface FeedbackMessage {
  readonly id: string;
  readonly actor: string;
  readonly role: Role;
  readonly score: number | null;
  readonly correction: string | null;
  readonly comment: string | null;
  readonly group?: string;
  readonly act?: FeedbackAct;
}

/** What answers a call that waits: words, a yes or no, or either for one of unknown fate. */
export type ExpectedAnswer = 'text' | 'allow' | 'allow-or-text';

export interface TaskProgress {
  readonly phase: 'starting' | 'thinking' | 'acting' | 'needs_review' | 'grading' | 'ended';
  readonly modelCalls: number;
  readonly toolCalls: number;
  /** Calls that wait for a person. */
  readonly waiting: readonly {
    readonly callId: string;
    readonly tool: string;
    readonly question: string;
    readonly expects: ExpectedAnswer;
  }[];
}

export interface AgentTaskResult {
  readonly episode: EpisodeId;
  readonly end: TaskEnd;
  readonly score: number | null;
  readonly category: string;
  readonly missing: 'infrastructure' | 'arm' | null;
  readonly version: string;
  readonly modelCalls: number;
  readonly toolCalls: number;
  /** Micro-dollars where its model has a price, else tokens. */
  readonly cost: number;
}

/** `agentTask`: its result once the episode is recorded, before it closes; null where a later run has it. */
export const recordedResult = defineUpdate<AgentTaskResult | null>('result');
/** `agentTask`: feedback while it runs. */
export const giveFeedback = defineUpdate<{ existing: boolean }, [FeedbackMessage]>('giveFeedback');
/** `agentTask`: the answer to a question, an approval, or what became of an unsafe effect. */
export const answer = defineUpdate<{ callId: string }, [Answer]>('answer');
export const cancelTask = defineUpdate<undefined, [{ actor: string; reason: string }]>(
  'cancelTask',
);
export const taskProgress = defineQuery<TaskProgress>('progress');

/** What the learner grants to a waiting `reflectAndUpdate`. */
export type Grant =
  | { readonly kind: 'evaluation'; readonly candidate: CandidateId }
  | { readonly kind: 'canary'; readonly candidate: CandidateId }
  | { readonly kind: 'merged'; readonly into: CandidateId };

export const granted = defineSignal<[Grant]>('granted');
/** New outcomes or new tasks may be read from the store. */
export const outcomesWaiting = defineSignal('outcomesWaiting');

export const approve = defineUpdate<string, [Decision]>('approve');
export const veto = defineUpdate<string, [Decision]>('veto');
export const force = defineUpdate<string, [Decision]>('force');
export const abort = defineUpdate<string, [Decision]>('abort');
export const rollback = defineUpdate<string, [Decision]>('rollback');

/** What a candidate's life looks like from outside. */
export interface CandidateProgress {
  readonly stage: string;
  readonly candidate: string | null;
  readonly detail: Readonly<Record<string, string | number | boolean | null>>;
}
export const candidateProgress = defineQuery<CandidateProgress>('progress');

export interface EvaluationProgress {
  readonly pairs: number;
  readonly logE: number;
  readonly phase: string;
}
/** From an evaluation to the workflow that carries its candidate: the day's budget is spent; null once it goes on. */
export interface Held {
  /** Pairs committed by then. */
  readonly pairs: number;
  readonly until: string;
}
export const evaluationHeld = defineSignal<[Held | null]>('evaluationHeld');

export const evaluationProgress = defineQuery<EvaluationProgress>('progress');

/** `learner` */
export const proposalsWaiting = defineSignal('proposalsWaiting');

export interface Reservation {
  readonly alpha: number;
  readonly epoch: number;
  /** So many pairs could not show an effect worth having: nothing is reserved or spent, the verdict is `hold`. */
  readonly isUnderpowered: boolean;
}
/** Who asks for a level, and for how many pairs at most. */
export interface LevelWanted {
  readonly candidate: CandidateId;
  readonly maxPairs?: number;
}
export const reserve = defineUpdate<Reservation, [LevelWanted]>('reserve');

/**
 * `evaluated` frees the slot; `canary-wanted` queues for the canary; `promotion-wanted` asks whether what came
 * through its canary may be promoted; `sent-back` is a candidate that is evaluated anew, at a level of its
 * own; the rest end a stage.
 */
export interface Settlement extends Progress {
  /** With the end of a survived probation: what it is watched by from then on. */
  readonly watch?: StandingWatch | null;
  /** With it: how far its outcomes were read, so that none of them is lost on the way. */
  readonly read?: ReadSoFar | null;
}

/** How far the outcomes of a promotion were read. */
export interface ReadSoFar {
  readonly cursor: number;
  readonly passedOver: readonly number[];
  /** The newest task accepted before the promotion. */
  readonly from: number;
}

/** What the learner decides by as of a settlement. */
export interface Settled {
  /** False after three rollbacks in an epoch, until a person re-arms: nothing is promoted without one. */
  readonly isArmed: boolean;
}
export const settle = defineUpdate<Settled, [Settlement]>('settle');

export interface Override {
  readonly actor: string;
  readonly role: Role;
  readonly reason: string;
  readonly version?: string;
  /** With `keep`: the revision of a disputed lesson whose side stands, as `lesson@revision`. */
  readonly lesson?: string;
  /** Version that the person believes to be active; a mismatch is refused. */
  readonly expectedVersion?: string;
}
export const freeze = defineUpdate<undefined, [Override]>('freeze');
export const unfreeze = defineUpdate<undefined, [Override]>('unfreeze');
export const pin = defineUpdate<undefined, [Override]>('pin');
export const unpin = defineUpdate<undefined, [Override]>('unpin');
/** Decides a dispute between lessons. */
export const keep = defineUpdate<undefined, [Override]>('keep');
/** Switches automatic promotion on again after three rollbacks. */
export const rearm = defineUpdate<undefined, [Override]>('rearm');

export interface LearnerState {
  readonly evaluating: readonly string[];
  readonly canary: string | null;
  readonly canaryQueue: readonly string[];
  readonly promotions: number;
  readonly spent: number;
  readonly reservations: number;
  /** Candidates with a level of the error ledger in reserve. */
  readonly reserved: readonly string[];
  readonly frozen: boolean;
  readonly watched: string | null;
  /** Version of a deployment on probation. */
  readonly deployment: string | null;
  /** Whether an alarm after a probation is being looked into: was it the promotion, or the world? */
  readonly isDiagnosing: boolean;
  /** Whether candidates are promoted without a person. */
  readonly isArmed: boolean;
  /** Rollbacks of this epoch since a person last re-armed. */
  readonly rollbacks: number;
  /** Share of A/A pairs that differed, of the last check; null before the first. */
  readonly discordance: number | null;
}
export const learnerState = defineQuery<LearnerState>('state');
