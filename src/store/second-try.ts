import type { Pool } from 'pg';

import type { Store } from '../activities/store.js';
import { COMPLEMENTARY, type FailedTry } from '../domain/second-try.js';
import { lockCandidate } from './candidates.js';
import { ConflictError } from '../domain/errors.js';
import { storableJson } from './storable.js';
import { withTenant } from './transaction.js';

/**
 * The newest revision of each complementary lesson whose last bundle ended without a pass and without a person's word,
 * or waits for one with evidence that decided nothing.
 */
const FAILED_TRIES = `
  select l.lesson, r.revision, g.verdict, g.reason,
    (g.summary -> 'effect' ->> 'mean')::double precision as "meanEffect",
    held.tries::integer as tries
  from lessons l
  join lateral (
    select revision, status from lesson_revisions every
    where every.tenant = l.tenant and every.agent = l.agent and every.lesson = l.lesson
    order by revision desc limit 1
  ) r on r.status in ('retired', 'shadow')
  join lateral (
    select max(c.number) as last, count(*) as tries
    from candidate_lessons cl join candidates c on c.tenant = cl.tenant and c.candidate = cl.candidate
    where cl.tenant = l.tenant and cl.agent = l.agent and cl.lesson = l.lesson
      and cl.revision = r.revision
  ) held on true
  join candidates c on c.tenant = l.tenant and c.agent = l.agent and c.number = held.last
    and c.state in ('rejected', 'waiting')
  join lateral (
    select verdict, reason, summary from gate_records record
    where record.tenant = c.tenant and record.candidate = c.candidate and record.purpose = 'gate'
    order by record.number desc limit 1
  ) g on c.state = 'rejected' or g.verdict = 'inconclusive'
  where l.tenant = $1 and l.agent = $2 and l.kind = $3 and not exists (
    select from audit a where a.tenant = c.tenant and a.object_kind = 'candidate'
      and a.object_id = c.candidate and a.action = 'rejected' and a.actor_role <> 'system'
  )
  order by l.ordinal`;

/** Lessons of candidates that did not pass, and their way into the next bundle. */
export function secondTryStore(
  pool: Pool,
): Pick<Store, 'failedTries' | 'openBundleSize' | 'takeAlong'> {
  return {
    failedTries: (scope) =>
      withTenant(pool, scope.tenant, async (client) => {
        const { rows } = await client.query<FailedTry>(FAILED_TRIES, [
          scope.tenant,
          scope.agent,
          COMPLEMENTARY,
        ]);
        return rows;
      }),

    openBundleSize: (scope, upTo) =>
      withTenant(pool, scope.tenant, async (client) => {
        const { rows } = await client.query<{ readonly size: number }>(
          `select count(distinct p.key)::integer as size
           from candidates c
           join proposals p on p.tenant = c.tenant and p.agent = c.agent
             and p.result ->> 'candidate' = c.candidate
           where c.tenant = $1 and c.agent = $2 and c.state = 'open' and c.closed_at is null
             and p.task_number <= $3 and p.draft ->> 'kind' = $4`,
          [scope.tenant, scope.agent, upTo, COMPLEMENTARY],
        );
        return rows[0]?.size ?? 0;
      }),

    takeAlong: (scope, candidate, refs) =>
      withTenant(pool, scope.tenant, async (client) => {
        if (refs.length === 0) return;
        const { state, version } = await lockCandidate(client, scope.tenant, candidate);
        if (state !== 'open' || version !== null) {
          throw new ConflictError(
            `candidate ${candidate}: found its bundle closed (${state}), expected it open; open the next one`,
          );
        }
        await client.query(
          `insert into candidate_lessons (tenant, candidate, agent, lesson, revision, position)
           select $1, $2, $3, given.lesson, given.revision, held.last + given.position
           from (
             select coalesce(max(position), 0) as last from candidate_lessons
             where tenant = $1 and candidate = $2
           ) held,
           rows from (json_to_recordset($4) as (lesson text, revision integer))
             with ordinality as given (lesson, revision, position)
           on conflict (tenant, candidate, lesson) do nothing`,
          [
            scope.tenant,
            candidate,
            scope.agent,
            storableJson(refs.map(({ lesson, revision }) => ({ lesson, revision }))),
          ],
        );
      }),
  };
}
