import type { Pool } from 'pg';

import type { Store } from '../activities/store.js';
import type { UtilityRow } from '../activities/utility-store.js';
import { SUCCESS_THRESHOLD } from '../domain/episode.js';
import type { LessonId } from '../domain/ids.js';
import type { LessonStatus } from '../domain/lesson.js';
import { appendAudit } from './audit.js';
import { storableJson } from './storable.js';
import { queryTenant, withTenant } from './transaction.js';

interface CountRow {
  readonly lesson: LessonId;
  readonly revision: number;
  readonly slice: string;
  readonly status: LessonStatus;
  readonly treated_successes: number;
  readonly treated_failures: number;
  readonly held_out_successes: number;
  readonly held_out_failures: number;
}

function utilityOf(row: CountRow): UtilityRow {
  const { lesson, revision, slice, status } = row;
  return {
    lesson,
    revision,
    slice,
    status,
    utility: {
      treated: { successes: row.treated_successes, failures: row.treated_failures },
      heldOut: { successes: row.held_out_successes, failures: row.held_out_failures },
    },
  };
}

/**
 * Counts an outcome for each draw of its episode: over all tasks, and over each slice of the task. Nothing
 * is counted where the cursor stands elsewhere by now.
 */
const COUNT = `with moved as (
    insert into utility_cursors (tenant, agent, cursor, passed_over)
    select $1, $2, $5::integer, $6::integer[]
    where $3::integer = 0 or exists (
      select from utility_cursors u where u.tenant = $1 and u.agent = $2
    )
    on conflict (tenant, agent) do update
      set cursor = excluded.cursor, passed_over = excluded.passed_over
      where utility_cursors.cursor = $3::integer and utility_cursors.passed_over = $4::integer[]
    returning 1
  ), counted as (
    select draw.lesson, draw.revision, part.slice,
      sum(case when draw."heldOut" then 0 else given.score end) as treated_successes,
      sum(case when draw."heldOut" then 0 else 1 - given.score end) as treated_failures,
      sum(case when draw."heldOut" then given.score else 0 end) as held_out_successes,
      sum(case when draw."heldOut" then 1 - given.score else 0 end) as held_out_failures
    from moved
    cross join json_to_recordset($7) as given(episode text, score double precision)
    join episodes e on e.tenant = $1 and e.agent = $2 and e.episode = given.episode
    cross join lateral json_to_recordset(coalesce(e.recall -> 'draws', '[]'))
      as draw(lesson text, revision integer, "heldOut" boolean)
    cross join lateral (
      select '' as slice
      union all
      select slice.key || '=' || slice.value from jsonb_each_text(e.slices) slice
    ) part
    group by draw.lesson, draw.revision, part.slice
  ), stored as (
    insert into lesson_utility as known (
      tenant, agent, lesson, revision, slice, treated_successes, treated_failures,
      held_out_successes, held_out_failures
    )
    select $1, $2, counted.* from counted
    on conflict (tenant, agent, lesson, revision, slice) do update set
      treated_successes = known.treated_successes + excluded.treated_successes,
      treated_failures = known.treated_failures + excluded.treated_failures,
      held_out_successes = known.held_out_successes + excluded.held_out_successes,
      held_out_failures = known.held_out_failures + excluded.held_out_failures
  )
  select count(*)::integer as moved from moved`;

export function utilityStore(
  pool: Pool,
): Pick<
  Store,
  'utilities' | 'utilityCursor' | 'countUtility' | 'haveSucceeded' | 'quarantineLesson'
> {
  return {
    utilities: (scope) =>
      withTenant(pool, scope.tenant, async (client) => {
        const { rows } = await client.query<CountRow>({
          name: 'utilities',
          text: `select lesson, revision, slice, r.status, treated_successes, treated_failures,
                   held_out_successes, held_out_failures
                 from lesson_utility u join lesson_revisions r using (tenant, agent, lesson, revision)
                 where u.tenant = $1 and u.agent = $2
                 order by lesson, revision, slice`,
          values: [scope.tenant, scope.agent],
        });
        return rows.map(utilityOf);
      }),

    utilityCursor: (scope) =>
      withTenant(pool, scope.tenant, async (client) => {
        const { rows } = await client.query<{
          readonly cursor: number;
          readonly passed_over: readonly number[];
        }>({
          name: 'utility-cursor',
          text: 'select cursor, passed_over from utility_cursors where tenant = $1 and agent = $2',
          values: [scope.tenant, scope.agent],
        });
        const [row] = rows;
        return row === undefined
          ? { cursor: 0, passedOver: [] }
          : { cursor: row.cursor, passedOver: row.passed_over };
      }),

    countUtility: (scope, from, to, outcomes) =>
      withTenant(pool, scope.tenant, async (client) => {
        const { rows } = await client.query<{ readonly moved: number }>({
          name: 'count-utility',
          text: COUNT,
          values: [
            scope.tenant,
            scope.agent,
            from.cursor,
            from.passedOver,
            to.cursor,
            to.passedOver,
            storableJson(outcomes),
          ],
        });
        return rows[0]?.moved === 1;
      }),

    haveSucceeded: async (tenant, episodes) => {
      const { rows } = await queryTenant<{ readonly succeeded: number }>(pool, tenant, {
        name: 'have-succeeded',
        text: `select count(*)::integer as succeeded from outcomes
               where tenant = $1 and episode = any($2) and score >= $3`,
        values: [tenant, episodes, SUCCESS_THRESHOLD],
      });
      return rows[0]?.succeeded === new Set(episodes).size;
    },

    quarantineLesson: (scope, { lesson, revision, actor, reason, detail }) =>
      withTenant(pool, scope.tenant, async (client) => {
        const { rowCount } = await client.query(
          `update lesson_revisions set status = 'quarantined'
           where tenant = $1 and agent = $2 and lesson = $3 and revision = $4
             and status <> 'quarantined'`,
          [scope.tenant, scope.agent, lesson, revision],
        );
        if (rowCount === 0) return false;
        await appendAudit(client, scope.tenant, {
          actor,
          action: 'quarantine',
          object: { kind: 'lesson', id: `${lesson}@${String(revision)}` },
          reason,
          detail,
        });
        return true;
      }),
  };
}
