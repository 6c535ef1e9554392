import type { Pool } from 'pg';

import type { EffectRow, Store } from '../activities/store.js';
import type { Step } from '../domain/episode.js';
import { ConflictError, NotFoundError } from '../domain/errors.js';
import type { JsonObject } from '../domain/json.js';
import { storable, storableJson } from './storable.js';
import { stepAt } from './steps.js';
import { queryTenant } from './transaction.js';

interface BegunRow {
  readonly stored: Step | null;
  readonly input: JsonObject | null;
  readonly attempts: number | null;
  readonly state: 'started' | 'done' | null;
  readonly result: string | null;
}

export function callStore(pool: Pool): Pick<Store, 'beginCall' | 'finishCall'> {
  return {
    beginCall: async ({ tenant, agent, task, episode, step, effect }) => {
      const { rows } = await queryTenant<BegunRow>(pool, tenant, {
        name: 'begin-call',
        text: `with stored as (
                 select body from steps where tenant = $1 and episode = $4 and step = $5
               ), accepted as (
                 select input from tasks where tenant = $1 and agent = $2 and task = $3
               ), begun as (
                 insert into effects (tenant, key, request_digest)
                 select $1, $6, $7 from accepted
                 where $6::text is not null and not exists (select from stored)
                 on conflict (tenant, key) do update set attempts = effects.attempts + 1
                   where effects.request_digest = excluded.request_digest
                 returning attempts, state, result
               )
               select (select body from stored) as stored, (select input from accepted) as input,
                 begun.attempts, begun.state, begun.result
               from (select) as once left join begun on true`,
        values: [
          tenant,
          agent,
          task,
          episode,
          step,
          effect === null ? null : storable(effect.key),
          effect?.requestDigest ?? null,
        ],
      });
      const [row] = rows;
      if (row === undefined)
        throw new Error(`step ${String(step)} of ${episode} was not looked up`);
      const { stored, input } = row;
      if (stored !== null) return { stored };
      if (input === null) {
        throw new NotFoundError('task', task, 'tools run for tasks that were accepted');
      }
      if (effect === null) return { stored, input, effect };
      return { stored, input, effect: effectOf(row, effect.key) };
    },

    finishCall: async (tenant, id, step, effectKey) => {
      const { rows } = await queryTenant<{ readonly done: boolean; readonly put: boolean }>(
        pool,
        tenant,
        {
          name: 'finish-call',
          text: `with done as (
                   update effects set state = 'done', result = coalesce(result, $6),
                     done_at = coalesce(done_at, clock_timestamp())
                   where tenant = $1 and key = $5 returning 1
                 ), put as (
                   insert into steps (tenant, episode, step, kind, body)
                   select $1, $2, $3::integer, 'tool', $4::json where exists (select from done)
                   on conflict do nothing returning 1
                 )
                 select exists (select from done) as done, exists (select from put) as put`,
          values: [
            tenant,
            id,
            step.index,
            storableJson(step),
            storable(effectKey),
            storableJson(step.result),
          ],
        },
      );
      const [row] = rows;
      if (row?.done !== true) {
        throw new NotFoundError('effect', effectKey, 'begin it before finishing it');
      }
      return row.put ? step : ((await stepAt(pool, tenant, id, step.index)) ?? step);
    },
  };
}

/** No row was written where the key stands for another request. */
function effectOf({ attempts, state, result }: BegunRow, key: string): EffectRow {
  if (attempts === null || state === null) {
    throw new ConflictError(
      `effect ${key}: found it begun with another request, expected the same; ` +
        'one key stands for one request',
    );
  }
  return { state: attempts === 1 ? 'new' : state, result };
}
