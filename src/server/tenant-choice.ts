import { tenantId } from '../contracts/ids.js';
import type { TenantId } from '../domain/ids.js';
import type { PageContext } from './dashboard-house.js';

const SHOWN = 20;

/** The tenant asked for, else the demonstration's, else the configured one, else the newest that has agents. */
export async function tenantFor(
  { house, queries, demo }: PageContext,
  asked: string | undefined,
): Promise<{ readonly tenant: TenantId; readonly tenants: readonly TenantId[] }> {
  const tenants = await queries.latestTenants(SHOWN);
  if (asked !== undefined) return { tenant: tenantId(asked), tenants };
  const playing = demo()?.tenant;
  if (playing !== undefined) return { tenant: tenantId(playing), tenants };
  const configured = tenantId(house.config.tenant);
  if ((await queries.agents(configured)).length > 0) return { tenant: configured, tenants };
  for (const tenant of tenants) {
    if ((await queries.agents(tenant)).length > 0) return { tenant, tenants };
  }
  return { tenant: configured, tenants };
}
