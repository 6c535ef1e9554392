import {
  escapeLiteral,
  type Pool,
  type PoolClient,
  type QueryConfig,
  type QueryResult,
  type QueryResultRow,
} from 'pg';

import { tenantId } from '../contracts/ids.js';
import type { TenantId } from '../domain/ids.js';
import { isRace, translated } from './failures.js';

/** The role every query of the application runs as; it owns no table and bypasses no policy. */
export const APP_ROLE = 'ratchet_app';
/** May read the list of tenants and nothing else. */
export const DIRECTORY_ROLE = 'ratchet_directory';
/** May do what the application may, and delete what a person said. */
export const ERASER_ROLE = 'ratchet_eraser';

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
  return inTransaction(pool, asTenant(tenant), work);
}

/** One statement in a transaction like that of `withTenant`, in a single round trip. */
export async function queryTenant<Row extends QueryResultRow>(
  pool: Pool,
  tenant: TenantId,
  query: QueryConfig,
): Promise<QueryResult<Row>> {
  return retried(() =>
    withClient(pool, async (client) => {
      // The commit of a transaction whose statement failed rolls it back.
      const [, result] = await Promise.all([
        client.query(asTenant(tenant)),
        client.query<Row>(query),
        client.query('commit'),
      ]);
      return result;
    }),
  );
}

/** The same as the role that may erase what a person said. */
export async function withEraser<T>(
  pool: Pool,
  tenant: TenantId,
  work: (client: PoolClient) => Promise<T>,
): Promise<T> {
  return inTransaction(pool, asTenant(tenant, ERASER_ROLE), work);
}

function asTenant(tenant: TenantId, role = APP_ROLE): string {
  return `begin; set local role ${role}; set local ratchet.tenant = ${escapeLiteral(tenantId(tenant))}`;
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

function inTransaction<T>(
  pool: Pool,
  begin: string,
  work: (client: PoolClient) => Promise<T>,
): Promise<T> {
  return retried(() =>
    withClient(pool, async (client) => {
      // Sent together with the first statement of `work`, which fails where this one does.
      const [, result] = await Promise.all([
        client.query(begin),
        Promise.resolve(client).then(work),
      ]);
      await client.query('commit');
      return result;
    }),
  );
}

async function retried<T>(transaction: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await transaction();
    } catch (error) {
      if (attempt === ATTEMPTS || !isRace(error)) throw translated(error);
    }
  }
}

/** Nothing of a transaction that failed is left on the connection. */
async function withClient<T>(pool: Pool, work: (client: PoolClient) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  let broken: Error | undefined;
  try {
    return await work(client);
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
