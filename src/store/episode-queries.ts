import type { Pool } from 'pg';

import type { Arm, Mode, Slices, TaskEnd } from '../domain/episode.js';
import { SUCCESS_THRESHOLD } from '../domain/episode.js';
import type { AgentId, EpisodeId, TaskId, TenantId, VersionId } from '../domain/ids.js';
import { JOIN_LABEL, LABELLED_SCORE } from './labels.js';
import { withDirectory, withTenant } from './transaction.js';

export interface EpisodeSummary {
  readonly id: EpisodeId;
  readonly agent: AgentId;
  readonly task: TaskId;
  /** Number of the live task, or in the order of import; 0 in the other modes. */
  readonly number: number;
  readonly mode: Mode;
  readonly version: VersionId;
  readonly arm: Arm;
  readonly slices: Slices;
  readonly end: TaskEnd | null;
  readonly score: number | null;
  readonly category: string | null;
  /** How many lessons it was given. */
  readonly lessons: number;
  readonly tokens: number | null;
  readonly costMicroUsd: number | null;
  readonly startedAt: string;
  readonly endedAt: string | null;
}

export interface EpisodeFilter {
  /** All agents of the tenant when left out. */
  readonly agent?: AgentId;
  /** Live and imported episodes unless told. */
  readonly mode?: Mode;
  readonly limit: number;
}

/** A row per agent, slice key and value, and one with key and value null per agent. */
export interface SliceCount {
  readonly agent: AgentId;
  readonly key: string | null;
  readonly value: string | null;
  readonly n: number;
  readonly successes: number;
}

interface EpisodeRow extends Omit<EpisodeSummary, 'costMicroUsd' | 'startedAt' | 'endedAt'> {
  /** `bigint` comes as text. */
  readonly cost: string | null;
  readonly started_at: Date;
  readonly ended_at: Date | null;
}

export interface EpisodeQueries {
  /** Newest first. */
  episodes(tenant: TenantId, filter: EpisodeFilter): Promise<readonly EpisodeSummary[]>;
  /** Ended episodes with a score, live and imported unless told, counted by slice. */
  sliceCounts(
    tenant: TenantId,
    filter?: Omit<EpisodeFilter, 'limit'>,
  ): Promise<readonly SliceCount[]>;
  /** The tenants there are, newest first. */
  latestTenants(limit: number): Promise<readonly TenantId[]>;
  agents(tenant: TenantId): Promise<readonly { readonly agent: AgentId; readonly tasks: number }[]>;
}

/** What agents did for somebody, here or where it was recorded. */
function modesOf(mode: Mode | undefined): readonly Mode[] {
  return mode === undefined ? ['live', 'imported'] : [mode];
}

export function episodeQueries(pool: Pool): EpisodeQueries {
  return {
    episodes: (tenant, { agent, mode, limit }) =>
      withTenant(pool, tenant, async (client) => {
        const { rows } = await client.query<EpisodeRow>(
          `select e.episode as id, e.agent, e.task, e.number, e.mode, e.version, e.arm, e.slices,
             e.task_end as end, ${LABELLED_SCORE} as score, o.category, json_array_length(e.recalled) as lessons, e.tokens,
             e.cost_micro_usd as cost, e.started_at, e.ended_at
           from episodes e
           left join outcomes o on o.tenant = e.tenant and o.episode = e.episode
           ${JOIN_LABEL}
           where e.tenant = $1 and ($2::text is null or e.agent = $2) and e.mode = any($3::text[])
           order by e.started_at desc, e.number desc, e.episode limit $4`,
          [tenant, agent ?? null, modesOf(mode), limit],
        );
        return rows.map(({ cost, started_at: startedAt, ended_at: endedAt, ...row }) => ({
          ...row,
          costMicroUsd: cost === null ? null : Number(cost),
          startedAt: startedAt.toISOString(),
          endedAt: endedAt?.toISOString() ?? null,
        }));
      }),

    sliceCounts: (tenant, { agent, mode } = {}) =>
      withTenant(pool, tenant, async (client) => {
        const { rows } = await client.query<SliceCount>(
          `with ended as (
             select e.agent, e.slices, (${LABELLED_SCORE}) >= $3 as succeeded
             from episodes e join outcomes o on o.tenant = e.tenant and o.episode = e.episode
             ${JOIN_LABEL}
             where e.tenant = $1 and ($2::text is null or e.agent = $2) and e.mode = any($4::text[])
               and (${LABELLED_SCORE}) is not null
           )
           select agent, null as key, null as value, count(*)::integer as n,
             (count(*) filter (where succeeded))::integer as successes
           from ended group by agent
           union all
           select agent, slice.key, slice.value, count(*)::integer,
             (count(*) filter (where succeeded))::integer
           from ended cross join jsonb_each_text(slices) slice
           group by agent, slice.key, slice.value
           order by agent, key nulls first, value`,
          [tenant, agent ?? null, SUCCESS_THRESHOLD, modesOf(mode)],
        );
        return rows;
      }),

    latestTenants: (limit) =>
      withDirectory(pool, async (client) => {
        const { rows } = await client.query<{ readonly tenant: TenantId }>(
          'select tenant from tenants order by created_at desc, tenant limit $1',
          [limit],
        );
        return rows.map((row) => row.tenant);
      }),

    agents: (tenant) =>
      withTenant(pool, tenant, async (client) => {
        const { rows } = await client.query<{ readonly agent: AgentId; readonly tasks: number }>(
          'select agent, tasks from agents where tenant = $1 order by agent',
          [tenant],
        );
        return rows;
      }),
  };
}
