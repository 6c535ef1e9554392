import type { Pool, PoolClient } from 'pg';

import type { LiveOutcome, ServedCount, Store } from '../activities/store.js';
import type { Arm, Slices } from '../domain/episode.js';
import { NotFoundError } from '../domain/errors.js';
import type { EpisodeId, Scope, VersionId } from '../domain/ids.js';
import { JUDGE_ABSTAINED, UNJUDGED } from '../domain/judging.js';
import { JOIN_LABEL, LABELLED_CATEGORY, LABELLED_SCORE } from './labels.js';
import { withTenant } from './transaction.js';

/** After a later task has ended for this long, one that is still unknown no longer holds up the others. */
const PASS_OVER_SECONDS = 60;
/** How long after its end a task's outcome may become known before it counts as 0 (GATE 2.7), unless told. */
export const ATTRIBUTION_HOURS = 24;
/** Categories of an outcome without a score that was a judge's to tell. */
export const JUDGES_TO_TELL = [UNJUDGED, JUDGE_ABSTAINED];

interface OutcomeRow {
  readonly number: number;
  readonly episode: EpisodeId;
  readonly version: VersionId | null;
  readonly arm: Arm | null;
  readonly slices: Slices;
  readonly score: number | null;
  readonly category: string | null;
  readonly known: boolean;
  readonly unasked: boolean;
  readonly passable: boolean;
}

/**
 * Live tasks with what is known of them. An outcome is known when it has a score that nobody disputes,
 * when the arm itself is why it has none, or when the attribution window has passed. One that was the judge's to
 * tell, and that no judge told, is void then: a quota and an abstention are no failures of the task (GATE 2.7).
 */
const ROWS = `select t.number, t.episode, e.version, e.arm, t.slices,
    ${LABELLED_SCORE} as score, ${LABELLED_CATEGORY} as category,
    coalesce(
      (${LABELLED_SCORE}) is not null
        or e.ended_at <= clock_timestamp() - make_interval(secs => $4::double precision * 3600),
      false) as known,
    t.number < horizon.number as passable,
    coalesce(o.category = any($6::text[]), false) as unasked
  from tasks t
  join agents a on a.tenant = t.tenant and a.agent = t.agent
  left join episodes e on e.tenant = t.tenant and e.episode = t.episode
  left join outcomes o on o.tenant = t.tenant and o.episode = t.episode
  ${JOIN_LABEL}
  cross join (
    select coalesce((
      select ended.number from episodes ended
      where ended.tenant = $1 and ended.agent = $2 and ended.mode = 'live'
        and ended.ended_at <= clock_timestamp() - make_interval(secs => $5)
      order by ended.number desc limit 1
    ), 0) as number
  ) horizon
  where t.tenant = $1 and t.agent = $2
    and (a.learning_up_to is null or t.number <= a.learning_up_to)`;

async function skippedBefore(
  client: PoolClient,
  scope: Scope,
  numbers: readonly number[],
  windowHours: number,
): Promise<readonly OutcomeRow[]> {
  if (numbers.length === 0) return [];
  const { rows } = await client.query<OutcomeRow>({
    name: 'outcomes-skipped',
    text: `${ROWS} and t.number = any($3::integer[]) order by t.number`,
    values: [scope.tenant, scope.agent, numbers, windowHours, PASS_OVER_SECONDS, JUDGES_TO_TELL],
  });
  return rows;
}

async function after(
  client: PoolClient,
  scope: Scope,
  cursor: number,
  limit: number,
  windowHours: number,
): Promise<readonly OutcomeRow[]> {
  const { rows } = await client.query<OutcomeRow>({
    name: 'outcomes-after',
    text: `${ROWS} and t.number > $3::integer order by t.number limit $7`,
    values: [
      scope.tenant,
      scope.agent,
      cursor,
      windowHours,
      PASS_OVER_SECONDS,
      JUDGES_TO_TELL,
      limit,
    ],
  });
  return rows;
}

