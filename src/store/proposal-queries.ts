import type { Pool } from 'pg';

import type { MergeResult } from '../domain/candidate.js';
import type { EpisodeId, Scope } from '../domain/ids.js';
import { withTenant } from './transaction.js';

/** What an episode proposed and what the learner made of it. */
export interface ProposalFate {
  readonly episode: EpisodeId;
  readonly key: string;
  /** By which check validation refused it; null where it was accepted. */
  readonly refused: string | null;
  /** Null while it waits for the learner. */
  readonly place: MergeResult['kind'] | null;
}

export interface ProposalQueries {
  /** Every proposal there is of an agent, in the order in which the learner reads them. */
  proposalFates(scope: Scope): Promise<readonly ProposalFate[]>;
}

export function proposalQueries(pool: Pool): ProposalQueries {
  return {
    proposalFates: ({ tenant, agent }) =>
      withTenant(pool, tenant, async (client) => {
        const { rows } = await client.query<ProposalFate>(
          `select episode, key, rejected_code as refused, result ->> 'kind' as place from proposals
           where tenant = $1 and agent = $2
           order by task_number, rank, position, key collate "C", id`,
          [tenant, agent],
        );
        return rows;
      }),
  };
}
