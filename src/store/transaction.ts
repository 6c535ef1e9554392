import { escapeLiteral, type Pool, type PoolClient } from 'pg';

import { tenantId } from '../contracts/ids.js';
import type { TenantId } from '../domain/ids.js';
import { isRace, translated } from './failures.js';

/** The role every query of the application runs as; it owns no table and bypasses no policy. */
export const APP_ROLE = 'ratchet_app';
/** May read the list of tenants and nothing else. */
export const DIRECTORY_ROLE = 'ratchet_directory';

const ATTEMPTS = 5;

/**
 * Runs `work` in one transaction that sees the rows of one tenant. Role and tenant are set for the
 * transaction alone, so that a pooled connection carries nothing to its next borrower. A transaction
 * that lost a deadlock runs again, so `work` must not do anything but query.
 */
export async function withTenant<T>(
  pool: Pool,
  tenant: TenantId,
  work: (client: PoolClient) => Promise<T>,
): Promise<T> {
  const begin = `begin; set local role ${APP_ROLE}; set local ratchet.tenant = ${escapeLiteral(tenantId(tenant))}`;
  return inTransaction(pool, begin, work);
}

/** Runs `work` as the role that may list the tenants. */
export async function withDirectory<T>(
  pool: Pool,
  work: (client: PoolClient) => Promise<T>,
): Promise<T> {
  return inTransaction(pool, `begin; set local role ${DIRECTORY_ROLE}`, work);
}

/** Runs `work` in one transaction with the rights of the login role: migrations and checks. */
export async function asOwner<T>(pool: Pool, work: (client: PoolClient) => Promise<T>): Promise<T> {
  return inTransaction(pool, 'begin', work);
}

async function inTransaction<T>(
  pool: Pool,
  begin: string,
  work: (client: PoolClient) => Promise<T>,
): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await once(pool, begin, work);
    } catch (error) {
      if (attempt === ATTEMPTS || !isRace(error)) throw translated(error);
    }
  }
}

async function once<T>(
  pool: Pool,
  begin: string,
  work: (client: PoolClient) => Promise<T>,
): Promise<T> {
  const client = await pool.connect();
  let broken: Error | undefined;
  try {
    await client.query(begin);
    const result = await work(client);
    await client.query('commit');
    return result;
  } catch (error) {
    try {
      await client.query('rollback');
    } catch (rollbackError) {
      // A connection that cannot roll back is closed, which rolls back on the server.
      broken = rollbackError instanceof Error ? rollbackError : new Error('rollback failed');
    }
    throw error;
  } finally {
    client.release(broken);
  }
}
