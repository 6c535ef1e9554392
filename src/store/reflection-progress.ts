import type { Pool } from 'pg';

import type { Scope } from '../domain/ids.js';
import { withTenant } from './transaction.js';

/**
 * How many live tasks up to a number have not ended, or have not been reflected upon. A driver that
 * works in rounds moves the barrier of learning only when there is none, so that all proposals of a
 * round are merged together whichever came first.
 */
export function unreflectedTasks(pool: Pool, scope: Scope, upTo: number): Promise<number> {
  return withTenant(pool, scope.tenant, async (client) => {
    const { rows } = await client.query<{ readonly open: number }>(
      `select count(*)::integer as open
       from tasks t left join reflections r on r.tenant = t.tenant and r.episode = t.episode
       where t.tenant = $1 and t.agent = $2 and t.number <= $3 and r.episode is null`,
      [scope.tenant, scope.agent, upTo],
    );
    return rows[0]?.open ?? 0;
  });
}
