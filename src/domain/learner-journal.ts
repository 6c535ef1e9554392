import type { CandidateState } from './candidate.js';
import { addRollback, armed, rearm, type Arming } from './gate/arming.js';
import {
  emptyLedger,
  openEpochIfDue,
  release,
  reserve,
  settle,
  withdraw,
  type ErrorLedger,
} from './gate/ledger.js';
import type { CandidateId, EpisodeId } from './ids.js';

/** A candidate's place in a queue of the learner. */
export interface Turn {
  readonly candidate: CandidateId;
  readonly workflowId: string;
  /** A person approved or forced it, so that it goes on where automatic promotion is off. */
  readonly byPerson?: boolean;
}

/** What a monitor took back, until paired replays tell whether it or the world did the harm. */
export interface Suspect {
  readonly candidate: CandidateId;
  /** Its newest live failures; a drift is learned from. */
  readonly failures: readonly EpisodeId[];
}

/** Where a candidate has got to, as its workflow says. */
export interface Progress {
  readonly candidate: CandidateId;
  readonly workflowId: string;
  readonly step:
    'evaluated' | 'canary-wanted' | 'promotion-wanted' | 'canary-ended' | 'sent-back' | 'ended';
  readonly promoted: boolean;
  /** A person approved or forced it: it goes on where automatic promotion is off. */
  readonly byPerson?: boolean;
  /** With `ended`: where. */
  readonly end?: CandidateState;
  /** With `ended`, where it was taken back in probation: its newest live failures. */
  readonly failures?: readonly EpisodeId[];
  /** The run of its workflow that says so, and the 1st, 2nd, 3rd, … thing it says: once, however often it arrives. */
  readonly said?: { readonly run: string; readonly number: number };
}

/** One thing that changed what a learner decides by. */
export type JournalEntry =
  | { readonly kind: 'opened'; readonly atMs: number }
  | { readonly kind: 'reserved'; readonly candidate: CandidateId; readonly atMs: number }
  | { readonly kind: 'settled'; readonly progress: Progress }
  /** A promotion was taken back after its probation. */
  | { readonly kind: 'taken-back'; readonly candidate: CandidateId }
  /** Whether a promotion that was taken back in probation, or the world, did the harm is on record. */
  | { readonly kind: 'diagnosed'; readonly candidate: CandidateId }
  | { readonly kind: 'evaluating'; readonly turn: Turn }
  | { readonly kind: 'canary-granted'; readonly candidate: CandidateId }
  | { readonly kind: 'watching'; readonly candidate: CandidateId | null }
  | { readonly kind: 'disarmed'; readonly reason: string }
  /** Why it was disarmed is in the audit. */
  | { readonly kind: 'disarm-told' }
  | { readonly kind: 'rearmed' };

/**
 * What a learner decides by and may not forget: the error ledger, whether it is armed, and whose turn it is.
 * It is the fold of its journal, in the workflow as in the store: a learner that starts anew goes on where the
 * one before it ended.
 */
export interface LearnerBooks {
  readonly ledger: ErrorLedger;
  readonly arming: Arming;
  readonly evaluating: Turn | null;
  readonly canary: Turn | null;
  readonly queue: readonly Turn[];
  /** Promotions whose probation is over and that are not watched yet, newest last. */
  readonly survivors: readonly CandidateId[];
  /** The promotion that is watched. */
  readonly watching: CandidateId | null;
  /** Taken back in probation and not diagnosed yet, oldest first; none unless told. */
  readonly suspects?: readonly Suspect[];
  /** Number of the newest thing that each run of a workflow said. */
  readonly heard: Readonly<Record<string, number>>;
  /** Why it was disarmed, until that is said in the audit. */
  readonly disarmedBecause: string | null;
}

/** Runs whose last word is remembered; a word is said again within minutes, if ever. */
const MOST_HEARD = 500;

/** The books that a journal makes; its first entry opens it. */
export function booksOf(entries: readonly JournalEntry[]): LearnerBooks {
  return entries.reduce(addEntry, emptyBooks(0));
}

export function emptyBooks(openedAtMs: number): LearnerBooks {
  return {
    ledger: emptyLedger(openedAtMs),
    arming: armed,
    evaluating: null,
    canary: null,
    queue: [],
    survivors: [],
    watching: null,
    heard: {},
    disarmedBecause: null,
  };
}

