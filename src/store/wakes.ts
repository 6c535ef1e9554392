import type { PoolClient } from 'pg';

import type { EpisodeId, TenantId } from '../domain/ids.js';

/**
 * Raises the flag of every workflow that reads the outcomes of a live episode's agent, and answers those to
 * signal; none where the episode lies behind the barrier. Flags are locked before they are looked at: a reader
 * that cleared its own and has not committed might have missed this outcome.
 */
export async function raiseWakes(
  client: PoolClient,
  tenant: TenantId,
  episode: EpisodeId,
): Promise<readonly string[]> {
  const { rows } = await client.query<{ readonly workflow_id: string }>(
    `with watching as (
       select w.tenant, w.agent, w.workflow_id, w.wake
       from episodes e
       join agents a on a.tenant = e.tenant and a.agent = e.agent
         and (a.learning_up_to is null or e.number <= a.learning_up_to)
       join outcome_watches w on w.tenant = e.tenant and w.agent = e.agent
       where e.tenant = $1 and e.episode = $2 and e.mode = 'live'
       order by w.workflow_id for update of w
     )
     update outcome_watches w set wake = true from watching
     where w.tenant = watching.tenant and w.agent = watching.agent
       and w.workflow_id = watching.workflow_id and not watching.wake
     returning w.workflow_id`,
    [tenant, episode],
  );
  return rows.map((row) => row.workflow_id).sort();
}
