import { spawn } from 'node:child_process';
import { once } from 'node:events';

import { afterAll, beforeAll, expect, test } from 'vitest';

import { tenantId } from '../../src/contracts/ids.js';
import { createQueries } from '../../src/store/queries.js';
import { runCommandLine } from '../cli/run-command.js';
import { anInterCodeRun, linesOf } from '../support/import-lines.js';
import { compiled } from '../support/compiled.js';
import { until } from '../support/poll.js';
import { freshDatabase, type FreshDatabase } from '../support/postgres.js';

const RUNS = 450;

let database: FreshDatabase;
beforeAll(async () => {
  database = await freshDatabase();
});
afterAll(() => database.drop());

const tenant = tenantId('killed');

async function stored(): Promise<{ readonly rows: number; readonly tasks: number }> {
  const episodes = await createQueries(database.pool).episodes(tenant, {
    mode: 'imported',
    limit: 2 * RUNS,
  });
  return { rows: episodes.length, tasks: new Set(episodes.map(({ task }) => task)).size };
}

test('an import killed by SIGKILL is taken up by running it again: nothing twice, nothing missing', async () => {
  const lines = Array.from({ length: RUNS }, (_, n) =>
    anInterCodeRun({ run_id: `ic/plain/${String(n)}`, task_id: `sql-${String(n)}` }),
  );
  const environment = { DATABASE_URL: database.url, RATCHET_TENANT: tenant };
  const main = await compiled(new URL('../../src/cli/main.ts', import.meta.url));
  const child = spawn(process.execPath, [main, 'import', 'intercode', '-', '--json'], {
    env: { ...process.env, ...environment },
    stdio: ['pipe', 'ignore', 'inherit'],
  });
  const exited = once(child, 'exit');
  // Its input stays open: whatever it has stored, it is not done.
  child.stdin.write(`${linesOf(...lines.slice(0, RUNS - 30))}\n`);
  await until('a stored run', async () => ((await stored()).rows > 0 ? true : undefined));
  child.kill('SIGKILL');
  const [, signal] = await exited;
  const before = await stored();

  const again = await runCommandLine(
    ['import', 'intercode', '-', '--json'],
    environment,
    '/nowhere',
    linesOf(...lines),
  );

  expect(signal).toBe('SIGKILL');
  expect(before.rows).toBeLessThan(RUNS);
  expect(JSON.parse(again.out)).toMatchObject({
    ...{ read: RUNS, added: RUNS - before.rows, skipped: before.rows, errors: [] },
  });
  expect(await stored()).toEqual({ rows: RUNS, tasks: RUNS });
}, 120_000);
