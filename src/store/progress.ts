import type { Pool, PoolClient } from 'pg';

import type { Store } from '../activities/store.js';
import type { Scope } from '../domain/ids.js';
import { appendAudit, lockAuditHead } from './audit.js';
import { storable, storableJson } from './storable.js';
import { withTenant } from './transaction.js';

/** What of an agent's learning still moves at or below its barrier, one question a line. */
const UNSETTLED = `
  with agent as (
    select coalesce(learning_up_to, tasks) as up_to from agents where tenant = $1 and agent = $2
  )
  select 'task ' || t.task || ' has not ended' as what
    from tasks t join agent on t.number <= agent.up_to
    left join episodes e on e.tenant = t.tenant and e.episode = t.episode
    where t.tenant = $1 and t.agent = $2 and e.ended_at is null
  union all
  select 'episode ' || e.episode || ' is being reflected upon'
    from episodes e join agent on e.number <= agent.up_to
    left join reflections r on r.tenant = e.tenant and r.episode = e.episode
    where e.tenant = $1 and e.agent = $2 and e.mode = 'live' and e.ended_at is not null
      and r.episode is null
  union all
  select 'feedback ' || f.id || ' is being reflected upon'
    from feedback f join episodes e on e.tenant = f.tenant and e.episode = f.episode
    join reflections r on r.tenant = e.tenant and r.episode = e.episode
    where e.tenant = $1 and e.agent = $2 and f.at > r.at
  union all
  select 'proposal ' || p.id || ' waits for the learner'
    from proposals p join agent on p.task_number <= agent.up_to
    where p.tenant = $1 and p.agent = $2 and p.result is null and p.rejected_code is null
  union all
  select 'workflow ' || w.workflow_id || ' has tasks to read'
    from outcome_watches w join agent on w.settled_up_to < agent.up_to
    where w.tenant = $1 and w.agent = $2
  union all
  select 'candidate ' || c.candidate || ' is ' || c.state
    from candidates c
    where c.tenant = $1 and c.agent = $2 and (
      c.state in ('evaluating', 'canary', 'probation') and not exists (
        select from outcome_watches w join agent on w.settled_up_to >= agent.up_to
        where w.tenant = c.tenant and w.agent = c.agent
          and w.workflow_id in (c.workflow_id, 'shadow/' || c.candidate)
      )
      or c.state = 'open' and not exists (
        select from candidates busy where busy.tenant = c.tenant and busy.agent = c.agent
          and busy.candidate <> c.candidate and busy.state in ('evaluating', 'passed', 'canary')
      )
      or c.state = 'passed' and not exists (
        select from candidates busy where busy.tenant = c.tenant and busy.agent = c.agent
          and busy.candidate <> c.candidate and busy.state = 'canary'
      ) and not exists (
        select from pointers p where p.tenant = c.tenant and p.agent = c.agent
          and (p.frozen or p.pinned is not null)
      )
    )`;

/** How far learning has come, for whoever waits until it is at rest. */
export function progressStore(
  pool: Pool,
): Pick<
  Store,
  'markReflected' | 'settleWatch' | 'isBehindBarrier' | 'newestTask' | 'unsettled' | 'note'
> {
  return {
    markReflected: (tenant, episode, result) =>
      withTenant(pool, tenant, async (client) => {
        await client.query({
          name: 'mark-reflected',
          text: `insert into reflections (tenant, episode, result) values ($1, $2, $3)
                 on conflict (tenant, episode) do update set result = excluded.result, at = clock_timestamp()`,
          values: [tenant, episode, storable(result)],
        });
      }),

    settleWatch: (scope, workflowId, upTo) =>
      withTenant(pool, scope.tenant, async (client) => {
        const { rowCount } = await client.query({
          name: 'settle-watch',
          text: `update outcome_watches set settled_up_to = $4
                 where tenant = $1 and agent = $2 and workflow_id = $3 and settled_up_to < $4`,
          values: [scope.tenant, scope.agent, workflowId, upTo],
        });
        return rowCount === 1;
      }),

    isBehindBarrier: (scope) =>
      withTenant(pool, scope.tenant, async (client) => {
        const { rows } = await client.query({
          name: 'behind-barrier',
          text: `select 1 from agents a
                 join outcome_watches w on w.tenant = a.tenant and w.agent = a.agent
                   and w.settled_up_to < a.learning_up_to
                 where a.tenant = $1 and a.agent = $2 limit 1`,
          values: [scope.tenant, scope.agent],
        });
        return rows.length > 0;
      }),

    newestTask: (scope) => withTenant(pool, scope.tenant, (client) => newest(client, scope)),

    unsettled: (scope) =>
      withTenant(pool, scope.tenant, async (client) => {
        const { rows } = await client.query<{ readonly what: string }>({
          name: 'unsettled',
          text: UNSETTLED,
          values: [scope.tenant, scope.agent],
        });
        return rows.map(({ what }) => what);
      }),

    note: (scope, entry) =>
      withTenant(pool, scope.tenant, async (client) => {
        await lockAuditHead(client, scope.tenant);
        // An activity that runs again must not say the same thing twice.
        const { rows } = await client.query(
          `select 1 from audit
           where tenant = $1 and object_kind = $2 and object_id = $3 and action = $4
             and actor_id = $5 and actor_role = $6 and reason = $7 and detail::text = $8`,
          [
            scope.tenant,
            entry.object.kind,
            entry.object.id,
            entry.action,
            entry.actor.id,
            entry.actor.role,
            storable(entry.reason),
            storableJson(entry.detail),
          ],
        );
        if (rows.length === 0) await appendAudit(client, scope.tenant, entry);
      }),
  };
}

async function newest(client: PoolClient, scope: Scope): Promise<number> {
  const { rows } = await client.query<{ readonly newest: number }>({
    name: 'newest-task',
    text: `select least(tasks, coalesce(learning_up_to, tasks)) as newest
           from agents where tenant = $1 and agent = $2`,
    values: [scope.tenant, scope.agent],
  });
  return rows[0]?.newest ?? 0;
}
