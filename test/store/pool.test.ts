import { DatabaseError } from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { tenantId } from '../../src/contracts/ids.js';
import { UnavailableError } from '../../src/domain/errors.js';
import { translated } from '../../src/store/failures.js';
import { checkDatabase, createPool, UnsafeDatabaseError } from '../../src/store/pool.js';
import { createStore } from '../../src/store/store.js';
import { queriesTenant, queryTenant, withTenant } from '../../src/store/transaction.js';
import { emptyDatabase, freshDatabase, type FreshDatabase } from '../support/postgres.js';
import { aScope, deploy, startTask } from '../support/store-builders.js';

const TENANT = tenantId('acme');

let database: FreshDatabase;
beforeAll(async () => {
  database = await freshDatabase();
  await deploy(createStore(database.pool), aScope());
});
afterAll(() => database.drop());

test('accepts a database as the migrations leave it', async () => {
  await expect(checkDatabase(database.pool)).resolves.toBeUndefined();
});

test('refuses a database that forgets acknowledged commits in a crash', async () => {
  const fresh = await freshDatabase();
  try {
    await fresh.pool.query(
      `do $$ begin execute format('alter database %I set synchronous_commit = off', current_database()); end $$`,
    );
    const pool = createPool({ url: fresh.url, applicationName: 'ratchet-test' });

    const check = checkDatabase(pool).finally(() => pool.end());

    await expect(check).rejects.toThrow(UnsafeDatabaseError);
  } finally {
    await fresh.drop();
  }
});

test('refuses an application role that owns a table, naming the way out', async () => {
  const fresh = await freshDatabase();
  try {
    await fresh.pool.query('alter table effects owner to ratchet_app');

    await expect(checkDatabase(fresh.pool)).rejects.toThrow(/alter table effects owner to/);
  } finally {
    await fresh.drop();
  }
});

test('an unreachable server is an UnavailableError that says what to do', async () => {
  const pool = createPool({
    url: 'postgresql://ratchet@localhost/ratchet?host=/nowhere/at/all',
    applicationName: 'ratchet-test',
  });
  const scope = aScope();

  const read = createStore(pool).pointer(scope);

  await expect(read).rejects.toThrow(UnavailableError);
  await expect(createStore(pool).pointer(scope)).rejects.toMatchObject({
    dependency: 'Postgres',
    retryable: true,
  });
  await pool.end();
});

test('a connection that is cut in a transaction is unavailable, and the next one works', async () => {
  const cut = withTenant(database.pool, TENANT, async (client) => {
    const { rows } = await client.query<{ readonly pid: number }>('select pg_backend_pid() as pid');
    await database.pool.query('select pg_terminate_backend($1)', [rows[0]?.pid]);
    return client.query('select 1');
  });

  await expect(cut).rejects.toThrow(UnavailableError);
  expect(await createStore(database.pool).barrier(aScope())).toBeNull();
});

test('a statement over its time limit is cancelled and can be tried again', async () => {
  const pool = createPool({
    url: database.url,
    applicationName: 'ratchet-test',
    statementTimeoutMs: 50,
  });

  const slow = withTenant(pool, TENANT, (client) => client.query('select pg_sleep(5)'));

  await expect(slow).rejects.toThrow(UnavailableError);
  await pool.end();
});

test('a transaction that loses a deadlock runs again', async () => {
  const store = createStore(database.pool);
  const { task, episode } = await startTask(store, aScope(), 't-1');
  for (const key of ['one', 'two']) {
    const effect = { key, requestDigest: 'digest' };
    await store.beginCall({ ...aScope(), task, episode, step: 1, effect });
  }
  const lockBoth = (first: string, second: string) =>
    withTenant(database.pool, TENANT, async (client) => {
      const lock = (key: string) =>
        client.query('select 1 from effects where tenant = $1 and key = $2 for update', [
          TENANT,
          key,
        ]);
      await lock(first);
      await client.query('select pg_sleep(0.2)');
      await lock(second);
      return 'both';
    });

  const both = await Promise.all([lockBoth('one', 'two'), lockBoth('two', 'one')]);

  expect(both).toEqual(['both', 'both']);
});