/** Adds an entry. The same entries make the same books, whoever folds them. */
export function addEntry(books: LearnerBooks, entry: JournalEntry): LearnerBooks {
  switch (entry.kind) {
    case 'opened':
      return emptyBooks(entry.atMs);
    case 'reserved': {
      const ledger = openEpochIfDue(books.ledger, entry.atMs);
      return { ...books, ledger: reserve(ledger, entry.candidate).ledger };
    }
    case 'settled':
      return addProgress(books, entry.progress);
    case 'taken-back':
      return takenBack(books, entry.candidate);
    case 'diagnosed':
      return { ...books, suspects: suspectsBut(books, entry.candidate) };
    case 'evaluating':
      return { ...books, evaluating: entry.turn };
    case 'canary-granted': {
      const turn = books.queue.find(({ candidate }) => candidate === entry.candidate) ?? null;
      return { ...books, canary: turn, queue: books.queue.filter((other) => other !== turn) };
    }
    case 'watching':
      return watching(books, entry.candidate);
    case 'disarmed':
      return disarmed(books, entry.reason);
    case 'disarm-told':
      return { ...books, disarmedBecause: null };
    case 'rearmed':
      return { ...books, arming: rearm(books.arming), disarmedBecause: null };
  }
}

function addProgress(books: LearnerBooks, progress: Progress): LearnerBooks {
  const { candidate, step, said } = progress;
  if (step === 'promotion-wanted') return books;
  if (said !== undefined && said.number <= lastOf(books, said.run)) return books;
  const told = said === undefined ? books : { ...books, heard: heardOf(books, said) };
  const free = { ...told, evaluating: without(told.evaluating, candidate) };
  if (step === 'evaluated') return free;
  if (step === 'canary-wanted') return queued(free, progress);
  const left: LearnerBooks = {
    ...free,
    canary: without(free.canary, candidate),
    queue: free.queue.filter((turn) => turn.candidate !== candidate),
  };
  if (step === 'sent-back') return { ...left, ledger: release(left.ledger, candidate) };
  if (step === 'canary-ended') {
    return { ...left, ledger: settle(left.ledger, candidate, progress.promoted) };
  }
  return ended(left, progress);
}

function ended(
  books: LearnerBooks,
  { candidate, promoted, end, failures }: Progress,
): LearnerBooks {
  if (promoted) {
    const others = books.survivors.filter((other) => other !== candidate);
    return { ...books, survivors: [...others, candidate] };
  }
  const ledger = settle(books.ledger, candidate, false);
  const settled = { ...books, ledger: withdraw(ledger, candidate) };
  if (end !== 'rolled-back') return settled;
  const counted = takenBack(settled, candidate);
  if (failures === undefined) return counted;
  return { ...counted, suspects: [...suspectsBut(books, candidate), { candidate, failures }] };
}

function suspectsBut({ suspects = [] }: LearnerBooks, candidate: CandidateId): readonly Suspect[] {
  return suspects.filter((other) => other.candidate !== candidate);
}

/** Out of R, counted once, and watched no more. */
function takenBack(books: LearnerBooks, candidate: CandidateId): LearnerBooks {
  const ledger = withdraw(books.ledger, candidate);
  const arming = addRollback(books.arming, ledger.epoch, candidate);
  const counted: LearnerBooks = {
    ...books,
    ledger,
    survivors: books.survivors.filter((other) => other !== candidate),
    watching: books.watching === candidate ? null : books.watching,
  };
  if (!books.arming.isArmed || arming.isArmed) return { ...counted, arming };
  const reason = `${String(arming.rollbacks)} rollbacks in epoch ${String(ledger.epoch)}`;
  return { ...disarmed(counted, reason), arming };
}

/** The newest is watched; what survived while its watch was prepared waits for the next look. */
function watching(books: LearnerBooks, candidate: CandidateId | null): LearnerBooks {
  const { survivors } = books;
  const later = candidate === null ? survivors : survivors.slice(survivors.indexOf(candidate) + 1);
  return { ...books, watching: candidate, survivors: later };
}

function disarmed(books: LearnerBooks, reason: string): LearnerBooks {
  if (!books.arming.isArmed) return books;
  return { ...books, arming: { ...books.arming, isArmed: false }, disarmedBecause: reason };
}

/** In its turn, by evidence or by a person; the slot of its evaluation is free, but no bundle closes before its canary. */
function queued(
  books: LearnerBooks,
  { candidate, workflowId, byPerson = false }: Progress,
): LearnerBooks {
  const known = books.queue.find((other) => other.candidate === candidate);
  const turn = { candidate, workflowId, byPerson: byPerson || known?.byPerson === true };
  if (known !== undefined) {
    return { ...books, queue: books.queue.map((other) => (other === known ? turn : other)) };
  }
  return books.canary?.candidate === candidate
    ? books
    : { ...books, queue: [...books.queue, turn] };
}

function lastOf({ heard }: LearnerBooks, run: string): number {
  return Object.hasOwn(heard, run) ? (heard[run] ?? 0) : 0;
}

function heardOf({ heard }: LearnerBooks, { run, number }: NonNullable<Progress['said']>) {
  const others = Object.entries(heard).filter(([other]) => other !== run);
  return Object.fromEntries([...others, [run, number] as const].slice(-MOST_HEARD));
}

function without(turn: Turn | null, candidate: CandidateId): Turn | null {
  return turn?.candidate === candidate ? null : turn;
}
