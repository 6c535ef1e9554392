import { afterAll, beforeAll, expect, test } from 'vitest';

import { createAgentRegistry } from '../../src/activities/agent-registry.js';
import { StrategyCache } from '../../src/activities/strategy-cache.js';
import { createLifecycleActivities } from '../../src/activities/task-lifecycle.js';
import { defineAgent } from '../../src/contracts/agent.js';
import { taskId } from '../../src/contracts/ids.js';
import { createStore } from '../../src/store/store.js';
import { freshDatabase, type FreshDatabase } from '../support/postgres.js';
import { aScope } from '../support/store-builders.js';

let database: FreshDatabase;
beforeAll(async () => {
  database = await freshDatabase();
});
afterAll(() => database.drop());

const scope = aScope('deploying', 'clerk');

/** Recalls for a live task as a worker does that runs these instructions; answers how often the learner was woken. */
async function recallUnder(instructions: string, task: string): Promise<number> {
  const store = createStore(database.pool);
  const agent = defineAgent({
    id: scope.agent,
    instructions,
    model: { name: 'm' },
    tools: [],
    evaluators: [],
  });
  let woken = 0;
  const messenger = {
    wake: () => Promise.resolve(true),
    wakeLearner: () => {
      woken += 1;
      return Promise.resolve();
    },
  };
  const { recall } = createLifecycleActivities({
    store,
    agents: createAgentRegistry([agent]),
    strategies: new StrategyCache(store),
    messenger,
    hasLocalModel: false,
  });
  await recall({ ...scope, task: taskId(task), mode: 'live', input: { question: task } });
  return woken;
}

test('new instructions wake the learner once, which finds what served before them', async () => {
  const first = await recallUnder('Answer.', 't-1');
  const again = await recallUnder('Answer.', 't-2');
  const changed = await recallUnder('Answer in one word.', 't-3');
  const after = await recallUnder('Answer in one word.', 't-4');

  const found = await createStore(database.pool).lastDeployment(scope);

  expect([first, again, changed, after]).toEqual([0, 0, 1, 0]);
  expect(found?.number).toBe(2);
  expect(found?.baseline).not.toBe(found?.version);
});
