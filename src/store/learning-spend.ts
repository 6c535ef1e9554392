import type { Pool } from 'pg';

import type { Store } from '../activities/store.js';
import { withTenant } from './transaction.js';

const TODAY = `(now() at time zone 'utc')::date`;

/** A limit of null is none. */
const HAS_ROOM = `(s.tokens + s.under_way * s.largest_tokens < coalesce($3, 'infinity'::numeric)
  and s.cost_micro_usd + s.under_way * s.largest_micro_usd < coalesce($4, 'infinity'::numeric))`;

export function learningSpendStore(
  pool: Pool,
): Pick<Store, 'isLearningSpent' | 'beginLearningCall' | 'endLearningCall'> {
  return {
    isLearningSpent: (scope, { tokens, microUsd }) =>
      withTenant(pool, scope.tenant, async (client) => {
        const { rows } = await client.query<{ readonly spent: boolean }>(
          `select not (s.tokens < coalesce($3, 'infinity'::numeric)
             and s.cost_micro_usd < coalesce($4, 'infinity'::numeric)) as spent
           from learning_spend s where tenant = $1 and agent = $2 and day = ${TODAY}`,
          [scope.tenant, scope.agent, tokens, microUsd],
        );
        const isNothing = tokens === 0 || microUsd === 0;
        return rows[0]?.spent ?? isNothing;
      }),

    beginLearningCall: (scope, { tokens, microUsd }) =>
      withTenant(pool, scope.tenant, async (client) => {
        await client.query(
          `insert into learning_spend (tenant, agent, day) values ($1, $2, ${TODAY})
           on conflict do nothing`,
          [scope.tenant, scope.agent],
        );
        const { rows } = await client.query<{ readonly day: string }>(
          `update learning_spend s set under_way = s.under_way + 1
           where tenant = $1 and agent = $2 and day = ${TODAY} and ${HAS_ROOM}
           returning day::text`,
          [scope.tenant, scope.agent, tokens, microUsd],
        );
        return rows[0]?.day ?? null;
      }),

    endLearningCall: (scope, day, { tokens, microUsd }) =>
      withTenant(pool, scope.tenant, async (client) => {
        await client.query(
          `update learning_spend set under_way = greatest(under_way - 1, 0),
             tokens = tokens + $4, cost_micro_usd = cost_micro_usd + $5,
             largest_tokens = greatest(largest_tokens, $4),
             largest_micro_usd = greatest(largest_micro_usd, $5)
           where tenant = $1 and agent = $2 and day = $3::date`,
          [scope.tenant, scope.agent, day, tokens, microUsd],
        );
      }),
  };
}
