import type { Pool, PoolClient } from 'pg';

import type { Pointer, Store } from '../activities/store.js';
import type { Scope } from '../domain/ids.js';
import type { Definition, Parameters, VersionRow } from '../domain/strategy.js';
import { digestOf } from '../contracts/digest.js';
import { insertPointer, lockPointer, movePointer, readPointer } from './pointer.js';
import { storable } from './storable.js';
import { withTenant } from './transaction.js';
import { insertVersion, readVersion } from './versions.js';

/** Values the new definition leaves as they were stay as they were learned. */
function redefined(serving: VersionRow, definition: Definition): Parameters {
  const { parameters: learned, definition: before } = serving;
  const { parameters: given } = definition;
  const old = before.parameters;
  return {
    model: given.model === old.model ? learned.model : given.model,
    temperature: given.temperature === old.temperature ? learned.temperature : given.temperature,
    maxModelCalls:
      given.maxModelCalls === old.maxModelCalls ? learned.maxModelCalls : given.maxModelCalls,
    recallLimit: given.recallLimit === old.recallLimit ? learned.recallLimit : given.recallLimit,
  };
}

async function isServing(
  client: PoolClient,
  scope: Scope,
  pointer: Pointer | null,
  digest: string,
): Promise<boolean> {
  if (pointer === null) return false;
  const serving = await readVersion(client, scope, pointer.active);
  return digestOf(serving.definition) === digest;
}

/**
 * Only what the definition itself changed makes a deployment: the version that serves remembers the
 * definition it came from, so that a learned parameter is not taken for an edited one.
 */
export function deployStore(
  pool: Pool,
): Pick<Store, 'deploy' | 'lastDeployment' | 'newestTaskBefore'> {
  return {
    lastDeployment: (scope) =>
      withTenant(pool, scope.tenant, async (client) => {
        const { rows } = await client.query<Awaited<ReturnType<Store['lastDeployment']>> & object>(
          `select c.number, c.active as version, a.detail ->> 'before' as baseline
           from pointer_changes c join audit a on a.tenant = c.tenant and a.sequence = c.audit_sequence
           where c.tenant = $1 and c.agent = $2 and c.number > 1 and a.action = 'deploy'
           order by c.number desc limit 1`,
          [scope.tenant, scope.agent],
        );
        return rows[0] ?? null;
      }),

    newestTaskBefore: (scope, change) =>
      withTenant(pool, scope.tenant, async (client) => {
        const { rows } = await client.query<{ readonly number: number }>(
          `select coalesce(max(t.number), 0)::integer as number from tasks t
           join pointer_changes c on c.tenant = t.tenant and c.agent = t.agent and c.number = $3
           where t.tenant = $1 and t.agent = $2 and t.accepted_at < c.at`,
          [scope.tenant, scope.agent, change],
        );
        return rows[0]?.number ?? 0;
      }),

    deploy: (scope, root, actor) =>
      withTenant(pool, scope.tenant, async (client) => {
        const { policyDigest, toolDigests, parameters } = root;
        const definition: Definition = { policyDigest, toolDigests, parameters };
        const digest = digestOf(definition);
        const { tenant, agent } = scope;
        const seen = await readPointer(client, scope);
        if (seen !== null && (await isServing(client, scope, seen, digest))) return seen;

        await client.query('insert into tenants (tenant) values ($1) on conflict do nothing', [
          tenant,
        ]);
        await client.query(
          'insert into agents (tenant, agent) values ($1, $2) on conflict do nothing',
          [tenant, agent],
        );
        await client.query(
          'select 1 from agents where tenant = $1 and agent = $2 for no key update',
          [tenant, agent],
        );
        await client.query(
          `insert into policies (tenant, agent, policy_digest, instructions) values ($1, $2, $3, $4)
           on conflict do nothing`,
          [tenant, agent, policyDigest, storable(root.instructions)],
        );

        const found = await lockPointer(client, scope);
        if (found === null) {
          const first = { ...definition, definition, put: [], remove: [] };
          const id = await insertVersion(client, scope, null, first);
          return insertPointer(client, scope, id, {
            actor,
            action: 'deploy',
            object: { kind: 'version', id },
            reason: 'first deployment of the agent',
            detail: { policyDigest, toolDigests },
          });
        }
        if (await isServing(client, scope, found, digest)) return found;

        const serving = await readVersion(client, scope, found.active);
        const id = await insertVersion(client, scope, found.active, {
          policyDigest,
          toolDigests,
          parameters: redefined(serving, definition),
          definition,
          put: [],
          remove: [],
        });
        if (id === found.active) return found;
        return movePointer(
          client,
          scope,
          found.number,
          { active: id },
          {
            actor,
            action: 'deploy',
            object: { kind: 'version', id },
            reason: 'the definition of the agent changed',
            detail: { before: found.active, policyDigest, toolDigests },
          },
        );
      }),
  };
}
