import type { Scope } from '../domain/ids.js';
import type { JournalState } from './journal.js';
import type { WatchState } from './outcome-watch.js';

/** What one run of the learner hands on to the next. */
export interface Resumed extends WatchState {
  readonly journal: JournalState;
  readonly frozen: boolean;
  readonly discordance: number | null;
  readonly nextAaMs: number;
}

export interface LearnerInput extends Scope {
  readonly resumed?: Resumed;
  /** Continue as new after this many history events; the server's own suggestion unless told. */
  readonly maxHistoryEvents?: number;
}
