import { Client, Connection } from '@temporalio/client';
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest';

import { createAgentRegistry } from '../../src/activities/agent-registry.js';
import { createReflectionActivities } from '../../src/activities/reflection-activities.js';
import type { Store } from '../../src/activities/store.js';
import { reflectOnImports } from '../../src/cli/import/reflect-imports.js';
import { createMessenger } from '../../src/client/messenger.js';
import { RatchetClient } from '../../src/client/ratchet-client.js';
import type { AgentDefinition } from '../../src/contracts/agent.js';
import { importedEpisodeIdOf } from '../../src/contracts/digest.js';
import type { Feedback } from '../../src/domain/feedback.js';
import type { EpisodeId, Scope } from '../../src/domain/ids.js';
import { createApp } from '../../src/server/app.js';
import { createImports } from '../../src/store/imports.js';
import { createQueries, type Queries } from '../../src/store/queries.js';
import { createStore } from '../../src/store/store.js';
import { linesOf, readOptions, runsIn } from '../support/import-lines.js';
import { freshDatabase, type FreshDatabase } from '../support/postgres.js';
import { aScope, deploy, FAILED, playTask } from '../support/store-builders.js';
import { anAgent } from '../support/tools.js';

let database: FreshDatabase;
let store: Store;
let queries: Queries;
let scope: Scope;
let tenants = 0;
beforeAll(async () => {
  database = await freshDatabase();
  store = createStore(database.pool);
  queries = createQueries(database.pool);
});
afterAll(() => database.drop());
beforeEach(() => {
  tenants += 1;
  scope = aScope(`judged-${String(tenants)}`, 'clerk');
});

/** Imports one run, of which its source claims that it succeeded. */
async function imported(name: string, changes: Record<string, unknown> = {}): Promise<EpisodeId> {
  const run = {
    run_id: name,
    agent: 'clerk',
    success: 1,
    messages: [
      { role: 'user', content: `How many of ${name}?` },
      { role: 'assistant', content: 'There are 4 gross.' },
    ],
    ...changes,
  };
  const runs = await runsIn(linesOf(run), readOptions('openai-chat'));
  await createImports(database.pool).addRuns(scope.tenant, runs);
  return importedEpisodeIdOf(scope.tenant, name);
}

/** What the client starts, in place of a server that would run it. */
function client() {
  const temporal = new Client({ connection: Connection.lazy({ address: '127.0.0.1:1' }) });
  const start = vi.spyOn(temporal.workflow, 'start');
  start.mockResolvedValue(temporal.workflow.getHandle('started') as never);
  const messenger = createMessenger(temporal, 'ratchet');
  const ratchet = new RatchetClient({ temporal, store, messenger, taskQueue: 'ratchet' });
  const started = () =>
    start.mock.calls.map(([, { workflowId, args }]) => [workflowId, args?.[0]] as const);
  return { ratchet, started };
}

function said(episode: EpisodeId, more: Partial<Feedback> = {}): Feedback {
  const id = `f-${episode}-${more.actor ?? 'eva'}`;
  const base = { id, episode, actor: 'eva', role: 'expert', score: 0 } as const;
  return { ...base, correction: null, comment: null, ...more };
}

const CORRECTION = { score: null, correction: 'There are 4 dozen.' };

function reflection(more: Partial<AgentDefinition> = {}) {
  const agents = createAgentRegistry([anAgent({ id: 'clerk', ...more })]);
  const messenger = createMessenger(
    new Client({ connection: Connection.lazy({ address: '127.0.0.1:1' }) }),
    'ratchet',
  );
  const models = { complete: () => Promise.reject(new Error('no model is asked here')) };
  return createReflectionActivities({ store, agents, messenger, models });
}

function mine() {
  const progress = { update: () => undefined };
  const { signal } = new AbortController();
  return reflectOnImports(scope, { queries, reflection: reflection() }, progress, signal);
}

test('what an authorised person says of an imported run stands above what its source claimed', async () => {
  const episode = await imported('claimed');
  const { ratchet } = client();
  const before = await queries.sliceCounts(scope.tenant, {});

  const { label } = await ratchet.giveFeedback(scope.tenant, said(episode, { role: 'owner' }));

  expect(label).toMatchObject({ label: 'negative', score: 0, decidedBy: 'votes' });
  const after = await queries.sliceCounts(scope.tenant, {});
  expect([before, after].map(([all]) => [all?.n, all?.successes])).toEqual([
    [1, 1],
    [1, 0],
  ]);
});

