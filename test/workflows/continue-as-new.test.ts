import { WithStartWorkflowOperation } from '@temporalio/client';
import { expect, test } from 'vitest';

import {
  answer,
  freeze,
  learnerState,
  recordedResult,
  taskProgress,
} from '../../src/workflows/messages.js';
import {
  aWorldWhere,
  bringToProbation,
  learnerWhere,
  OWNER,
  traffic,
} from '../support/candidate-story.js';
import { aPool } from '../support/fake-learning.js';
import { anOfferedTool, aToolCall, TOOL_NAMES } from '../support/fake-task.js';
import { houseOfFile } from '../support/house-of-file.js';
import { until } from '../support/poll.js';
import { aDraft } from '../support/store-builders.js';
import type { World } from '../support/workflow-house.js';

const house = houseOfFile('real');

/** A learner that goes on in another run after so many events. */
function startLearner({ scope: { tenant, agent } }: World, maxHistoryEvents: number) {
  return house.env.client.workflow.start('learner', {
    workflowId: `learner/${tenant}/${agent}`,
    taskQueue: house.queue,
    args: [{ tenant, agent, maxHistoryEvents }],
  });
}

async function statusOf(workflowId: string, runId: string): Promise<string> {
  return (await house.env.client.workflow.getHandle(workflowId, runId).describe()).status.name;
}

test('a task keeps tally, call ids and answers, and sends on who waits for its result', async () => {
  const world = house.world();
  const tools = [...TOOL_NAMES, 'ask_person'].map((name) => anOfferedTool(name));
  world.task.context = { tools };
  world.task.says(
    { toolCalls: [aToolCall('a')] },
    { toolCalls: [aToolCall('q', 'ask_person', 'Which?')] },
    { toolCalls: [aToolCall('a', 'send_mail')] },
    { text: 'ok' },
  );
  const handle = await house.startTask(world, 'long', { maxHistoryEvents: 12 });
  const { runId: first } = await handle.describe();
  const waited = handle.executeUpdate(recordedResult);
  await until('a waiting call', async () => {
    const { waiting } = await handle.query(taskProgress);
    return waiting.length === 1 ? true : undefined;
  });

  await handle.executeUpdate(answer, { args: [{ actor: 'olga', text: 'this' }] });
  const result = await house.resultOf(handle);

  expect(await statusOf(handle.workflowId, first)).toBe('CONTINUED_AS_NEW');
  // Who waited on the first run is sent on to the next instead of holding it up.
  expect(await waited).toBeNull();
  expect(result).toMatchObject({ end: 'done', modelCalls: 4, toolCalls: 2 });
  expect(world.task.starts).toHaveLength(1);
  expect(world.task.modelRequests.map(({ step }) => step)).toEqual([0, 2, 4, 6]);
  expect(world.task.toolRequests.map(({ call }) => call.tool)).toEqual(['look_up']);
  expect(world.task.answers.map(({ result: { ok } }) => ok)).toEqual([true, false]);
  expect(world.task.recorded).toMatchObject([{ tokens: 40, isWithoutFeedback: true }]);
});

test('a learner keeps ledger, slots and freeze', async () => {
  const world = aWorldWhere(house, 'is worse');
  world.learning.draftsOf = (episode) => [aDraft(`table-of-${episode}`)];
  const handle = await startLearner(world, 20);
  const { runId } = await handle.describe();

  await (await house.startReflection(world, 'e1')).result();
  await house.learnerOf(world).executeUpdate(freeze, { args: [OWNER] });
  await (await house.startReflection(world, 'e2')).result();
  await (await house.startReflection(world, 'e3')).result();

  const state = await house.learnerOf(world).query(learnerState);
  expect(await statusOf(handle.workflowId, runId)).toBe('CONTINUED_AS_NEW');
  expect(state).toMatchObject({ reservations: 3, frozen: true, evaluating: [], promotions: 0 });
  expect(state.spent).toBeCloseTo(
    [...world.learning.reservations.values()].reduce((total, alpha) => total + alpha, 0),
    12,
  );
});

test('a learner tells what a rollback in probation was', async () => {
  const world = aWorldWhere(house, 'is better');
  world.learning.looksIntoRollbacks = true;
  world.learning.pool = aPool(200);
  const handle = await startLearner(world, 20);
  const { runId } = await handle.describe();

  const carrier = await bringToProbation(house, world);
  world.task.score = () => 0;
  await traffic(world, 20, 0);
  await carrier.result();
  await until('what it was', () => Promise.resolve(world.learning.explained[0]));
  const { isArmed } = await learnerWhere(
    house,
    world,
    'nothing left',
    ({ rollbacks, isDiagnosing }) => rollbacks === 1 && !isDiagnosing,
  );

  expect(await statusOf(handle.workflowId, runId)).toBe('CONTINUED_AS_NEW');
  expect(world.learning.explained).toHaveLength(1);
  expect(isArmed).toBe(true);
});

test('a learner continues while proposals keep coming, and reads them all', async () => {
  const world = house.world();
  const { learning } = world;
  const { mergeProposals } = learning;
  const floodEndsMs = Date.now() + 8_000;
  let merges = 0;
  // Whoever proposes while the learner merges wakes it before the merge has ended.
  learning.mergeProposals = async () => {
    merges += 1;
    const isFlood = Date.now() < floodEndsMs;
    if (isFlood) await learning.wakeLearner();
    const merged = await mergeProposals.call(learning);
    return isFlood ? { ...merged, read: 0 } : merged;
  };
  const handle = await startLearner(world, 40);
  const { runId } = await handle.describe();

  await until('the end of the flood', () =>
    Promise.resolve(Date.now() > floodEndsMs ? true : undefined),
  );
  await (await house.startReflection(world, 'e1')).result();

  expect(merges).toBeGreaterThan(20);
  const runs = [];
  for await (const run of house.env.client.workflow.list({
    query: `WorkflowId = '${handle.workflowId}'`,
  })) {
    runs.push(await house.env.client.workflow.getHandle(handle.workflowId, run.runId).describe());
  }
  expect(await statusOf(handle.workflowId, runId)).toBe('CONTINUED_AS_NEW');
  expect(Math.max(...runs.map(({ historyLength }) => historyLength))).toBeLessThan(80);
});

test('a learner takes an update in the step that starts it, before it has read its journal', async () => {
  const world = aWorldWhere(house, 'is better');
  const { tenant, agent } = world.scope;
  const startWorkflowOperation = new WithStartWorkflowOperation('learner', {
    workflowId: `learner/${tenant}/${agent}`,
    workflowIdConflictPolicy: 'FAIL',
    taskQueue: house.queue,
    args: [{ tenant, agent }],
  });

  await house.env.client.workflow.executeUpdateWithStart(freeze, {
    args: [OWNER],
    startWorkflowOperation,
  });

  expect(await house.learnerOf(world).query(learnerState)).toMatchObject({ frozen: true });
});
