import {
  escapeIdentifier,
  escapeLiteral,
  type Pool,
  type PoolClient,
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

/** A statement that a connection prepares when it first runs it: one name, one text. */
export interface Statement {
  readonly name: string;
  readonly text: string;
  readonly values: readonly Value[];
}

type Value = string | number | boolean | null | readonly string[];

/** One statement in a transaction like that of `withTenant`, in a single round trip. */
export async function queryTenant<Row extends QueryResultRow>(
  pool: Pool,
  tenant: TenantId,
  statement: Statement,
): Promise<QueryResult<Row>> {
  const [result] = await queriesTenant<Row>(pool, tenant, [statement]);
  if (result === undefined) throw new Error(`statement ${statement.name} has no result`);
  return result;
}

/**
 * Several that need not know of each other's results. One message takes them there, commit included: a
 * message a statement would wake both sides as often, and that is most of what a short statement costs.
 */
export async function queriesTenant<Row extends QueryResultRow>(
  pool: Pool,
  tenant: TenantId,
  statements: readonly Statement[],
): Promise<readonly QueryResult<Row>[]> {
  // Nothing after a statement that fails is run; what was begun is rolled back below.
  const message = [asTenant(tenant), ...statements.map(executionOf), 'commit'].join('; ');
  return retried(() =>
    withClient(pool, async (client) => {
      const preparations = statements.map((statement) => prepare(client, statement));
      const answering = client.query<Row>(message);
      // Where a preparation failed, that is what there is to say.
      answering.catch(() => undefined);
      await Promise.all(preparations);
      return resultsOf(await answering).slice(-1 - statements.length, -1);
    }),
  );
}

const preparedBy = new WeakMap<PoolClient, Set<string>>();

/** Sent ahead of the first message that runs it; on one connection everything is done in its order. */
async function prepare(client: PoolClient, { name, text }: Statement): Promise<void> {
  const names = preparedBy.get(client) ?? new Set();
  preparedBy.set(client, names);
  if (names.has(name)) return;
  names.add(name);
  try {
    await client.query(`prepare ${nameOf(name)} as ${text}`);
  } catch (error) {
    names.delete(name);
    throw error;
  }
}

/** Apart from the names that `pg` prepares under. */
function nameOf(name: string): string {
  return escapeIdentifier(`tenant/${name}`);
}

function executionOf({ name, values }: Statement): string {
  const given = values.length === 0 ? '' : `(${values.map(literalOf).join(', ')})`;
  return `execute ${nameOf(name)}${given}`;
}

function literalOf(value: Value): string {
  if (value === null) return 'null';
  if (typeof value === 'object') return `array[${value.map(literalOf).join(', ')}]::text[]`;
  const text = String(value);
  // The message would end there.
  if (text.includes('\0')) throw new TypeError('a NUL has no place in a statement');
  return escapeLiteral(text);
}

/** `pg` answers a text of several statements with as many results, which its types leave out. */
function resultsOf<Row extends QueryResultRow>(
  answer: QueryResult<Row> | readonly QueryResult<Row>[],
): readonly QueryResult<Row>[] {
  return 'rows' in answer ? [answer] : answer;
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
