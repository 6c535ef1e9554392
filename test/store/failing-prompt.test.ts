import { Client, Connection } from '@temporalio/client';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { createAgentRegistry } from '../../src/activities/agent-registry.js';
import { StrategyCache } from '../../src/activities/strategy-cache.js';
import { createLifecycleActivities } from '../../src/activities/task-lifecycle.js';
import { createMessenger } from '../../src/client/messenger.js';
import { RatchetClient } from '../../src/client/ratchet-client.js';
import { defineAgent } from '../../src/contracts/agent.js';
import { taskId } from '../../src/contracts/ids.js';
import { createStore } from '../../src/store/store.js';
import { freshDatabase, type FreshDatabase } from '../support/postgres.js';
import { aScope } from '../support/store-builders.js';

const scope = aScope('prompts', 'clerk');
const agent = defineAgent({
  id: scope.agent,
  instructions: 'Answer.',
  model: { name: 'm' },
  tools: [],
  evaluators: [],
  prompt: () => {
    throw new TypeError('no question');
  },
});
const request = { ...scope, task: taskId('t-1'), input: { wish: 'a room' } };
const refusal = {
  name: 'InvalidInputError',
  retryable: false,
  field: 'agent "clerk".prompt',
  message: expect.stringContaining('(no question)') as string,
};

let database: FreshDatabase;
beforeAll(async () => {
  database = await freshDatabase();
});
afterAll(() => database.drop());

/** A client that nobody answers: whoever waits for it is not refused at the door. */
function unconnected(): Client {
  return new Client({ connection: Connection.lazy({ address: '127.0.0.1:1' }) });
}

test('a task whose prompt fails is refused before it is accepted', async () => {
  const temporal = unconnected();
  const client = new RatchetClient({
    temporal,
    store: createStore(database.pool),
    messenger: createMessenger(temporal, 'ratchet'),
    taskQueue: 'ratchet',
  });

  await expect(client.startTask(agent, request)).rejects.toMatchObject(refusal);

  const { rows } = await database.pool.query('select task from tasks');
  expect(rows).toEqual([]);
});

test('one that a worker meets, whose agent is another, fails for good and opens no episode', async () => {
  const store = createStore(database.pool);
  const { recall } = createLifecycleActivities({
    store,
    agents: createAgentRegistry([agent]),
    strategies: new StrategyCache(store),
    messenger: createMessenger(unconnected(), 'ratchet'),
    hasLocalModel: false,
  });

  await expect(recall({ ...request, mode: 'live' })).rejects.toMatchObject(refusal);

  const { rows } = await database.pool.query('select episode from episodes');
  expect(rows).toEqual([]);
});
