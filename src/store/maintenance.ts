import type { Pool } from 'pg';

import type { LessonUse } from '../activities/maintenance-store.js';
import type { Store } from '../activities/store.js';
import type { LessonRef } from '../domain/strategy.js';
import type { DrawTally } from '../domain/utility/sample-ratio.js';
import { queryTenant } from './transaction.js';

export function maintenanceStore(
  pool: Pool,
): Pick<Store, 'lessonUses' | 'protectedLessons' | 'drawTallies' | 'archivedRuns'> {
  return {
    lessonUses: async ({ tenant, agent }, halfLifeDays) => {
      const { rows } = await queryTenant<LessonUse>(pool, tenant, {
        name: 'lesson-uses',
        text: `select used.lesson, used.revision,
                 sum(power(0.5, extract(epoch from now() - e.started_at) / 86400 / $3))
                   ::double precision as "recentUses",
                 floor(extract(epoch from now() - max(e.started_at)) / 86400)::integer as "idleDays"
               from episodes e
               cross join lateral json_to_recordset(e.recalled)
                 as used(lesson text, revision integer)
               where e.tenant = $1 and e.agent = $2 and e.mode = 'live'
               group by used.lesson, used.revision`,
        values: [tenant, agent, halfLifeDays],
      });
      return rows;
    },

    protectedLessons: async ({ tenant, agent }) => {
      const { rows } = await queryTenant<LessonRef>(pool, tenant, {
        name: 'protected-lessons',
        text: `select distinct c.lesson, c.revision
               from pinned_cases p
               join candidate_lessons c on c.tenant = p.tenant and c.candidate = p.candidate
               where p.tenant = $1 and p.agent = $2 and c.revision is not null`,
        values: [tenant, agent],
      });
      return rows;
    },

    drawTallies: async ({ tenant, agent }, days) => {
      const { rows } = await queryTenant<DrawTally>(pool, tenant, {
        name: 'draw-tallies',
        text: `select draw.propensity, count(*)::integer as draws,
                 (count(*) filter (where draw."heldOut"))::integer as "heldOut"
               from episodes e
               cross join lateral json_to_recordset(coalesce(e.recall -> 'draws', '[]'))
                 as draw(propensity double precision, "heldOut" boolean)
               where e.tenant = $1 and e.agent = $2 and e.mode = 'live'
                 and e.started_at > now() - make_interval(days => $3) and e.ended_at is not null
               group by draw.propensity order by draw.propensity`,
        values: [tenant, agent, days],
      });
      return rows;
    },

    archivedRuns: async (tenant, runIds) => {
      const { rows } = await queryTenant<{ readonly run_id: string }>(pool, tenant, {
        name: 'archived-runs',
        text: 'select run_id from archived_histories where tenant = $1 and run_id = any($2)',
        values: [tenant, runIds],
      });
      return rows.map((row) => row.run_id);
    },
  };
}
