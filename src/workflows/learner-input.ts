import type { Arming } from '../domain/gate/arming.js';
import type { ErrorLedger } from '../domain/gate/ledger.js';
import type { Scope } from '../domain/ids.js';
import type { WatchedDeployment } from './deployment-run.js';
import type { Turn } from './learner-details.js';
import type { Watched } from './learner-watch.js';

/** What one run of the learner hands on to the next. */
interface Resumed {
  readonly ledger: ErrorLedger;
  readonly evaluating: Turn | null;
  readonly canary: Turn | null;
  readonly queue: readonly Turn[];
  readonly watched: Watched | null;
  readonly deployment?: WatchedDeployment | null;
  /** Change of the pointer up to which deployments are known. */
  readonly deployedUpTo?: number;
  readonly frozen: boolean;
  readonly arming: Arming;
  readonly discordance: number | null;
  readonly nextAaMs: number;
}

export interface LearnerInput extends Scope {
  readonly resumed?: Resumed;
  /** Continue as new after this many history events; the server's own suggestion unless told. */
  readonly maxHistoryEvents?: number;
}
