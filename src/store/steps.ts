import type { Pool, PoolClient } from 'pg';

import type { Store } from '../activities/store.js';
import type { Step } from '../domain/episode.js';
import type { EpisodeId, TenantId } from '../domain/ids.js';
import { storableJson } from './storable.js';
import { queryTenant } from './transaction.js';

interface StepRow {
  readonly body: Step;
}

/** The trajectory of an episode, in order. */
export async function stepsOf(
  client: PoolClient,
  tenant: TenantId,
  id: EpisodeId,
): Promise<readonly Step[]> {
  const { rows } = await client.query<StepRow>({
    name: 'steps',
    text: 'select body from steps where tenant = $1 and episode = $2 order by step',
    values: [tenant, id],
  });
  return rows.map((row) => row.body);
}

/** The step that keeps this place in the trajectory. */
export async function stepAt(
  pool: Pool,
  tenant: TenantId,
  id: EpisodeId,
  index: number,
): Promise<Step | null> {
  const { rows } = await queryTenant<StepRow>(pool, tenant, {
    name: 'step',
    text: 'select body from steps where tenant = $1 and episode = $2 and step = $3',
    values: [tenant, id, index],
  });
  return rows[0]?.body ?? null;
}

export function stepStore(pool: Pool): Pick<Store, 'putStep'> {
  return {
    putStep: async (tenant, id, step) => {
      const { rowCount } = await queryTenant(pool, tenant, {
        name: 'put-step',
        text: `insert into steps (tenant, episode, step, kind, body) values ($1, $2, $3, $4, $5)
               on conflict do nothing`,
        values: [tenant, id, step.index, step.kind, storableJson(step)],
      });
      if (rowCount === 1) return step;
      return (await stepAt(pool, tenant, id, step.index)) ?? step;
    },
  };
}
