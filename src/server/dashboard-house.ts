import type { Pool } from 'pg';

import type { Store } from '../activities/store.js';
import type { RatchetClient } from '../client/ratchet-client.js';
import type { Config } from '../config.js';
import type { Actor, Role } from '../domain/feedback.js';
import type { Queries } from '../store/queries.js';
import type { DemoState } from './demo-state.js';

/** Whether the servers that a house stands on answer. */
export interface Health {
  readonly postgres: 'ok' | 'unreachable';
  readonly temporal: 'ok' | 'unreachable';
}

/** What the pages need of an open house. */
export interface DashboardHouse {
  readonly store: Store;
  readonly pool: Pool;
  readonly client: Pick<RatchetClient, 'decide' | 'override' | 'rollback' | 'giveFeedback'>;
  /** Base address of the Temporal UI, without a slash at the end; null when none is known. */
  readonly temporalUi: string | null;
  readonly config: Pick<Config, 'tenant' | 'dashboard'> & {
    readonly temporal: Pick<Config['temporal'], 'namespace'>;
  };
  /** Answers within seconds, whatever the servers do. */
  health(): Promise<Health>;
}

/** What every page is made from. */
export interface PageContext {
  readonly house: DashboardHouse;
  readonly queries: Queries;
  /** Who acts through the page where there is no login, which is on the loopback. */
  readonly actor: Actor;
  /** What the configuration knows of a person in whose name a program speaks. */
  readonly roleOf: (person: string) => Role;
  /** Agents that the workers of this house know. */
  readonly agents: readonly string[];
  /** What a program must show to speak for anybody who is more than a user; null where none can. */
  readonly apiToken: string | null;
  /** Where others than this machine reach it: without the token there is nothing to see then. */
  readonly isOpen: boolean;
  readonly demo: () => DemoState | null;
  readonly model: DemoState['model'];
  /** Told of what broke on our side: whoever asked is told only that it did. */
  readonly onFault: (line: string) => void;
}
