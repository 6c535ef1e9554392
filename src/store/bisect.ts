import type { Pool, PoolClient } from 'pg';

import type { Half, Store } from '../activities/store.js';
import type { BundlePair } from '../domain/bisect.js';
import type { CandidateId, Scope, TenantId } from '../domain/ids.js';
import { appendAudit } from './audit.js';
import { lockAgent, lockCandidate } from './candidates.js';
import { openCandidateRow } from './merge.js';
import { storableJson } from './storable.js';
import { withTenant } from './transaction.js';

/**
 * Observed gate pairs of the candidate's last evaluation, with the lessons of its bundle that were in play: those
 * it puts in that the candidate's prompt held, and those it takes away that the baseline's did.
 */
const BUNDLE_PAIRS = `
  select p.candidate_score - p.baseline_score as difference, p.slices, p.top_up_for as "topUpFor",
    json_build_object('baseline', p.baseline_category, 'candidate', p.candidate_category) as categories,
    array(
      select held.lesson from candidate_lessons held
      where held.tenant = p.tenant and held.candidate = p.candidate and exists (
        select from episodes e
        cross join lateral json_to_recordset(e.recalled) as told(lesson text, revision integer)
        where e.tenant = p.tenant and told.lesson = held.lesson and e.episode = case
          when held.revision is null then p.baseline_episode else p.candidate_episode end
      ) order by held.position
    ) as lessons
  from pairs p
  join candidates c on c.tenant = p.tenant and c.candidate = p.candidate
    and c.evaluation = p.evaluation
  where p.tenant = $1 and p.candidate = $2 and p.purpose = 'gate'
    and p.candidate_score is not null and p.baseline_score is not null
  order by p.number`;

/** How far down a candidate is in the tree of halves that it belongs to, and how large that tree is without its root. */
const DESCENT = `
  with recursive up as (
    select $2::text as candidate, 0 as depth
    union all
    select g.to_id, up.depth + 1 from up
    join lineage g on g.tenant = $1 and g.from_kind = 'candidate' and g.from_id = up.candidate
      and g.to_kind = 'candidate'
  ), tree as (
    (select candidate from up order by depth desc limit 1)
    union all
    select g.from_id from tree
    join lineage g on g.tenant = $1 and g.to_kind = 'candidate' and g.to_id = tree.candidate
      and g.from_kind = 'candidate'
  )
  select (select max(depth) from up)::integer as depth,
    (select count(*) - 1 from tree)::integer as parts`;

/** A bundle that was rejected, and the two candidates that are made of it. */
export function bisectStore(
  pool: Pool,
): Pick<Store, 'bundlePairs' | 'descentOf' | 'openHalves' | 'relativesOf'> {
  return {
    bundlePairs: (tenant, candidate) =>
      withTenant(pool, tenant, async (client) => {
        const { rows } = await client.query<BundlePair>(BUNDLE_PAIRS, [tenant, candidate]);
        return rows;
      }),

    descentOf: (tenant, candidate) =>
      withTenant(pool, tenant, async (client) => {
        const { rows } = await client.query<{ readonly depth: number; readonly parts: number }>(
          DESCENT,
          [tenant, candidate],
        );
        return rows[0] ?? { depth: 0, parts: 0 };
      }),

    openHalves: (scope, whole, halves, audit) =>
      withTenant(pool, scope.tenant, async (client) => {
        await lockAgent(client, scope);
        const known = await relatives(client, scope.tenant, whole);
        if (known.halves.length > 0) return;
        for (const half of halves) await openHalf(client, scope, whole, half);
        await appendAudit(client, scope.tenant, {
          ...audit,
          action: 'bisected',
          object: { kind: 'candidate', id: whole },
        });
      }),

    relativesOf: (tenant, candidate) =>
      withTenant(pool, tenant, (client) => relatives(client, tenant, candidate)),
  };
}

async function openHalf(
  client: PoolClient,
  scope: Scope,
  whole: CandidateId,
  { id, title, items }: Half,
): Promise<void> {
  const { tenant, agent } = scope;
  const { parameters } = await lockCandidate(client, tenant, whole);
  await openCandidateRow(client, scope, { id, title, opener: null, workflowId: `reflect/${id}` });
  await client.query(
    `insert into candidate_lessons (tenant, candidate, agent, lesson, revision, position)
     select $1, $2, $3, given.lesson, given.revision, given.position
     from rows from (json_to_recordset($4) as (lesson text, revision integer))
       with ordinality as given (lesson, revision, position)`,
    [tenant, id, agent, storableJson(items)],
  );
  // A parameter is set by its lesson: where that goes, the value goes.
  const { rows } = await client.query<{ readonly parameter: string }>(
    `select r.content -> 'body' ->> 'parameter' as parameter from candidate_lessons c
     join lesson_revisions r using (tenant, agent, lesson, revision)
     where c.tenant = $1 and c.candidate = $2 and r.content -> 'body' ->> 'form' = 'value'`,
    [tenant, id],
  );
  const own = rows.map(({ parameter }) => parameter);
  const kept = Object.entries(parameters).filter(([name]) => own.includes(name));
  await client.query('update candidates set parameters = $3 where tenant = $1 and candidate = $2', [
    tenant,
    id,
    storableJson(Object.fromEntries(kept)),
  ]);
  await client.query(
    `update lesson_revisions r set status = 'candidate' from candidate_lessons c
     where c.tenant = $1 and c.candidate = $2 and r.tenant = c.tenant and r.agent = c.agent
       and r.lesson = c.lesson and r.revision = c.revision and r.status = 'retired'`,
    [tenant, id],
  );
  await client.query(
    `insert into lineage (tenant, from_kind, from_id, to_kind, to_id)
     values ($1, 'candidate', $2, 'candidate', $3) on conflict do nothing`,
    [tenant, id, whole],
  );
}

async function relatives(client: PoolClient, tenant: TenantId, candidate: CandidateId) {
  const { rows } = await client.query<{
    readonly candidate: CandidateId;
    readonly isHalf: boolean;
  }>(
    `select c.candidate, g.to_id = $2 as "isHalf" from lineage g
     join candidates c on c.tenant = g.tenant
       and c.candidate = case when g.to_id = $2 then g.from_id else g.to_id end
     where g.tenant = $1 and g.from_kind = 'candidate' and g.to_kind = 'candidate'
       and $2 in (g.from_id, g.to_id)
     order by c.number`,
    [tenant, candidate],
  );
  return {
    halfOf: rows.find(({ isHalf }) => !isHalf)?.candidate ?? null,
    halves: rows.filter(({ isHalf }) => isHalf).map((row) => row.candidate),
  };
}