test('one user alone decides nothing of an imported run: it waits for a person', async () => {
  const episode = await imported('contested');

  const { label } = await client().ratchet.giveFeedback(
    scope.tenant,
    said(episode, { role: 'user' }),
  );

  expect(label).toMatchObject({ label: 'contested', reason: 'uncertain' });
  const { contested } = await queries.awaitingReview(scope.tenant, 10);
  expect(contested.map((row) => row.episode)).toEqual([episode]);
});

test('feedback on an imported run is stored once and starts one reflection that carries nothing', async () => {
  await deploy(store, scope);
  const episode = await imported('twice');
  const { ratchet, started } = client();

  const first = await ratchet.giveFeedback(scope.tenant, said(episode, CORRECTION));
  const stored = await store.feedbackOf(scope.tenant, episode);

  expect(first.existing).toBe(false);
  expect(stored).toHaveLength(1);
  expect(started()).toMatchObject([
    [`reflect/${episode}`, { ...scope, episode, isDetached: true }],
  ]);
});

test('of an agent that was never deployed nothing is started: nobody could run it', async () => {
  const episode = await imported('foreign');
  const { ratchet, started } = client();

  await ratchet.giveFeedback(scope.tenant, said(episode, CORRECTION));

  expect(started()).toEqual([]);
  expect(await store.feedbackOf(scope.tenant, episode)).toHaveLength(1);
});

test('a program may judge an imported run over HTTP, as it judges a live one', async () => {
  await deploy(store, scope);
  const episode = await imported('over-http');
  const { ratchet, started } = client();
  const app = createApp({
    house: {
      store,
      pool: database.pool,
      client: ratchet,
      temporalUi: null,
      config: { tenant: scope.tenant, dashboard: null, temporal: { namespace: 'default' } },
      health: () => Promise.resolve({ postgres: 'ok', temporal: 'ok' }),
    },
    queries,
    actor: { id: 'ann', role: 'owner' },
    agents: [scope.agent],
    apiToken: null,
    isOpen: false,
    onFault: () => undefined,
    roleOf: () => 'user',
    demo: () => null,
    model: 'real',
  });

  const reply = await app.request(`/api/tenants/${scope.tenant}/episodes/${episode}/feedback`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ actor: 'uma', score: 1 }),
  });

  expect(reply.status).toBe(200);
  expect(await reply.json()).toMatchObject({ role: 'user', label: { label: 'contested' } });
  expect(await store.feedbackOf(scope.tenant, episode)).toMatchObject([{ actor: 'uma' }]);
  expect(started().map(([id]) => id)).toEqual([`reflect/${episode}`]);
});

test('a correction of an imported run is mined, also where the run was mined before it came', async () => {
  await deploy(store, scope);
  const episode = await imported('corrected');
  const { ratchet } = client();
  const before = await mine();
  await ratchet.giveFeedback(scope.tenant, said(episode, CORRECTION));

  const after = await mine();
  const again = await mine();

  expect(before).toMatchObject({ read: 1, proposed: 0 });
  expect(after).toEqual({ read: 1, proposed: 1, refused: {} });
  expect(again).toMatchObject({ read: 0 });
  const [proposal] = await store.proposalsOf(scope.tenant, episode);
  expect(proposal?.draft).toMatchObject({
    key: 'correction/dozen/gross',
    trust: 'medium',
    evidence: [{ episode, outcome: 0 }],
  });
});

test('a judged import enters neither live outcomes, nor what they are compared with, nor a gate', async () => {
  await deploy(store, scope);
  await playTask(store, scope, 't-1');
  const version = (await store.pointer(scope))?.active ?? expect.fail('no pointer');
  const seen = async () => ({
    outcomes: await store.readOutcomes(scope, 'w', 0, [], 100),
    reference: await store.outcomeReference(scope, version, 1000, 100),
    pool: await store.gatePool(scope, null as never, 0, 100),
    draws: await store.drawTallies(scope, 30),
    utilities: await store.utilities(scope),
  });
  const before = await seen();
  const episode = await imported('apart');

  await client().ratchet.giveFeedback(scope.tenant, said(episode, { role: 'owner' }));

  expect(await seen()).toEqual(before);
});

test('an imported failure is not explored: its task is not one of ours', async () => {
  await deploy(store, scope);
  const { propose } = reflection({ learning: { explorationModelCalls: 4 } });
  const { episode: live } = await playTask(store, scope, 't-1', { outcome: FAILED });
  const silent = await imported('silent', { success: 0 });

  const ofImport = await propose({ ...scope, episode: silent, exploration: null });
  const ofLive = await propose({ ...scope, episode: live, exploration: null });

  expect(ofImport).toEqual({ drafts: [], exploration: null });
  expect(ofLive.exploration).not.toBeNull();
});
