import type { Scope } from '../domain/ids.js';
import type { WatchedDeployment } from './deployment-run.js';
import type { JournalState } from './journal.js';
import type { Survivor, Watched } from './learner-watch.js';

/** What one run of the learner hands on to the next. */
export interface Resumed {
  readonly journal: JournalState;
  readonly watched: Watched | null;
  /** What survivors are watched by, until they are. */
  readonly handedOver: readonly Survivor[];
  readonly deployment: WatchedDeployment | null;
  /** Change of the pointer up to which deployments are known. */
  readonly deployedUpTo: number;
  readonly frozen: boolean;
  readonly discordance: number | null;
  readonly nextAaMs: number;
}

export interface LearnerInput extends Scope {
  readonly resumed?: Resumed;
  /** Continue as new after this many history events; the server's own suggestion unless told. */
  readonly maxHistoryEvents?: number;
}
