import { agentId, tenantId } from '../contracts/ids.js';
import { InvalidInputError, NotFoundError } from '../domain/errors.js';
import type { AgentId, Scope, TenantId } from '../domain/ids.js';
import { createQueries, type Queries } from '../store/queries.js';
import { launchLog, type CommandContext } from './command.js';
import { openDatabase, type Database } from './house.js';
import type { Store } from '../activities/store.js';

/** The stored side of the house: what looking needs, and nothing else is started. */
export interface Look {
  readonly store: Store;
  readonly queries: Queries;
  /** The tenant asked for, else the configured one, else the newest that has agents. */
  readonly tenant: TenantId;
  /** Where an id may be looked for: only there when a tenant was named. */
  readonly tenants: readonly TenantId[];
}

const TENANTS = 200;

/** Opens the database, looks, and closes it. */
export async function looking<T>(
  context: CommandContext,
  look: (view: Look) => Promise<T>,
): Promise<T> {
  const { config, signal } = context;
  const database = await openDatabase({ config, log: launchLog(context, true), signal });
  try {
    return await look(await viewOf(database, context));
  } finally {
    await database.close();
  }
}

/** A view of an open database. */
export async function viewOf(
  { pool, store }: Pick<Database, 'pool' | 'store'>,
  { config, io, shared }: CommandContext,
): Promise<Look> {
  const queries = createQueries(pool);
  if (shared.tenant !== undefined) {
    const tenant = tenantId(shared.tenant);
    return { store, queries, tenant, tenants: [tenant] };
  }
  const configured = tenantId(config.tenant);
  const newest = await queries.latestTenants(TENANTS);
  const tenants = [configured, ...newest.filter((other) => other !== configured)];
  for (const tenant of tenants) {
    if ((await queries.agents(tenant)).length === 0) continue;
    if (tenant !== configured) {
      io.note(
        `tenant ${configured} has no agent; looking at ${tenant}, the newest (--tenant names one)`,
      );
    }
    return { store, queries, tenant, tenants };
  }
  return { store, queries, tenant: configured, tenants };
}

/** The agents looked at: the one named, else all of the tenant. */
export async function scopesOf(
  { queries, tenant }: Look,
  agent: string | undefined,
): Promise<readonly Scope[]> {
  const known = (await queries.agents(tenant)).map((each) => each.agent);
  if (agent === undefined) return known.map((each) => ({ tenant, agent: each }));
  const wanted = agentId(agent);
  if (!known.includes(wanted)) throw noAgent(wanted, tenant, known);
  return [{ tenant, agent: wanted }];
}

/** The agent named, else the only one of the tenant. */
export async function oneScope(look: Look, agent: string | undefined): Promise<Scope> {
  const scopes = await scopesOf(look, agent);
  const [only, ...more] = scopes;
  if (only === undefined) {
    throw new NotFoundError('an agent of tenant', look.tenant, 'run a task first: `ratchet run`');
  }
  if (more.length === 0) return only;
  const names = scopes.map((each) => each.agent).join(', ');
  throw new InvalidInputError('--agent', 'none', `one of ${names}`);
}

function noAgent(wanted: AgentId, tenant: TenantId, known: readonly AgentId[]): NotFoundError {
  const advice =
    known.length === 0
      ? `tenant ${tenant} has none; run a task first: \`ratchet run\``
      : `tenant ${tenant} has: ${known.join(', ')}`;
  return new NotFoundError('agent', wanted, advice);
}
