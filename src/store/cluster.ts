import type { Pool } from 'pg';

import type { ClusterEpisode, ClusterStore } from '../activities/cluster-store.js';
import { SUCCESS_THRESHOLD, type Step } from '../domain/episode.js';
import { queryTenant } from './transaction.js';

/** Tasks before and after the episode that are looked at. */
const WINDOW = 500;

interface ClusterRow extends Omit<ClusterEpisode, 'trajectory' | 'hasFailed'> {
  readonly steps: readonly Step[];
}

export function clusterStore(pool: Pool): ClusterStore {
  return {
    cluster: async (tenant, episode, each) => {
      const { rows } = await queryTenant<ClusterRow>(pool, tenant, {
        name: 'cluster',
        text: `with near as (
                 select e.episode, e.task, e.input, e.slices, o.score,
                        o.score < $4 as failed,
                        row_number() over (
                          partition by o.score < $4
                          order by case when o.score < $4 then o.score else -o.score end, e.number desc
                        ) as place
                 from episodes b
                 join episodes e on e.tenant = b.tenant and e.agent = b.agent and e.mode = 'live'
                   and e.number between b.number - $5 and b.number + $5 and e.slices = b.slices
                   and e.episode <> b.episode
                 join outcomes o on o.tenant = e.tenant and o.episode = e.episode
                 where b.tenant = $1 and b.episode = $2 and b.mode = 'live' and o.score is not null
               )
               select n.episode, n.task, n.input, n.slices, n.score, coalesce((
                 select json_agg(s.body order by s.step) from steps s
                 where s.tenant = $1 and s.episode = n.episode
               ), '[]') as steps
               from near n where n.place <= $3 order by n.failed, n.place`,
        values: [tenant, episode, each, SUCCESS_THRESHOLD, WINDOW],
      });
      return rows.map(({ steps, ...row }) => ({
        ...row,
        trajectory: steps,
        hasFailed: row.score < SUCCESS_THRESHOLD,
      }));
    },
  };
}
