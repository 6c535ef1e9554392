import type { Pool } from 'pg';

import type { Store } from '../activities/store.js';
import type { Json } from '../domain/json.js';
import { storableJson } from './storable.js';
import { withTenant } from './transaction.js';

export function historyStore(
  pool: Pool,
): Pick<Store, 'archiveHistory' | 'archivedHistories' | 'spentShadowRuns'> {
  return {
    archiveHistory: (tenant, workflowId, runId, history) =>
      withTenant(pool, tenant, async (client) => {
        await client.query('insert into tenants (tenant) values ($1) on conflict do nothing', [
          tenant,
        ]);
        await client.query(
          `insert into archived_histories (tenant, workflow_id, run_id, history)
           values ($1, $2, $3, $4) on conflict do nothing`,
          [tenant, workflowId, runId, storableJson(history)],
        );
      }),

    archivedHistories: (tenant, workflowId) =>
      withTenant(pool, tenant, async (client) => {
        const { rows } = await client.query<{
          readonly run_id: string;
          readonly history: Json;
        }>(
          `select run_id, history from archived_histories where tenant = $1 and workflow_id = $2
           order by archived_at, run_id`,
          [tenant, workflowId],
        );
        return rows.map(({ run_id: runId, history }) => ({ runId, history }));
      }),

    /** Runs since midnight UTC. */
    spentShadowRuns: (scope) =>
      withTenant(pool, scope.tenant, async (client) => {
        const { rows } = await client.query<{ readonly runs: number }>(
          `select runs from shadow_runs
           where tenant = $1 and agent = $2 and day = (now() at time zone 'utc')::date`,
          [scope.tenant, scope.agent],
        );
        return rows[0]?.runs ?? 0;
      }),
  };
}