function outcomeOf(row: OutcomeRow): LiveOutcome | undefined {
  const { number, episode, version, arm, slices, score, category, known, unasked } = row;
  if (!known || version === null || arm === null) return undefined;
  const outcome = { number, episode, version, arm, slices, success: score, category };
  return score === null && unasked ? { ...outcome, isVoid: true } : outcome;
}

export function outcomeStore(
  pool: Pool,
): Pick<
  Store,
  'watchOutcomes' | 'unwatchOutcomes' | 'readOutcomes' | 'servedBy' | 'setBarrier' | 'barrier'
> {
  return {
    watchOutcomes: (scope, workflowId) =>
      withTenant(pool, scope.tenant, async (client) => {
        await client.query(
          `insert into outcome_watches (tenant, agent, workflow_id) values ($1, $2, $3)
           on conflict do nothing`,
          [scope.tenant, scope.agent, workflowId],
        );
      }),

    unwatchOutcomes: (scope, workflowId) =>
      withTenant(pool, scope.tenant, async (client) => {
        await client.query(
          'delete from outcome_watches where tenant = $1 and agent = $2 and workflow_id = $3',
          [scope.tenant, scope.agent, workflowId],
        );
      }),

    readOutcomes: (scope, workflowId, cursor, passedOver, limit, windowHours = ATTRIBUTION_HOURS) =>
      withTenant(pool, scope.tenant, async (client) => {
        // Lowered before the read: what commits later finds it down and raises it again.
        await client.query({
          name: 'lower-wake',
          text: `update outcome_watches set wake = false
                 where tenant = $1 and agent = $2 and workflow_id = $3`,
          values: [scope.tenant, scope.agent, workflowId],
        });

        const outcomes: LiveOutcome[] = [];
        const late = new Set(passedOver);
        for (const row of await skippedBefore(client, scope, passedOver, windowHours)) {
          const outcome = outcomeOf(row);
          if (outcome === undefined || outcomes.length === limit) continue;
          outcomes.push(outcome);
          late.delete(row.number);
        }

        let reached = cursor;
        const room = limit - outcomes.length;
        for (const row of room === 0 ? [] : await after(client, scope, cursor, room, windowHours)) {
          const outcome = outcomeOf(row);
          if (outcome !== undefined) outcomes.push(outcome);
          else if (row.passable) late.add(row.number);
          else break;
          reached = row.number;
        }
        return { outcomes, cursor: reached, passedOver: [...late].sort((a, b) => a - b) };
      }),

    servedBy: (scope, numbers) =>
      withTenant(pool, scope.tenant, async (client) => {
        const { rows } = await client.query<ServedCount>(
          `select e.version, e.arm, t.slices, count(*)::integer as n
           from tasks t
           left join episodes e on e.tenant = t.tenant and e.episode = t.episode
           where t.tenant = $1 and t.agent = $2 and t.number = any($3::integer[])
           group by e.version, e.arm, t.slices
           order by t.slices::text, e.version nulls first, e.arm`,
          [scope.tenant, scope.agent, numbers],
        );
        return rows;
      }),

    setBarrier: (scope, upTo) =>
      withTenant(pool, scope.tenant, async (client) => {
        const { rowCount } = await client.query(
          'update agents set learning_up_to = $3 where tenant = $1 and agent = $2',
          [scope.tenant, scope.agent, upTo],
        );
        if (rowCount === 0) throw new NotFoundError('agent', scope.agent, 'deploy it first');
        const { rows } = await client.query<{ readonly workflow_id: string }>(
          `update outcome_watches set wake = true where tenant = $1 and agent = $2
           returning workflow_id`,
          [scope.tenant, scope.agent],
        );
        return { wake: rows.map((row) => row.workflow_id).sort() };
      }),

    barrier: (scope) =>
      withTenant(pool, scope.tenant, async (client) => {
        const { rows } = await client.query<{ readonly learning_up_to: number | null }>(
          'select learning_up_to from agents where tenant = $1 and agent = $2',
          [scope.tenant, scope.agent],
        );
        return rows[0]?.learning_up_to ?? null;
      }),
  };
}
