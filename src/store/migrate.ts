import { createHash } from 'node:crypto';
import { readFile, readdir } from 'node:fs/promises';

import type { Pool, PoolClient } from 'pg';

import { RatchetError } from '../domain/errors.js';
import { asOwner } from './transaction.js';

export interface Migration {
  readonly number: number;
  readonly name: string;
  readonly sql: string;
  /** SHA-256 of the file's text. */
  readonly checksum: string;
}

/** A migration that this database has applied reads otherwise in this code. */
export class EditedMigrationError extends RatchetError {
  override readonly name = 'EditedMigrationError';
  override readonly retryable = false;

  readonly migration: string;

  constructor(migration: string, found: string, expected: string) {
    super(
      `migration ${migration}: found checksum ${found.slice(0, 12)}, expected ${expected.slice(0, 12)} as applied; ` +
        'restore the file and write a new migration for the change',
    );
    this.migration = migration;
  }
}

/** The database was migrated by a newer release. */
export class NewerDatabaseError extends RatchetError {
  override readonly name = 'NewerDatabaseError';
  override readonly retryable = false;

  readonly found: number;
  readonly known: number;

  constructor(found: number, known: number) {
    super(
      `database: found migration ${String(found)}, expected at most ${String(known)}, which is the newest ` +
        'this release knows; run a release that knows it',
    );
    this.found = found;
    this.known = known;
  }
}

const DIRECTORY = new URL('./migrations/', import.meta.url);
const FILE_NAME = /^(\d{4})-[a-z0-9-]+\.sql$/;
/** Any number will do, as long as nobody else locks it. */
const LOCK = 7_238_101_925;

/** The migrations of this release, in order. */
export async function ownMigrations(): Promise<readonly Migration[]> {
  const names = (await readdir(DIRECTORY)).filter((name) => FILE_NAME.test(name)).sort();
  return Promise.all(
    names.map(async (name) => {
      const sql = await readFile(new URL(name, DIRECTORY), 'utf8');
      return {
        number: Number(name.slice(0, 4)),
        name,
        sql,
        checksum: createHash('sha256').update(sql).digest('hex'),
      };
    }),
  );
}

/**
 * Brings the database to this release, one migration a transaction, and answers the names of those it
 * applied. Several processes may call it at once: they take turns, and the later ones find nothing to do.
 */
export async function migrate(
  pool: Pool,
  migrations?: readonly Migration[],
): Promise<readonly string[]> {
  const known = migrations ?? (await ownMigrations());
  const applied: string[] = [];
  for (;;) {
    const name = await asOwner(pool, (client) => applyNext(client, known));
    if (name === undefined) return applied;
    applied.push(name);
  }
}

async function applyNext(
  client: PoolClient,
  known: readonly Migration[],
): Promise<string | undefined> {
  await client.query('select pg_advisory_xact_lock($1)', [LOCK]);
  // A migration may rewrite a large table; the limit is for the statements of the application.
  await client.query('set local statement_timeout = 0');
  await client.query(
    `create table if not exists schema_migrations (
       number integer primary key,
       name text not null,
       checksum text not null,
       applied_at timestamptz not null default now()
     )`,
  );
  const { rows } = await client.query<{
    readonly number: number;
    readonly name: string;
    readonly checksum: string;
  }>('select number, name, checksum from schema_migrations order by number');

  const newest = known.at(-1)?.number ?? 0;
  for (const row of rows) {
    const own = known.find((migration) => migration.number === row.number);
    if (own === undefined) throw new NewerDatabaseError(row.number, newest);
    if (own.checksum !== row.checksum) {
      throw new EditedMigrationError(own.name, own.checksum, row.checksum);
    }
  }

  const done = new Set(rows.map((row) => row.number));
  const next = known.find((migration) => !done.has(migration.number));
  if (next === undefined) return undefined;
  await client.query(next.sql);
  await client.query('insert into schema_migrations (number, name, checksum) values ($1, $2, $3)', [
    next.number,
    next.name,
    next.checksum,
  ]);
  return next.name;
}
