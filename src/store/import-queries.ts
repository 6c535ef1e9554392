import type { Pool } from 'pg';

import type { EpisodeId, Scope, TenantId, VersionId } from '../domain/ids.js';
import type { RecordedFacts } from '../domain/imported-run.js';
import { storable } from './storable.js';
import { withTenant } from './transaction.js';

/** What is known of runs that were recorded elsewhere. */
export interface ImportQueries {
  /** What the source said of a run; null for an episode that was not imported. */
  recordedFacts(
    tenant: TenantId,
    episode: EpisodeId,
  ): Promise<{ readonly runId: string; readonly recorded: RecordedFacts } | null>;
  /** The episode of a run, by the name that the source gave it. */
  episodeOfRun(tenant: TenantId, runId: string): Promise<EpisodeId | null>;
  /** The version in force when a run was recorded, counted by agent from 1 in the order of import. */
  versionAt(scope: Scope, number: number): Promise<VersionId | null>;
  /** Imported episodes with steps that nobody has reflected on, numbered above `after`, in their order. */
  unreflectedImports(
    scope: Scope,
    after: number,
    limit: number,
  ): Promise<readonly { readonly episode: EpisodeId; readonly number: number }[]>;
}

export function importQueries(pool: Pool): ImportQueries {
  return {
    recordedFacts: (tenant, episode) =>
      withTenant(pool, tenant, async (client) => {
        const { rows } = await client.query<{
          readonly run_id: string;
          readonly recorded: RecordedFacts;
        }>(
          `select run_id, recorded from episodes
           where tenant = $1 and episode = $2 and mode = 'imported'`,
          [tenant, episode],
        );
        const [row] = rows;
        return row === undefined ? null : { runId: row.run_id, recorded: row.recorded };
      }),

    episodeOfRun: (tenant, runId) =>
      withTenant(pool, tenant, async (client) => {
        const { rows } = await client.query<{ readonly episode: EpisodeId }>(
          'select episode from episodes where tenant = $1 and run_id = $2',
          [tenant, storable(runId)],
        );
        return rows[0]?.episode ?? null;
      }),

    versionAt: ({ tenant, agent }, number) =>
      withTenant(pool, tenant, async (client) => {
        const { rows } = await client.query<{ readonly version: VersionId }>(
          `select version from episodes
           where tenant = $1 and agent = $2 and number = $3 and mode = 'imported'`,
          [tenant, agent, number],
        );
        return rows[0]?.version ?? null;
      }),

    unreflectedImports: ({ tenant, agent }, after, limit) =>
      withTenant(pool, tenant, async (client) => {
        const { rows } = await client.query<{
          readonly episode: EpisodeId;
          readonly number: number;
        }>(
          `select e.episode, e.number from episodes e
           where e.tenant = $1 and e.agent = $2 and e.mode = 'imported' and e.number > $3
             and exists (select from steps s where s.tenant = e.tenant and s.episode = e.episode)
             and not exists (
               select from reflections r where r.tenant = e.tenant and r.episode = e.episode
                 and not exists (
                   select from feedback f
                   where f.tenant = e.tenant and f.episode = e.episode and f.at > r.at))
           order by e.number limit $4`,
          [tenant, agent, after, limit],
        );
        return rows;
      }),
  };
}
