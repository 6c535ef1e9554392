import { mkdir, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import pg from 'pg';
import { expect, onTestFinished, test } from 'vitest';

import { startPostgres } from '../../src/embedded/postgres.js';
import { processesWithArgument } from '../../src/embedded/process-identity.js';
import { aHome, aLog, holdInOtherProcess, killHard, stopAfterTest } from './temporary-home.js';

const silent = (): void => undefined;

async function ask(url: string, sql: string): Promise<unknown[]> {
  const client = new pg.Client(url);
  client.on('error', silent);
  await client.connect();
  try {
    const { rows } = await client.query<Record<string, unknown>>(sql);
    return rows.map((row) => Object.values(row)[0]);
  } finally {
    await client.end();
  }
}

function serversOf(dataDirectory: string): number[] {
  return processesWithArgument((argument) => argument === dataDirectory);
}

async function answers(url: string): Promise<boolean> {
  return ask(url, 'select 1').then(
    () => true,
    () => false,
  );
}

test('a fresh home gets a durable Postgres that listens on no TCP port', async () => {
  const home = await aHome();

  const server = stopAfterTest(await startPostgres({ home, log: silent }));

  expect(server.adopted).toBe(false);
  expect(await ask(server.url, 'show fsync')).toEqual(['on']);
  expect(await ask(server.url, 'show synchronous_commit')).toEqual(['on']);
  expect(await ask(server.url, 'show listen_addresses')).toEqual(['']);
  expect(await ask(server.url, 'select current_database()')).toEqual(['ratchet']);
});

test('the server never runs as root and others cannot reach its socket', async () => {
  const home = await aHome();

  const server = stopAfterTest(await startPostgres({ home, log: silent }));

  expect((await stat(server.dataDirectory)).uid).toBeGreaterThan(0);
  expect((await stat(server.connection.host)).mode & 0o777).toBe(0o700);
  const socket = join(server.connection.host, '.s.PGSQL.5432');
  expect(Buffer.byteLength(socket)).toBeLessThanOrEqual(103);
});

test('a second start adopts the server, and only the last one to leave stops it', async () => {
  const home = await aHome();
  const first = stopAfterTest(await startPostgres({ home, log: silent }));

  const second = stopAfterTest(await startPostgres({ home, log: silent }));
  await first.stop();
  const servesAfterFirst = await answers(second.url);
  await second.stop();

  expect(second.adopted).toBe(true);
  expect(second.pid).toBe(first.pid);
  expect(servesAfterFirst).toBe(true);
  expect(await answers(second.url)).toBe(false);
});

test('ten starts at once share one server', async () => {
  const home = await aHome();

  const servers = await Promise.all(
    Array.from({ length: 10 }, () => startPostgres({ home, log: silent })),
  );

  const pids = new Set(servers.map(({ pid }) => pid));
  await Promise.all(servers.map((server) => server.stop()));
  expect(pids.size).toBe(1);
  expect(servers.filter(({ adopted }) => !adopted)).toHaveLength(1);
  expect(serversOf(servers[0]?.dataDirectory ?? '')).toEqual([]);
});

test('what was committed survives a SIGKILL of the server, and it starts again at once', async () => {
  const home = await aHome();
  const killed = stopAfterTest(await startPostgres({ home, log: silent }));
  await ask(killed.url, 'create table kept (n int)');
  await ask(killed.url, 'insert into kept values (42)');

  process.kill(killed.pid, 'SIGKILL');
  const restarted = stopAfterTest(await startPostgres({ home, log: silent }));

  expect(restarted.pid).not.toBe(killed.pid);
  expect(await ask(restarted.url, 'select n from kept')).toEqual([42]);
});

test('the server of a killed parent is adopted by the next start and ended with it', async () => {
  const home = await aHome();
  const { child, pid } = await holdInOtherProcess('postgres', home);
  await killHard(child);

  const server = stopAfterTest(await startPostgres({ home, log: silent }));
  await server.stop();

  expect(server.adopted).toBe(true);
  expect(server.pid).toBe(pid);
  expect(serversOf(server.dataDirectory)).toEqual([]);
});

test('an interrupted first start is begun again', async () => {
  const home = await aHome();
  await mkdir(join(home, 'postgres', 'data.partial', 'base'), { recursive: true });
  await mkdir(join(home, 'postgres', 'data', 'base'), { recursive: true });

  const server = stopAfterTest(await startPostgres({ home, log: silent }));

  expect(await ask(server.url, 'select 1')).toEqual([1]);
});

test('a left-over pid file that names a living stranger does not stop the start', async () => {
  const home = await aHome();
  const earlier = await startPostgres({ home, log: silent });
  await earlier.stop();
  const file = join(earlier.dataDirectory, 'postmaster.pid');
  await writeFile(file, `${String(process.pid)}\n${earlier.dataDirectory}\n0\n5432\n\n\n`);

  const server = stopAfterTest(await startPostgres({ home, log: silent }));

  expect(server.adopted).toBe(false);
  expect(await ask(server.url, 'select 1')).toEqual([1]);
});

test('data of another Postgres version are left alone and named', async () => {
  const home = await aHome();
  await mkdir(join(home, 'postgres', 'data'), { recursive: true });
  await writeFile(join(home, 'postgres', 'data', 'PG_VERSION'), '12\n');

  const start = startPostgres({ home, log: silent });

  await expect(start).rejects.toMatchObject({
    name: 'PostgresUnavailableError',
    message: expect.stringMatching(/written by Postgres 12, expected 18[^]*DATABASE_URL/),
  });
});

test('two homes have two servers', async () => {
  const [one, other] = await Promise.all(
    [await aHome(), await aHome()].map((home) => startPostgres({ home, log: silent })),
  );

  await ask(one?.url ?? '', 'create table only_here (n int)');
  const found = await ask(other?.url ?? '', `select to_regclass('only_here')::text`);
  await Promise.all([one?.stop(), other?.stop()]);

  expect(found).toEqual([null]);
});

test.runIf(process.getuid?.() === 0)(
  'as root, a home below a closed directory keeps its data where the server can reach them',
  async () => {
    const closed = await mkdtemp(join(tmpdir(), 'ratchet-closed-'));
    onTestFinished(() => rm(closed, { recursive: true, force: true }));
    const home = join(closed, 'home');
    const first = await startPostgres({ home, log: silent });
    onTestFinished(() => rm(dirname(first.dataDirectory), { recursive: true, force: true }));
    await ask(first.url, 'create table kept (n int)');
    await first.stop();
    const { lines, log } = aLog();

    const second = stopAfterTest(await startPostgres({ home, log }));

    expect(second.dataDirectory.startsWith(closed)).toBe(false);
    expect(await ask(second.url, 'select count(*)::int from kept')).toEqual([0]);
    expect(lines.join('\n')).toMatch(/postgres: started in \d+ ms/);
  },
);
