import { afterAll, beforeAll, expect, test } from 'vitest';

import { createAgentRegistry } from '../../src/activities/agent-registry.js';
import { createEvaluationActivities } from '../../src/activities/evaluation-activities.js';
import type { Messenger } from '../../src/activities/messenger.js';
import { createRolloutActivities } from '../../src/activities/rollout-activities.js';
import type { Store } from '../../src/activities/store.js';
import { StrategyCache } from '../../src/activities/strategy-cache.js';
import { createLifecycleActivities } from '../../src/activities/task-lifecycle.js';
import { defineAgent } from '../../src/contracts/agent.js';
import { taskId } from '../../src/contracts/ids.js';
import { createStore } from '../../src/store/store.js';
import { freshDatabase, type FreshDatabase } from '../support/postgres.js';
import { aDraft, aScope, closeOnActive, deploy, openCandidate } from '../support/store-builders.js';

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

test('a changed model, temperature or limit is a deployment too, and is what serves', async () => {
  const store = createStore(database.pool);
  const other = aScope('redefined', 'clerk');
  const serving = async (task: string, more: object) => {
    const agent = defineAgent({
      id: other.agent,
      instructions: 'Answer.',
      model: { name: 'm' },
      tools: [],
      evaluators: [],
      ...more,
    });
    const { recall } = createLifecycleActivities({
      store,
      agents: createAgentRegistry([agent]),
      strategies: new StrategyCache(store),
      messenger: { wake: async () => true, wakeLearner: async () => undefined },
      hasLocalModel: false,
    });
    const start = { ...other, task: taskId(task), mode: 'live' as const };
    const { model, version } = await recall({ ...start, input: { question: task } });
    return { model, version };
  };

  const first = await serving('r-1', {});
  const edited = await serving('r-2', { model: { name: 'other', temperature: 0.7 } });
  const same = await serving('r-3', { model: { name: 'other', temperature: 0.7 } });
  const cooler = await serving('r-4', { model: { name: 'other', temperature: 0.1 } });
  const shorter = await serving('r-5', {
    model: { name: 'other', temperature: 0.1 },
    limits: { modelCalls: 3 },
  });

  expect([first, edited, same, cooler, shorter].map(({ model }) => model)).toEqual([
    'm',
    ...Array.from({ length: 4 }, () => 'other'),
  ]);
  expect(same.version).toBe(edited.version);
  expect(new Set([first, edited, cooler, shorter].map(({ version }) => version)).size).toBe(4);
});

/** What carries a candidate asks, with nobody to tell. */
function activities(store: Store) {
  const agent = defineAgent({
    id: scope.agent,
    instructions: 'Answer.',
    model: { name: 'm' },
    tools: [],
    evaluators: [],
  });
  const messenger: Messenger = {
    wake: async () => true,
    grant: async () => true,
    startCandidate: async () => undefined,
    wakeLearner: async () => undefined,
    reserve: async () => ({ alpha: 0.05, epoch: 1, isUnderpowered: false }),
    settle: async () => ({ isArmed: true }),
    reflectOnDrift: async () => [],
  };
  const dependencies = {
    store,
    agents: createAgentRegistry([agent]),
    strategies: new StrategyCache(store),
    messenger,
  };
  return {
    ...createEvaluationActivities(dependencies),
    ...createRolloutActivities(dependencies),
  };
}

test('a candidate is re-based on what was deployed meanwhile, when it is planned and before its canary', async () => {
  const store = createStore(database.pool);
  const other = aScope('rebasing', 'clerk');
  await deploy(store, other);
  const { planEvaluation, rebase } = activities(store);
  const id = await openCandidate(store, other, 'rebasing.c', [aDraft('rebasing')]);
  const first = await closeOnActive(store, other, id);

  const before = await planEvaluation({ ...other, candidate: id });
  const deployed = await deploy(store, other, { policyDigest: 'other-instructions' });
  const planned = await planEvaluation({ ...other, candidate: id });
  const settled = await rebase({ ...other, candidate: id });
  const again = await deploy(store, other, { policyDigest: 'third-instructions' });
  const late = await rebase({ ...other, candidate: id });

  const row = await store.candidate(other.tenant, id);
  expect(before.version).toBe(first);
  expect(planned.baseline).toBe(deployed.active);
  expect(planned.version).not.toBe(first);
  expect((await store.version(other, planned.version))?.policyDigest).toBe('other-instructions');
  expect(await store.lessonsServing(other, planned.version)).toHaveLength(1);
  expect(settled).toEqual({ changed: false, touches: false });
  // No lesson came with the deployment that some task recalls beside the candidate's: what passed stands.
  expect(late).toEqual({ changed: true, touches: false });
  expect(row?.baseline).toBe(again.active);
});
