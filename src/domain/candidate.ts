import type { CandidateId, EpisodeId, LessonId, VersionId } from './ids.js';
import type { LessonDraft } from './lesson.js';
import type { Bundle, Permission } from './strategy.js';

/** Where a candidate is in its life. The last four are ends. */
export const CANDIDATE_STATES = [
  'open',
  'evaluating',
  'passed',
  'waiting',
  'canary',
  'probation',
  'promoted',
  'rejected',
  'rolled-back',
  'aborted',
] as const;
export type CandidateState = (typeof CANDIDATE_STATES)[number];

const NEXT: Readonly<Record<CandidateState, readonly CandidateState[]>> = {
  open: ['evaluating', 'canary', 'rejected', 'aborted'],
  evaluating: ['passed', 'waiting', 'rejected', 'aborted', 'canary'],
  waiting: ['passed', 'evaluating', 'canary', 'rejected', 'aborted'],
  passed: ['waiting', 'evaluating', 'canary', 'rejected', 'aborted'],
  canary: ['probation', 'rolled-back', 'aborted', 'evaluating'],
  probation: ['promoted', 'rolled-back', 'evaluating'],
  promoted: ['rolled-back'],
  rejected: [],
  'rolled-back': [],
  aborted: [],
};

/** Whether one transition may follow another; every other one is a bug or a race that was lost. */
export function mayFollow(from: CandidateState, to: CandidateState): boolean {
  return NEXT[from].includes(to);
}

export function isEnd(state: CandidateState): boolean {
  return ['promoted', 'rejected', 'rolled-back', 'aborted'].includes(state);
}

/** What the store keeps of a candidate. */
export interface Candidate {
  readonly id: CandidateId;
  /** 1, 2, 3, … within (tenant, agent), in the order of opening. */
  readonly number: number;
  readonly state: CandidateState;
  readonly title: string;
  readonly bundle: Bundle;
  readonly permission: Permission;
  /** The episode whose `reflectAndUpdate` carries this candidate to its end. */
  readonly opener: EpisodeId | null;
  readonly workflowId: string;
  readonly baseline: VersionId | null;
  readonly version: VersionId | null;
  /** Evaluations begun: another baseline is another one. */
  readonly evaluation: number;
}

/** A proposal as stored; equal keys are merged by the learner. */
export interface Proposal {
  readonly id: string;
  readonly episode: EpisodeId;
  readonly taskNumber: number;
  readonly draft: LessonDraft;
}

/** What became of a proposal when the learner read it. */
export type MergeResult =
  | { readonly kind: 'opened'; readonly candidate: CandidateId }
  | { readonly kind: 'joined'; readonly candidate: CandidateId }
  | { readonly kind: 'support'; readonly lesson: LessonId }
  /** What it contradicts stands, or waits for a person. */
  | {
      readonly kind: 'refused';
      readonly lesson: LessonId;
      readonly code: 'CONFLICT' | 'DISPUTED';
    }
  /** It and what it contradicts are out until a person decides. */
  | { readonly kind: 'disputed'; readonly lessons: readonly LessonId[] }
  | { readonly kind: 'too-few-groups' };
