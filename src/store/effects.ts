import type { Pool } from 'pg';

import type { EffectRow, Store } from '../activities/store.js';
import { ConflictError, NotFoundError } from '../domain/errors.js';
import { storable } from './storable.js';
import { withTenant } from './transaction.js';

interface BegunRow {
  readonly attempts: number;
  readonly request_digest: string;
  readonly state: 'started' | 'done';
  readonly result: string | null;
}

export function effectStore(pool: Pool): Pick<Store, 'beginEffect' | 'finishEffect'> {
  return {
    beginEffect: (tenant, key, requestDigest) =>
      withTenant(pool, tenant, async (client) => {
        const { rows } = await client.query<BegunRow>({
          name: 'begin-effect',
          text: `insert into effects (tenant, key, request_digest) values ($1, $2, $3)
                 on conflict (tenant, key) do update set attempts = effects.attempts + 1
                 returning attempts, request_digest, state, result`,
          values: [tenant, storable(key), requestDigest],
        });
        const [row] = rows;
        if (row === undefined) throw new Error(`effect ${key} was not stored`);
        if (row.request_digest !== requestDigest) {
          throw new ConflictError(
            `effect ${key}: found it begun with request ${row.request_digest}, ` +
              `expected ${requestDigest}; one key stands for one request`,
          );
        }
        const state: EffectRow['state'] = row.attempts === 1 ? 'new' : row.state;
        return { state, result: row.result };
      }),

    finishEffect: (tenant, key, result) =>
      withTenant(pool, tenant, async (client) => {
        const { rowCount } = await client.query({
          name: 'finish-effect',
          text: `update effects set
                   state = 'done', result = coalesce(result, $3), done_at = coalesce(done_at, clock_timestamp())
                 where tenant = $1 and key = $2`,
          values: [tenant, storable(key), storable(result)],
        });
        if (rowCount === 0) throw new NotFoundError('effect', key, 'begin it before finishing it');
      }),
  };
}
