import type { Pool, PoolClient } from 'pg';

import type { PoolTask, Store } from '../activities/store.js';
import { SUCCESS_THRESHOLD } from '../domain/episode.js';
import { pinCases, type PinnedCase } from '../domain/gate/pinned-set.js';
import type { CandidateId, Scope } from '../domain/ids.js';
import { storableJson } from './storable.js';
import { withTenant } from './transaction.js';

/**
 * Tasks that candidate $3 of tenant $1 was made from: those its lessons cite, and those whose episodes
 * proposed them. What it was made from must not judge it.
 */
export const CITED = `select t.number, t.input_digest
  from candidate_lessons c
  join evidence v on v.tenant = c.tenant and v.agent = c.agent and v.lesson = c.lesson
  join tasks t on t.tenant = v.tenant and t.agent = v.agent and t.task = v.task
  where c.tenant = $1 and c.candidate = $3
  union
  select t.number, t.input_digest
  from lineage g
  join proposals p on p.tenant = g.tenant and p.id = g.to_id
  join episodes e on e.tenant = p.tenant and e.episode = p.episode
  join tasks t on t.tenant = e.tenant and t.agent = e.agent and t.task = e.task
  where g.tenant = $1 and g.from_kind = 'candidate' and g.from_id = $3 and g.to_kind = 'proposal'`;

/**
 * For how many candidates other than $3 each input was used, whatever ids its tasks have: a question that comes
 * again is no new one. Those of the epoch count: the last 60 candidates and what was closed in 90 days, the
 * longer of the two, which is never less than the epoch of the error ledger.
 */
export const USED = `select t.input_digest, count(distinct u.candidate)::integer as uses
  from gate_task_uses u
  join candidates c on c.tenant = u.tenant and c.candidate = u.candidate
  join tasks t on t.tenant = u.tenant and t.agent = u.agent and t.task = u.task
  where u.tenant = $1 and u.agent = $2 and u.candidate <> $3
    and (coalesce(c.closed_at, now()) > now() - interval '90 days' or c.number > (
      select max(newest.number) - 60 from candidates newest
      where newest.tenant = $1 and newest.agent = $2
    ))
  group by t.input_digest`;

export function pinnedStore(pool: Pool): Pick<Store, 'pinnedTasks'> {
  return {
    pinnedTasks: (scope, candidate) =>
      withTenant(pool, scope.tenant, async (client) => {
        const { rows } = await client.query<PoolTask>(
          `with cited as materialized (${CITED}), used as materialized (${USED})
           select t.task, t.number, t.input, p.slices, t.subject,
             false as "isNewer", coalesce(used.uses, 0) as uses
           from pinned_cases p
           join tasks t on t.tenant = p.tenant and t.agent = p.agent and t.task = p.task
           left join used on used.input_digest = t.input_digest
           where p.tenant = $1 and p.agent = $2
             and t.input_digest not in (select cited.input_digest from cited)
           order by t.number`,
          [scope.tenant, scope.agent, candidate],
        );
        return rows;
      }),
  };
}

/**
 * Keeps the pairs of a candidate's gate that it alone won, within the cap of each stratum. Part of the
 * transaction that promotes it.
 */
export async function pinWins(
  client: PoolClient,
  scope: Scope,
  promoted: { readonly candidate: CandidateId; readonly evaluation: number },
): Promise<void> {
  const { tenant, agent } = scope;
  const won = await client.query<PinnedCase>(
    `select distinct on (task) task, slices from pairs
     where tenant = $1 and candidate = $2 and purpose = 'gate' and evaluation = $3
       and candidate_score >= $4
       and (baseline_score < $4 or baseline_score is null and baseline_missing = 'arm')
     order by task, number`,
    [tenant, promoted.candidate, promoted.evaluation, SUCCESS_THRESHOLD],
  );
  if (won.rows.length === 0) return;
  const held = await client.query<PinnedCase>(
    'select task, slices from pinned_cases where tenant = $1 and agent = $2',
    [tenant, agent],
  );
  const kept = pinCases(held.rows, won.rows, `pinned ${agent}`);
  const tasks = new Set(kept.map(({ task }) => task));
  const dropped = held.rows.filter(({ task }) => !tasks.has(task)).map(({ task }) => task);
  await client.query(
    'delete from pinned_cases where tenant = $1 and agent = $2 and task = any($3)',
    [tenant, agent, dropped],
  );
  await client.query(
    `insert into pinned_cases (tenant, agent, task, slices, candidate)
     select $1, $2, task, slices, $3 from json_to_recordset($4) as given(task text, slices jsonb)
     on conflict do nothing`,
    [
      tenant,
      agent,
      promoted.candidate,
      storableJson(won.rows.filter(({ task }) => tasks.has(task))),
    ],
  );
}

/** A promotion that was taken back has won nothing. Part of the transaction that takes it back. */
export async function unpinWins(
  client: PoolClient,
  scope: Scope,
  candidate: CandidateId,
): Promise<void> {
  await client.query(
    'delete from pinned_cases where tenant = $1 and agent = $2 and candidate = $3',
    [scope.tenant, scope.agent, candidate],
  );
}
