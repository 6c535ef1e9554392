import type { CandidateState } from './candidate.js';

/** What a person may say about a candidate. */
export const CANDIDATE_WORDS = ['approve', 'veto', 'force', 'abort', 'rollback'] as const;
export type CandidateWord = (typeof CANDIDATE_WORDS)[number];

const WORDS: Readonly<Record<CandidateState, readonly CandidateWord[]>> = {
  open: ['abort', 'force'],
  evaluating: ['abort', 'veto', 'force'],
  passed: ['approve', 'abort', 'veto'],
  waiting: ['approve', 'abort', 'veto', 'force'],
  canary: ['abort', 'rollback', 'veto'],
  probation: ['rollback'],
  promoted: [],
  rejected: [],
  'rolled-back': [],
  aborted: [],
};

/** Words that the workflow of a candidate in this state takes; another one is refused. */
export function wordsFor(state: CandidateState): readonly CandidateWord[] {
  return WORDS[state];
}