test('a statement sent together with its transaction sees one tenant and leaves nothing behind', async () => {
  const setting = `current_setting('ratchet.tenant', true)`;
  const pool = createPool({ url: database.url, applicationName: 'ratchet-test', max: 1 });

  const within = await queryTenant(pool, TENANT, {
    name: 'who',
    values: [],
    text: `select current_user::text as "user", ${setting} as tenant`,
  });
  const after = await pool.query(
    `select current_user = 'ratchet_app' as is_app, ${setting} as tenant`,
  );
  await pool.end();

  expect(within.rows).toEqual([{ user: 'ratchet_app', tenant: TENANT }]);
  expect(after.rows).toEqual([{ is_app: false, tenant: '' }]);
});

test('a statement that fails together with its transaction frees the connection for the next', async () => {
  const pool = createPool({ url: database.url, applicationName: 'ratchet-test', max: 1 });

  const divide = { name: 'divide', text: 'select 6 / $1::integer as part' };
  const failed = await queryTenant(pool, TENANT, { ...divide, values: [0] }).catch(
    (error: unknown) => error,
  );
  const unfit = await queryTenant(pool, TENANT, {
    name: 'unfit',
    text: 'selekt',
    values: [],
  }).catch((error: unknown) => error);
  const next = await queryTenant(pool, TENANT, { ...divide, values: [3] });
  await pool.end();

  expect(failed).toMatchObject({ message: 'division by zero' });
  expect(unfit).toMatchObject({ code: '42601' });
  expect(next.rows).toEqual([{ part: 2 }]);
});

test('values arrive as they are, whatever is in them', async () => {
  const quotes = `it's "so" \\ E'\\'' $1 $$ ; drop table tasks; -- \n\u{1F600}`;

  const { rows } = await queryTenant(database.pool, TENANT, {
    name: 'echo',
    text: 'select $1::text as text, $2::integer as n, $3::boolean as is, $4::text as none, $5::text[] as all',
    values: [quotes, -3, false, null, [quotes, '']],
  });
  const none = await queryTenant(database.pool, TENANT, {
    name: 'echo-list',
    text: 'select $1::text[] as all',
    values: [[]],
  });

  expect(rows).toEqual([{ text: quotes, n: -3, is: false, none: null, all: [quotes, ''] }]);
  expect(none.rows).toEqual([{ all: [] }]);
});

test('statements sent together are one transaction', async () => {
  const together = tenantId('together');
  const insert = { name: 'insert-tenant', text: 'insert into tenants (tenant) values ($1)' };

  const failed = await queriesTenant(database.pool, together, [
    { ...insert, values: [together] },
    { name: 'divide', text: 'select 6 / $1::integer as part', values: [0] },
  ]).catch((error: unknown) => error);
  const counted = { name: 'count', text: 'select count(*)::integer as n from tenants', values: [] };
  const [before, , after] = await queriesTenant(database.pool, together, [
    counted,
    { ...insert, values: [together] },
    counted,
  ]);

  expect(failed).toMatchObject({ message: 'division by zero' });
  expect([before?.rows, after?.rows]).toEqual([[{ n: 0 }], [{ n: 1 }]]);
});

test('a text that would end the message is refused', async () => {
  const cut = queryTenant(database.pool, TENANT, {
    name: 'echo-text',
    text: 'select $1::text as text',
    values: ['before\0after'],
  });

  await expect(cut).rejects.toThrow('a NUL has no place in a statement');
});

test('other failures of the database stay what they are', async () => {
  const wrong = withTenant(database.pool, TENANT, (client) => client.query('select 1 / 0'));

  await expect(wrong).rejects.toThrow(DatabaseError);
  expect(translated('anything')).toBe('anything');
});

test('the database has to be migrated before it is checked', async () => {
  const empty = await emptyDatabase();
  try {
    const read = createStore(empty.pool).pointer(aScope());

    await expect(read).rejects.toThrow(/permission denied|does not exist/);
  } finally {
    await empty.drop();
  }
});
