import { fileURLToPath } from 'node:url';

import { afterEach, expect, test } from 'vitest';

import {
  EditedMigrationError,
  migrate,
  NewerDatabaseError,
  ownMigrations,
  type Migration,
} from '../../src/store/migrate.js';
import { dumpSchema } from '../../src/store/schema-dump.js';
import { emptyDatabase, freshDatabase, type FreshDatabase } from '../support/postgres.js';

const opened: FreshDatabase[] = [];
afterEach(async () => {
  for (const database of opened.splice(0)) await database.drop();
});

async function database(kind: 'empty' | 'migrated'): Promise<FreshDatabase> {
  const fresh = kind === 'empty' ? await emptyDatabase() : await freshDatabase();
  opened.push(fresh);
  return fresh;
}

async function appliedIn(fresh: FreshDatabase): Promise<readonly number[]> {
  const { rows } = await fresh.pool.query<{ readonly number: number }>(
    'select number from schema_migrations order by number',
  );
  return rows.map((row) => row.number);
}

async function withLast(change: (last: Migration) => Migration): Promise<readonly Migration[]> {
  const own = await ownMigrations();
  const last = own.at(-1);
  if (last === undefined) throw new Error('there are migrations');
  return [...own.slice(0, -1), change(last)];
}

test('applies every migration once, in order, and nothing the second time', async () => {
  const { pool } = await database('empty');

  const first = await migrate(pool);
  const second = await migrate(pool);

  expect(first).toEqual((await ownMigrations()).map((migration) => migration.name));
  expect(second).toEqual([]);
});

test('numbers its migrations from 1 without gap', async () => {
  const numbers = (await ownMigrations()).map((migration) => migration.number);

  expect(numbers).toEqual(numbers.map((_, index) => index + 1));
});

test('lets two processes that migrate at once take turns', async () => {
  const fresh = await database('empty');
  const own = await ownMigrations();

  const applied = await Promise.all([
    migrate(fresh.pool),
    migrate(fresh.pool),
    migrate(fresh.pool),
  ]);

  expect(applied.flat().sort()).toEqual(own.map((migration) => migration.name));
  expect(await appliedIn(fresh)).toEqual(own.map((migration) => migration.number));
});

test('refuses a migration that was edited after it was applied, naming it', async () => {
  const { pool } = await database('migrated');
  const edited = await withLast((last) => ({ ...last, checksum: 'f'.repeat(64) }));

  const error: unknown = await migrate(pool, edited).catch((thrown: unknown) => thrown);

  expect(error).toBeInstanceOf(EditedMigrationError);
  expect(error).toMatchObject({ migration: edited.at(-1)?.name, retryable: false });
});

test('refuses a database that a newer release migrated', async () => {
  const { pool } = await database('migrated');
  const older = (await ownMigrations()).slice(0, -1);

  const error: unknown = await migrate(pool, older).catch((thrown: unknown) => thrown);

  expect(error).toBeInstanceOf(NewerDatabaseError);
  expect(error).toMatchObject({ found: older.length + 1, known: older.length });
});

test('leaves nothing of a migration that fails half-way', async () => {
  const fresh = await database('empty');
  const own = await ownMigrations();
  const broken: Migration = {
    number: own.length + 1,
    name: '9999-breaks.sql',
    sql: 'create table half (id text); select 1 / 0',
    checksum: '0',
  };

  await expect(migrate(fresh.pool, [...own, broken])).rejects.toThrow('division by zero');

  expect(await appliedIn(fresh)).toEqual(own.map(({ number }) => number));
  const { rows } = await fresh.pool.query(`select to_regclass('public.half') as found`);
  expect(rows).toEqual([{ found: null }]);
});

test('leads to the schema that is committed for review', async () => {
  const { pool } = await database('migrated');

  const schema = await dumpSchema(pool);

  const committed = fileURLToPath(new URL('../../src/store/schema.sql', import.meta.url));
  await expect(schema).toMatchFileSnapshot(committed);
});
