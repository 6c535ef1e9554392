import { ApplicationFailure, setCurrentDetails } from '@temporalio/workflow';

import { wordRefused, wordsFor, type CandidateWord } from '../domain/candidate-words.js';
import type { CandidateState } from '../domain/candidate.js';
import type { Actor } from '../domain/feedback.js';
import type { CandidateId } from '../domain/ids.js';
import type { Decision, Grant, Held } from './messages.js';

/** What a person decided about the candidate, in the order it was said. */
export type Word = {
  readonly kind: CandidateWord;
  readonly decision: Decision;
};

/** Messages as they arrive at the workflow that carries a candidate. */
export interface Mailbox {
  /** The first word that has not been acted upon. */
  word: Word | null;
  /** The word that is being carried out, until the state it leads to is written. */
  acting: Word | null;
  canaryGranted: boolean;
  evaluationGranted: boolean;
  /** Set while the evaluation waits for the learning budget of another day. */
  held: Held | null;
  woken: boolean;
  stage: CandidateState;
  detail: Readonly<Record<string, string | number | boolean | null>>;
  /** What was decided so far and by which test, a line each, for whoever reads the workflow. */
  record: readonly string[];
  /** What goes on, as it was last shown. */
  shown: string;
}

/** Shows what goes on, with everything that was decided before it. */
export function showDetails(mailbox: Mailbox, line: string): void {
  mailbox.shown = line;
  const { record } = mailbox;
  setCurrentDetails([line, ...(record.length === 0 ? [] : ['', ...record])].join('\n'));
}

export function emptyMailbox(): Mailbox {
  return {
    word: null,
    acting: null,
    canaryGranted: false,
    evaluationGranted: false,
    held: null,
    woken: false,
    stage: 'open',
    detail: {},
    record: [],
    shown: '',
  };
}

/** Refuses a word that does not fit the candidate's state, naming what was found and expected. */
export function checkWord(
  mailbox: Mailbox,
  kind: Word['kind'],
  decision: Decision,
  candidate: CandidateId | null,
): void {
  const refuse = (message: string, type: string): never => {
    throw ApplicationFailure.nonRetryable(message, type);
  };
  if (decision.reason.trim() === '') {
    refuse('reason: found an empty text, expected why; say it in a few words', 'InvalidInputError');
  }
  if (decision.role === 'user') {
    refuse(`role: found user, expected owner or expert; ask one of them to ${kind}`, 'DeniedError');
  }
  const { stage } = mailbox;
  if (!wordsFor(stage).includes(kind)) {
    refuse(wordRefused(kind, stage, candidate), 'ConflictError');
  }
  const first = mailbox.acting ?? mailbox.word;
  if (first !== null) {
    refuse(`${kind}: ${first.kind} by ${first.decision.actor} came first`, 'ConflictError');
  }
}

export function grant(mailbox: Mailbox, given: Grant): void {
  if (given.kind === 'canary') mailbox.canaryGranted = true;
  if (given.kind === 'evaluation') mailbox.evaluationGranted = true;
  mailbox.woken = true;
}

/** The word that waits, to be carried out from here on; null where none does. */
export function takeWord(mailbox: Mailbox): Word | null {
  const { word } = mailbox;
  mailbox.word = null;
  mailbox.acting = word;
  return word;
}

export function personOf({ decision }: Word): Actor {
  return { id: decision.actor, role: decision.role };
}
