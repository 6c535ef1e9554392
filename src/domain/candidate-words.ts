import { CANDIDATE_STATES, type CandidateState } from './candidate.js';

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

/** Why a word is not taken of a candidate in this state: what was found, what it would fit, what helps instead. */
export function wordRefused(word: CandidateWord, state: CandidateState, id: string | null): string {
  const found = id === null ? 'a candidate that is' : `candidate ${id}`;
  const fitting = CANDIDATE_STATES.filter(
    // What is promoted has no workflow any more, and can be taken back without one.
    (each) => wordsFor(each).includes(word) || (word === 'rollback' && each === 'promoted'),
  ).join(' or ');
  return `${word}: found ${found} ${state}, expected one that is ${fitting}; ${wayOn(state, id)}`;
}

function wayOn(state: CandidateState, id: string | null): string {
  const back = `\`ratchet rollback ${id ?? 'CANDIDATE'} --reason R\``;
  if (state === 'promoted')
    return `it has ended, and what it changed serves: ${back} takes it back`;
  const words = wordsFor(state);
  if (words.length === 0) {
    return 'it has ended and serves nobody; what can be decided is in `ratchet candidates`';
  }
  return `possible: ${words.join(', ')}${words.includes('rollback') ? ` (${back})` : ''}`;
}
