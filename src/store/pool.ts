import { Pool } from 'pg';

import { RatchetError } from '../domain/errors.js';
import { APP_ROLE, DIRECTORY_ROLE, ERASER_ROLE, asOwner } from './transaction.js';

export interface PoolConfig {
  /** `postgres://…`, or with a socket directory `postgres://user@/database?host=/directory`. */
  readonly url: string;
  /** Shown in `pg_stat_activity`. */
  readonly applicationName: string;
  /** Most connections of this process; 10 unless told. */
  readonly max?: number;
  /** Longest a statement may run; 30 s unless told. */
  readonly statementTimeoutMs?: number;
  /** Told of connections that break while idle; the pool replaces them by itself. */
  readonly onIdleError?: (error: Error) => void;
}

/** Opens no connection yet. */
export function createPool(config: PoolConfig): Pool {
  const pool = new Pool({
    connectionString: config.url,
    application_name: config.applicationName,
    // Statements are sent without waiting for the answers of those before: transactions rely on it.
    pipeline: true,
    max: config.max ?? 10,
    // Plans are cached while tables are nearly empty; one that reads whole tables would outlive that.
    options: '-c enable_seqscan=off',
    statement_timeout: config.statementTimeoutMs ?? 30_000,
    connectionTimeoutMillis: 10_000,
    idleTimeoutMillis: 60_000,
  });
  // Without a listener a broken idle connection would end the process.
  pool.on('error', (error) => config.onIdleError?.(error));
  // Nor may one that breaks in use: its query fails too, and tells the caller.
  pool.on('connect', (client) => client.on('error', () => undefined));
  return pool;
}

/** The database is set up in a way that would void a promise of the store. */
export class UnsafeDatabaseError extends RatchetError {
  override readonly name = 'UnsafeDatabaseError';
  override readonly retryable = false;
}

/**
 * Refuses a database that would lose acknowledged commits or let one tenant see another. To be called
 * after `migrate`, which creates the roles.
 */
export async function checkDatabase(pool: Pool): Promise<void> {
  await asOwner(pool, async (client) => {
    const settings = await client.query<{ readonly synchronous_commit: string }>(
      `select current_setting('synchronous_commit') as synchronous_commit`,
    );
    if (settings.rows[0]?.synchronous_commit === 'off') {
      throw new UnsafeDatabaseError(
        'synchronous_commit: found off, expected on; acknowledged promotions would be lost in a crash. ' +
          'Run: alter database <name> set synchronous_commit = on',
      );
    }

    const roles = await client.query<{
      readonly role: string;
      readonly unsafe: boolean | null;
      readonly member: boolean | null;
      readonly owned: string | null;
    }>(
      `select wanted.role, r.rolsuper or r.rolbypassrls as unsafe,
         pg_has_role(current_user, r.oid, 'member') as member,
         (select c.relname from pg_class c
          where c.relkind = 'r' and c.relnamespace = 'public'::regnamespace and c.relowner = r.oid
          order by c.relname limit 1) as owned
       from unnest($1::text[]) wanted(role) left join pg_roles r on r.rolname = wanted.role
       order by wanted.role`,
      [[APP_ROLE, DIRECTORY_ROLE, ERASER_ROLE]],
    );
    for (const { role, unsafe, member, owned } of roles.rows) {
      if (unsafe === null || member === null) {
        throw new UnsafeDatabaseError(
          `role ${role}: found none, expected one made by the migrations; run them first`,
        );
      }
      if (unsafe) {
        throw new UnsafeDatabaseError(
          `role ${role}: found superuser or bypassrls, expected neither; tenants would see each other. ` +
            `Run: alter role ${role} nosuperuser nobypassrls`,
        );
      }
      if (owned !== null) {
        throw new UnsafeDatabaseError(
          `role ${role}: found it owning table ${owned}, expected it to own none. ` +
            `Run: alter table ${owned} owner to <the role that runs migrations>`,
        );
      }
      if (!member) {
        throw new UnsafeDatabaseError(
          `role ${role}: the login role is no member of it. Run: grant ${role} to <login role>`,
        );
      }
    }
  });
}
