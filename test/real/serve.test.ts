import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';

import type { House } from '../../src/cli/house.js';
import { isStillRunning, processIdentity } from '../../src/embedded/process-identity.js';
import { deskAgent, startDeskModel } from '../support/desk.js';
import { until } from '../support/poll.js';
import {
  openRealHouse,
  runTasks,
  scopeOf,
  startDeskWorkers,
  startRealServers,
  type RealServers,
} from '../support/real-house.js';

const fromHere = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const MAIN = fromHere('../../dist/cli/main.js');
const TOKEN = 'of-this-house-alone';

const closers: (() => Promise<void>)[] = [];
const desk = deskAgent();
const scope = scopeOf('acme', desk);
let servers: RealServers;
let house: House;
let directory: string;
let served: ChildProcess;
let said = '';
let url: string;

const Document = z.strictObject({
  dashboard: z.url(),
  temporal: z.object({ address: z.string() }),
  agents: z.tuple([z.literal('desk')]),
  model: z.literal('real'),
});

/** `ratchet serve` as built, beside workers that are not its own. */
beforeAll(async () => {
  servers = await startRealServers();
  closers.push(() => servers.stop());
  house = await openRealHouse(servers);
  closers.push(() => house.close());
  const model = await startDeskModel();
  closers.push(() => model.close());
  await startDeskWorkers(house, [desk], model);
  directory = await mkdtemp(join(tmpdir(), 'ratchet-serve-'));
  closers.push(() => rm(directory, { recursive: true }));
  await writeFile(
    join(directory, 'ratchet.config.ts'),
    `import { deskAgent } from ${JSON.stringify(fromHere('../support/desk.ts'))};
     export default { agents: [deskAgent()], people: { olga: 'owner' } };`,
  );
  served = spawn(process.execPath, [MAIN, '--json', 'serve', '--port', '0', '--host', '0.0.0.0'], {
    cwd: directory,
    env: {
      PATH: process.env['PATH'],
      RATCHET_HOME: join(directory, 'home'),
      RATCHET_TENANT: 'acme',
      RATCHET_API_TOKEN: TOKEN,
      TEMPORAL_ADDRESS: servers.temporal.address,
      DATABASE_URL: house.databaseUrl,
      OPENAI_BASE_URL: model.url,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  closers.push(async () => void served.kill('SIGKILL'));
  let out = '';
  served.stdout?.on('data', (chunk: Buffer) => (out += chunk.toString()));
  served.stderr?.on('data', (chunk: Buffer) => (said += chunk.toString()));
  await until('it has said where it is', () => {
    if (served.exitCode !== null) throw new Error(`it ended: ${said}`);
    return Promise.resolve(out.includes('\n') || undefined);
  });
  url = Document.parse(JSON.parse(out)).dashboard;
});

afterAll(async () => {
  for (const close of closers.reverse()) await close();
});

const asOlga = { authorization: `Basic ${Buffer.from(`olga:${TOKEN}`).toString('base64')}` };

async function health(): Promise<{ readonly status: number; readonly health: unknown }> {
  const response = await fetch(`${url}/healthz`);
  return { status: response.status, health: await response.json() };
}

test('shows pages to whoever has the token, in the name they give', async () => {
  const nobody = await fetch(url);
  const olga = await fetch(url, { headers: asOlga });

  expect(nobody.status).toBe(401);
  expect(await nobody.text()).toContain('RATCHET_API_TOKEN');
  expect(olga.status).toBe(200);
  expect(await olga.text()).toContain('tenant <code>acme</code>');
});

test('takes feedback on what a worker of another process did, and has it reflected upon', async () => {
  const input = { question: 'blank, which leaves nothing to learn' };
  const [done] = await runTasks(house, desk, scope, [{ id: 't-1', input }]);
  const episode = done?.episode ?? '';
  const reflected = () =>
    until('it is reflected upon', async () => {
      const life = house.temporal.workflow.getHandle(`reflect/${episode}`);
      const { runId, status } = await life.describe();
      return status.name === 'COMPLETED' ? runId : undefined;
    });
  const before = await reflected();

  const response = await fetch(`${url}/api/tenants/acme/episodes/${episode}/feedback`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${TOKEN}` },
    body: JSON.stringify({ actor: 'olga', score: 1, comment: 'well done' }),
  });
  const reply: unknown = await response.json();
  const after = await reflected();

  expect({ status: response.status, reply }).toMatchObject({
    status: 200,
    reply: { episode, role: 'owner' },
  });
  const { rows } = await house.pool.query('select actor, role from feedback where tenant = $1', [
    'acme',
  ]);
  expect(rows).toEqual([{ actor: 'olga', role: 'owner' }]);
  expect(after).not.toBe(before);
});

test('says which of its servers does not answer, and serves again when it does', async () => {
  const well = await health();
  process.kill(servers.postgres.pid, 'SIGKILL');
  const without = await until('it has noticed', async () => {
    const found = await health();
    return found.status === 503 ? found : undefined;
  });
  const page = await fetch(url, { headers: asOlga });
  await servers.restartPostgres();
  const again = await until('it has noticed', async () => {
    const found = await health();
    return found.status === 200 ? found : undefined;
  });

  expect(well).toEqual({
    status: 200,
    health: { status: 'ok', postgres: 'ok', temporal: 'ok' },
  });
  expect(without.health).toEqual({
    status: 'unavailable',
    postgres: 'unreachable',
    temporal: 'ok',
  });
  expect(page.status).toBe(503);
  expect(await page.text()).toContain('Postgres is not reachable');
  expect(again).toEqual(well);
});

test('ends on SIGTERM, and leaves the servers to the others', async () => {
  const pid = servers.temporal.pid ?? 0;
  const temporal = { pid, identity: processIdentity(pid) ?? '' };

  const ended = once(served, 'exit');
  served.kill('SIGTERM');
  const [code] = await ended;

  expect(code).toBe(0);
  expect(said).not.toMatch(/unhandled|\n\s+at /i);
  await expect(fetch(url)).rejects.toThrow();
  expect(isStillRunning(temporal)).toBe(true);
});
