import { afterAll, beforeAll, expect, test } from 'vitest';

import type { House } from '../../src/cli/house.js';
import { taskId } from '../../src/contracts/ids.js';
import type { AgentTaskResult } from '../../src/workflows/agent-task.js';
import { until } from '../support/poll.js';
import { openRealHouse, scopeOf, startRealServers } from '../support/real-house.js';
import { workflowBundle } from '../support/workflow-bundle.js';
import { courier, startCourierModel } from './courier.js';
import { startEffectServer, type EffectServer } from './effect-server.js';
import { WorkerFleet } from './worker-fleet.js';

const TASKS = 20;
const CLASSES = ['keyed', 'queryable', 'unsafe'];
/** The n-th arrival of a class whose sender dies before it is told that its effect took place. */
const KILLS = [
  { name: 'keyed', arrival: 3 },
  { name: 'unsafe', arrival: 1 },
  { name: 'queryable', arrival: 8 },
  { name: 'keyed', arrival: 12 },
];

const closers: (() => Promise<void>)[] = [];
let house: House;
let effects: EffectServer;
let fleet: WorkerFleet;
let killed = 0;
let results: readonly AgentTaskResult[];
let asked = 0;

/**
 * Kills whoever sends the effects named above. While some are left the world answers nobody until a second
 * worker is there to go on: else the last one would be through with all of them before.
 */
function killSenders(): void {
  const left = [...KILLS];
  effects.onApplied = async ({ item, pid }) => {
    if (left.length === 0) return;
    await until('a second worker', () => Promise.resolve(fleet.ready.size >= 2 || undefined), {
      capMs: 200_000,
    });
    const name = item.split('/')[1];
    const count = effects.arrivals.filter((arrival) => arrival.item.endsWith(`/${name ?? ''}`));
    const at = left.findIndex((kill) => kill.name === name && kill.arrival <= count.length);
    if (at < 0 || !fleet.ready.has(pid)) return;
    left.splice(at, 1);
    killed += 1;
    fleet.kill(pid);
    void fleet.hire();
  };
}

beforeAll(async () => {
  const servers = await startRealServers();
  closers.push(() => servers.stop());
  house = await openRealHouse(servers);
  closers.push(() => house.close());
  effects = await startEffectServer();
  closers.push(() => effects.close());
  const model = await startCourierModel();
  closers.push(() => model.close());
  const { codePath } = await workflowBundle();
  fleet = new WorkerFleet({
    address: servers.temporal.address,
    databaseUrl: house.databaseUrl,
    modelUrl: model.url,
    effectUrl: effects.url,
    bundlePath: codePath,
  });
  closers.push(() => fleet.dismiss());
  await Promise.all([fleet.hire(), fleet.hire(), fleet.hire()]);

  killSenders();
  results = await deliverAll();
});

afterAll(async () => {
  for (const close of closers.reverse()) await close();
});

/** Runs all tasks at once; where an unsafe effect may have happened, a person looks whether it has. */
async function deliverAll(): Promise<readonly AgentTaskResult[]> {
  const agent = courier(effects.url);
  const scope = scopeOf('acme', agent);
  const requests = Array.from({ length: TASKS }, (_, index) => ({
    ...scope,
    task: taskId(`parcel-${String(index)}`),
    input: { parcel: `p${String(index)}` },
  }));
  const ended = new Set<string>();
  const running = requests.map(async (request) => {
    await house.client.startTask(agent, request);
    const result = await house.client.closed(request);
    ended.add(request.task);
    return result;
  });
  await until(
    'every task has ended',
    async () => {
      for (const request of requests.filter(({ task }) => !ended.has(task))) {
        if ((await phaseOf(request)) !== 'needs_review') continue;
        asked += 1;
        // A sender may also have died with a call noted and not yet sent.
        const hasHappened = effects.applied.has(`${request.input.parcel}/unsafe`);
        const said = hasHappened ? { text: 'It was delivered.' } : { allow: true };
        await house.client.answer(request, { actor: 'operator', ...said });
      }
      return ended.size === TASKS ? true : undefined;
    },
    { capMs: 240_000, everyMs: 500 },
  );
  return Promise.all(running);
}

/** Nobody answers a query while a workflow's worker is dead and its successor not yet chosen. */
async function phaseOf(request: Parameters<House['client']['progress']>[0]) {
  return house.client.progress(request).then(
    ({ phase }) => phase,
    () => 'unknown',
  );
}

test('every accepted task ends exactly once though its workers are killed', async () => {
  expect(results.map(({ end, score }) => ({ end, score }))).toEqual(
    results.map(() => ({ end: 'done', score: 1 })),
  );
  const { rows } = await house.pool.query<{ count: number }>(
    `select count(*)::integer as count from episodes where tenant = 'acme' and ended_at is not null`,
  );
  expect(rows).toEqual([{ count: TASKS }]);
  expect(new Set(results.map(({ episode }) => episode)).size).toBe(TASKS);
});

test('every effect takes place exactly once, and the retries are there to be seen', () => {
  const keys = new Set(effects.arrivals.map(({ key }) => key));
  const repeated = effects.arrivals.length - keys.size;
  const twice = [...effects.applied].filter(([, count]) => count !== 1);
  process.stdout.write(
    `worker kills ${String(killed)}, calls ${String(effects.arrivals.length)}, ` +
      `distinct keys ${String(keys.size)}, duplicates attempted ${String(repeated)}, ` +
      `duplicates applied ${String(twice.length)}, questions to a person ${String(asked)}\n`,
  );

  const items = Array.from({ length: TASKS }, (_, index) =>
    CLASSES.map((name) => `p${String(index)}/${name}`),
  ).flat();
  expect([...effects.applied.keys()].sort()).toEqual(items.sort());
  expect(twice).toEqual([]);
  expect(keys.size).toBe(items.length);
  expect(killed).toBe(KILLS.length);
  expect(repeated).toBeGreaterThan(0);
});

test('an effect of unknown fate is asked about and never repeated blindly', () => {
  const unsafe = effects.arrivals.filter(({ item }) => item.endsWith('/unsafe'));

  expect(asked).toBeGreaterThan(0);
  expect(unsafe).toHaveLength(TASKS);
});

test('no worker ended by itself', () => {
  expect({ deserted: fleet.deserted, said: fleet.said }).toMatchObject({ deserted: [] });
});
