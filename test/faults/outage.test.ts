import { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';

import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';

import type { House } from '../../src/cli/house.js';
import { runCli } from '../../src/cli/run-cli.js';
import { taskId } from '../../src/contracts/ids.js';
import { freePort } from '../../src/embedded/ports.js';
import { startCompletionServer } from '../../src/model/completion-server.js';
import { createPool } from '../../src/store/pool.js';
import { createStore } from '../../src/store/store.js';
import { until } from '../support/poll.js';
import {
  openRealHouse,
  scopeOf,
  startRealServers,
  type RealServers,
} from '../support/real-house.js';
import { workflowBundle } from '../support/workflow-bundle.js';
import { courier, startCourierModel } from './courier.js';
import { startEffectServer, type EffectServer } from './effect-server.js';
import { WorkerFleet } from './worker-fleet.js';

const closers: (() => Promise<void>)[] = [];
let servers: RealServers;
let house: House;
let effects: EffectServer;
let fleet: WorkerFleet;
let modelPort: number;

/** One worker process; at the address of its model nobody answers yet. */
beforeAll(async () => {
  servers = await startRealServers();
  closers.push(() => servers.stop());
  house = await openRealHouse(servers);
  closers.push(() => house.close());
  effects = await startEffectServer();
  closers.push(() => effects.close());
  modelPort = await freePort(0);
  const { codePath } = await workflowBundle();
  fleet = new WorkerFleet({
    address: servers.temporal.address,
    databaseUrl: house.databaseUrl,
    modelUrl: `http://127.0.0.1:${String(modelPort)}/v1`,
    effectUrl: effects.url,
    bundlePath: codePath,
  });
  closers.push(() => fleet.dismiss());
  await fleet.hire();
});

afterAll(async () => {
  for (const close of closers.reverse()) await close();
});

function aRequest(id: string, agent = 'courier') {
  return { ...scopeOf('acme', { id: agent }), task: taskId(id), input: { parcel: id } };
}

async function start(id: string): Promise<void> {
  await house.client.startTask(courier(effects.url), aRequest(id));
}

function expectAlive(): void {
  expect({ alive: fleet.ready.size, deserted: fleet.deserted }).toEqual({ alive: 1, deserted: [] });
  expect(fleet.said).not.toMatch(/unhandled/i);
}

test('a model that never answers fails the task after five attempts with growing pauses', async () => {
  const began = Date.now();

  await start('no-model');
  const result = await house.client.closed(aRequest('no-model'));

  expect(result).toMatchObject({
    end: 'failed',
    score: null,
    category: 'ModelUnavailableError',
    missing: 'infrastructure',
    modelCalls: 0,
  });
  // 0.5 + 1 + 2 + 4 seconds.
  expect(Date.now() - began).toBeGreaterThan(7_000);
  expectAlive();
});

test('a model that comes back is asked again and the task goes on', async () => {
  await start('late-model');
  await until('an attempt has failed', async () => {
    const handle = house.temporal.workflow.getHandle('task/acme/courier/late-model');
    const { raw } = await handle.describe();
    return (raw.pendingActivities?.[0]?.attempt ?? 0) > 1 ? true : undefined;
  });
  const model = await startCourierModel(modelPort);
  closers.push(() => model.close());

  const result = await house.client.closed(aRequest('late-model'));

  expect(result).toMatchObject({ end: 'done', score: 1 });
  expectAlive();
});

test('tasks of two agents that have one id have effects of their own', async () => {
  const requests = ['courier', 'other-courier'].map((agent) => aRequest('twin', agent));
  for (const request of requests) await house.client.startTask(courier(effects.url), request);

  const results = await Promise.all(requests.map((request) => house.client.closed(request)));

  expect(results.map(({ end }) => end)).toEqual(['done', 'done']);
  expect([...effects.applied].filter(([item]) => item.startsWith('twin/'))).toEqual([
    ['twin/keyed', 2],
    ['twin/queryable', 2],
    ['twin/unsafe', 2],
  ]);
});

test('a worker outlives its database, and tasks that were accepted are done when it is back', async () => {
  const { pid } = servers.postgres;
  let answered = false;
  effects.onApplied = () => {
    if (answered) return;
    answered = true;
    process.kill(pid, 'SIGKILL');
  };

  await start('no-database');
  await until('the database was killed', () => Promise.resolve(answered || undefined));
  await servers.restartPostgres();
  const result = await house.client.closed(aRequest('no-database'));

  expect(result).toMatchObject({ end: 'done', score: 1 });
  expect([...effects.applied].filter(([item]) => item.startsWith('no-database/'))).toEqual([
    ['no-database/keyed', 1],
    ['no-database/queryable', 1],
    ['no-database/unsafe', 1],
  ]);
  expectAlive();
});

test('a database that is not there is a typed, retryable error of the store', async () => {
  const port = await freePort(0);
  const pool = createPool({
    url: `postgres://nobody@127.0.0.1:${String(port)}/none`,
    applicationName: 'ratchet-test',
  });
  closers.push(() => pool.end());

  const asked = createStore(pool).pointer(scopeOf('acme', { id: 'courier' }));

  await expect(asked).rejects.toMatchObject({ name: 'UnavailableError', retryable: true });
});

/** A command line with these servers, and what it answered. */
async function cli(environment: NodeJS.ProcessEnv, args: readonly string[]) {
  let out = '';
  let error = '';
  const code = await runCli(args, {
    streams: {
      out: { write: (text: string) => (out += text) },
      error: { write: (text: string) => (error += text) },
    },
    input: Readable.from([]),
    environment: { RATCHET_HOME: servers.home, ...environment },
    signal: new AbortController().signal,
    directory: fileURLToPath(new URL('../../examples/order-desk', import.meta.url)),
  });
  return { code, out, error };
}

const ORDER = JSON.stringify({ question: 'Where is it?', order: '1001', shop: 'north' });

test.for([
  ['Postgres', 'DATABASE_URL', (port: string) => `postgres://nobody@127.0.0.1:${port}/none`],
  ['Temporal', 'TEMPORAL_ADDRESS', (port: string) => `127.0.0.1:${port}`],
] as const)('without %s a command exits with 6 and names %s', async ([server, name, at]) => {
  const working = { DATABASE_URL: house.databaseUrl, TEMPORAL_ADDRESS: servers.temporal.address };
  const nobody = at(String(await freePort(0)));

  const { code, error } = await cli({ ...working, [name]: nobody }, [
    'run',
    '--agent',
    'order-desk',
    '--input',
    ORDER,
  ]);

  expect(code).toBe(6);
  expect(error).toContain(server);
  expect(error).toContain(name);
  expect(error).not.toMatch(/\n\s+at /);
});

/** Of its own queue, which no worker polls: the command works itself. */
function alone(modelUrl: string): NodeJS.ProcessEnv {
  return {
    DATABASE_URL: house.databaseUrl,
    TEMPORAL_ADDRESS: servers.temporal.address,
    RATCHET_TASK_QUEUE: 'alone',
    OPENAI_BASE_URL: modelUrl,
  };
}

test.for([['run', ['--wait']] as const, ['up', []] as const, ['demo', ['--once']] as const])(
  'without a model %s exits with 6, names it, and accepts nothing',
  async ([command, options]) => {
    const port = String(await freePort(0));
    const own = { ...alone(`http://127.0.0.1:${port}/v1`), RATCHET_TENANT: `no-model-${command}` };
    const args = command === 'run' ? ['--agent', 'order-desk', '--input', ORDER] : [];

    const { code, out, error } = await cli(own, [command, ...args, ...options]);

    expect({ code, out }).toEqual({ code: 6, out: '' });
    expect(error).toMatch(
      /the model is not reachable: found no answer \(.*ECONNREFUSED.*OPENAI_BASE_URL/,
    );
    expect(error).not.toMatch(/\n\s+at /);
    const { rows } = await house.pool.query('select 1 from tasks where tenant = $1', [
      own.RATCHET_TENANT,
    ]);
    expect(rows).toEqual([]);
  },
);

test('a model that takes no key fails the task: the document is told, and the exit code is 6', async () => {
  const model = await startCompletionServer({
    models: [],
    answer: () => ({ ok: false, status: 401, type: 'auth', code: 'no_key', message: 'no key' }),
  });
  closers.push(() => model.close());
  const args = ['--json', 'run', '--wait', '--agent', 'order-desk', '--input', ORDER];

  const { code, out, error } = await cli(alone(model.url), args);

  expect(code).toBe(6);
  const document = z.looseObject({ workflowId: z.string() }).parse(JSON.parse(out));
  expect(document).toMatchObject({ end: 'failed', category: 'ModelAuthError' });
  expect(error).toContain('error: the task failed of ModelAuthError');
  // Nobody else works there: it has closed what it began.
  const { status } = await house.temporal.workflow.getHandle(document.workflowId).describe();
  expect(status.name).toBe('COMPLETED');
});
