import { createServer, type Server } from 'node:http';

import { afterAll, beforeAll, expect, test } from 'vitest';

import { programVersion } from '../../src/cli/doctor/machine-checks.js';
import { openDashboard, type DashboardOptions } from '../../src/server/dashboard.js';
import { freshDatabase, type FreshDatabase } from '../support/postgres.js';
import { createStore } from '../../src/store/store.js';
import { tenantId } from '../../src/contracts/ids.js';
import { runCommandLine } from './run-command.js';

let database: FreshDatabase;
let other: Server;
let port = 0;
beforeAll(async () => {
  database = await freshDatabase();
  other = createServer();
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
  const address = other.address();
  if (typeof address === 'object' && address !== null) port = address.port;
});
afterAll(async () => {
  other.close();
  await database.drop();
});

const refusal = () => `--port: found ${String(port)}, on which another process listens`;

test('a model server is refused the port of another process', async () => {
  const ran = await runCommandLine(['model-server', 'simulated', '--port', String(port)]);

  expect(ran).toMatchObject({ code: 2, out: '' });
  expect(ran.error).toContain(refusal());
});

test('a dashboard takes another port only where nobody asked for this one', async () => {
  const nobody = () => Promise.reject(new Error('nobody acts here'));
  const options: DashboardOptions = {
    house: {
      store: createStore(database.pool),
      pool: database.pool,
      client: { decide: nobody, rollback: nobody, override: nobody, giveFeedback: nobody },
      temporalUi: null,
      config: { tenant: tenantId('acme'), dashboard: null, temporal: { namespace: 'default' } },
      health: () => Promise.resolve({ postgres: 'ok', temporal: 'ok' }),
    },
    port,
    agents: [],
    apiToken: null,
    log: () => undefined,
  };

  await expect(openDashboard({ ...options, isPortAsked: true })).rejects.toMatchObject({
    name: 'InvalidInputError',
    message: expect.stringContaining(refusal()) as string,
  });
  const elsewhere = await openDashboard(options);
  await elsewhere.close();
  expect(elsewhere.url).not.toContain(`:${String(port)}`);
});

test('what a program says of itself is shown without its colours', async () => {
  const said = await programVersion(process.execPath, ['-p', '"\\x1b[1mApache Maven 3\\x1b[m"']);

  expect(said).toBe('Apache Maven 3');
});
