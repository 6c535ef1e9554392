import { createHash, randomUUID } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { Client, type Pool } from 'pg';

import { startPostgres, type EmbeddedPostgres } from '../../src/embedded/postgres.js';
import { migrate, ownMigrations } from '../../src/store/migrate.js';
import { createPool } from '../../src/store/pool.js';

export interface FreshDatabase {
  readonly pool: Pool;
  readonly url: string;
  /** Closes the pool and drops the database; the server stops with the last one of this process. */
  drop(): Promise<void>;
}

let server: Promise<EmbeddedPostgres> | undefined;
let users = 0;

/** One embedded server a machine, adopted by every test process and stopped by the last one to leave. */
export function startTestPostgres(): Promise<EmbeddedPostgres> {
  return startPostgres({ home: join(tmpdir(), 'ratchet-test-home'), log: () => undefined });
}

async function serverUrl(): Promise<string> {
  const given = process.env['RATCHET_TEST_DATABASE_URL'];
  if (given !== undefined && given !== '') return given;
  server ??= startTestPostgres();
  return (await server).url;
}

/** The same server, another database. */
function urlOf(url: string, database: string): string {
  const other = new URL(url);
  other.pathname = `/${database}`;
  return other.href;
}

async function administer<T>(url: string, work: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({ connectionString: urlOf(url, 'postgres') });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

/** A migrated database to copy from, made once for each state of the migrations. */
async function templateFor(url: string): Promise<string> {
  const state = (await ownMigrations()).map(({ name, checksum }) => `${name} ${checksum}`).join();
  const digest = createHash('sha256').update(state).digest('hex').slice(0, 12);
  const name = `ratchet_template_${digest}`;
  await administer(url, async (client) => {
    await client.query('select pg_advisory_lock(7238101926)');
    const found = await client.query('select 1 from pg_database where datname = $1', [name]);
    if (found.rows.length > 0) return;
    // It gets its name when it is whole, so that a test run that was killed leaves no half of one.
    const draft = `ratchet_draft_${randomUUID().replaceAll('-', '')}`;
    await client.query(`create database ${draft}`);
    const pool = createPool({ url: urlOf(url, draft), applicationName: 'ratchet-test', max: 1 });
    try {
      await migrate(pool);
    } finally {
      await pool.end();
    }
    await client.query(`alter database ${draft} rename to ${name}`);
  });
  return name;
}

async function createDatabase(
  template: string | undefined,
  max: number,
  given?: string,
): Promise<FreshDatabase> {
  users += 1;
  const url = given ?? (await serverUrl());
  const name = `ratchet_test_${randomUUID().replaceAll('-', '')}`;
  const source = template ?? (await templateFor(url));
  await administer(url, (client) => client.query(`create database ${name} template ${source}`));
  const own = urlOf(url, name);
  const pool = createPool({ url: own, applicationName: 'ratchet-test', max });
  return {
    pool,
    url: own,
    drop: async () => {
      await pool.end();
      await administer(url, (client) => client.query(`drop database ${name} with (force)`));
      users -= 1;
      if (users > 0 || server === undefined) return;
      const running = await server;
      server = undefined;
      await running.stop();
    },
  };
}

/**
 * A database of its own with the schema of this code. `max` is the size of its pool; `server` is a URL of
 * another server than that of the tests.
 */
export function freshDatabase({
  max = 10,
  server: given,
}: { readonly max?: number; readonly server?: string } = {}): Promise<FreshDatabase> {
  return createDatabase(undefined, max, given);
}

/** A server that has pgvector: the one that is named, else that of the tests; null where neither has. */
export async function vectorServer(): Promise<string | null> {
  const named = process.env['RATCHET_TEST_VECTOR_DATABASE_URL'];
  const url = named !== undefined && named !== '' ? named : await serverUrl();
  return administer(url, async (client) => {
    const { rows } = await client.query(
      "select from pg_available_extensions where name = 'vector'",
    );
    return rows.length > 0 ? url : null;
  });
}

/** A database without anything in it. */
export function emptyDatabase({
  max = 10,
}: { readonly max?: number } = {}): Promise<FreshDatabase> {
  return createDatabase('template0', max);
}
