import { afterAll, beforeAll, expect, test } from 'vitest';

import { createAgentRegistry } from '../../src/activities/agent-registry.js';
import { KnownConversations } from '../../src/activities/known-conversations.js';
import { createModelActivities } from '../../src/activities/model-activities.js';
import { StrategyCache } from '../../src/activities/strategy-cache.js';
import { createLifecycleActivities } from '../../src/activities/task-lifecycle.js';
import { taskId } from '../../src/contracts/ids.js';
import { createStore } from '../../src/store/store.js';
import { anActivityEnvironment, runIn } from '../support/activity-environment.js';
import { freshDatabase, type FreshDatabase } from '../support/postgres.js';
import { aScope } from '../support/store-builders.js';
import { anAgent } from '../support/tools.js';

let database: FreshDatabase;
beforeAll(async () => {
  database = await freshDatabase();
});
afterAll(() => database.drop());

const scope = aScope('first-call', 'clerk');
const REPLY = { model: 'm', text: 'said', usage: { inputTokens: 1, outputTokens: 1 } };

/** Recalls and calls the model in one process, each in a run of the task; counts what is read and paid. */
async function aTask(name: string, recalledIn: string, calledIn: string) {
  const store = createStore(database.pool);
  const agents = createAgentRegistry([anAgent()]);
  const conversations = new KnownConversations();
  const count = { readings: 0, paid: 0 };
  const counted = {
    ...store,
    conversation: (...of: Parameters<typeof store.conversation>) => {
      count.readings += 1;
      return store.conversation(...of);
    },
  };
  const complete = async () => {
    count.paid += 1;
    return { ...REPLY, toolCalls: [] };
  };
  const { recall } = createLifecycleActivities({
    store,
    agents,
    strategies: new StrategyCache(store),
    messenger: { wake: () => Promise.resolve(true), wakeLearner: () => Promise.resolve() },
    conversations,
    hasLocalModel: false,
  });
  const { callModel } = createModelActivities({
    store: counted,
    agents,
    models: { complete },
    conversations,
  });
  const inRun = (runId: string) =>
    anActivityEnvironment({ workflowExecution: { workflowId: 'w', runId } });
  const start = { ...scope, task: taskId(name), mode: 'live', input: { question: name } } as const;
  const { episode } = await runIn(inRun(recalledIn), recall, start);
  const request = { ...scope, episode, step: 0, temperature: 0, tools: 'offered' } as const;
  await runIn(inRun(calledIn), callModel, request);
  return count;
}

test('the first model call of a run knows the conversation that recall has opened', async () => {
  expect(await aTask('t-1', 'run-1', 'run-1')).toEqual({ readings: 0, paid: 1 });
});

test('another run reads it', async () => {
  expect(await aTask('t-2', 'run-1', 'run-2')).toEqual({ readings: 1, paid: 1 });
});

test('a run that recalls anew finds the reply of the run before, and does not pay for it again', async () => {
  await aTask('t-3', 'run-1', 'run-1');

  expect(await aTask('t-3', 'run-2', 'run-2')).toEqual({ readings: 1, paid: 0 });
});
