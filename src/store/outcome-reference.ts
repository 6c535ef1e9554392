import type { Pool } from 'pg';

import type { OutcomeReference, Store } from '../activities/store.js';
import { JOIN_LABEL, LABELLED_CATEGORY, LABELLED_SCORE } from './labels.js';
import { ATTRIBUTION_HOURS, JUDGES_TO_TELL } from './outcomes.js';
import { withTenant } from './transaction.js';

/**
 * The newest live tasks of a version. Decided is what `readOutcomes` would deliver of them: a score that nobody
 * disputes, or a window that has passed; void ones are left out. Counted by another rule, the version to come would be compared with one
 * that never was.
 */
const REFERENCE = `with newest as (
    select e.number, e.slices, ${LABELLED_SCORE} as score, ${LABELLED_CATEGORY} as category,
      coalesce(
        (${LABELLED_SCORE}) is not null
          or e.ended_at <= clock_timestamp() - make_interval(secs => $6::double precision * 3600),
        false) or $8 as decided,
      (${LABELLED_SCORE}) is null and coalesce(o.category = any($7::text[]), false) as unasked
    from episodes e
    left join outcomes o on o.tenant = e.tenant and o.episode = e.episode
    ${JOIN_LABEL}
    where e.tenant = $1 and e.agent = $2 and e.mode = 'live' and e.version = $3 and e.number < $4
    order by e.number desc limit $5
  ), counted as (
    select slices, coalesce(score, 0) as score, category from newest where decided and not unasked
  ), kinds as (
    select slices, category, count(*)::integer as n from counted
    where category is not null group by slices, category
  ), strata as (
    select slices, count(*)::integer as n, sum(1 - score) as failures,
      (select coalesce(jsonb_object_agg(kinds.category, kinds.n), '{}') from kinds
       where kinds.slices = counted.slices) as categories
    from counted group by slices
  )
  select
    (select coalesce(jsonb_agg(strata order by slices::text), '[]') from strata) as strata,
    (select coalesce(jsonb_agg(number order by number), '[]') from newest where not decided) as pending`;

export function outcomeReferenceStore(pool: Pool): Pick<Store, 'outcomeReference'> {
  return {
    outcomeReference: (
      scope,
      version,
      beforeNumber,
      limit,
      { windowHours = ATTRIBUTION_HOURS, countsPending = false } = {},
    ): Promise<OutcomeReference> =>
      withTenant(pool, scope.tenant, async (client) => {
        const { rows } = await client.query<OutcomeReference>(REFERENCE, [
          scope.tenant,
          scope.agent,
          version,
          beforeNumber,
          limit,
          windowHours,
          JUDGES_TO_TELL,
          countsPending,
        ]);
        return rows[0] ?? { strata: [], pending: [] };
      }),
  };
}
