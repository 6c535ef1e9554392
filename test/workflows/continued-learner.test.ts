import { WithStartWorkflowOperation } from '@temporalio/client';
import { expect, test } from 'vitest';

import { freeze, learnerState } from '../../src/workflows/messages.js';
import { aWorldWhere, OWNER } from '../support/candidate-story.js';
import { houseOfFile } from '../support/house-of-file.js';
import { aDraft } from '../support/store-builders.js';

const house = houseOfFile('real');

test('keeps ledger, slots and freeze over continue-as-new', async () => {
  const world = aWorldWhere(house, 'is worse');
  world.learning.draftsOf = (episode) => [aDraft(`table-of-${episode}`)];
  const { tenant, agent } = world.scope;
  const handle = await house.env.client.workflow.start('learner', {
    workflowId: `learner/${tenant}/${agent}`,
    taskQueue: house.queue,
    args: [{ tenant, agent, maxHistoryEvents: 20 }],
  });
  const { runId } = await handle.describe();

  await (await house.startReflection(world, 'e1')).result();
  await house.learnerOf(world).executeUpdate(freeze, { args: [OWNER] });
  await (await house.startReflection(world, 'e2')).result();
  await (await house.startReflection(world, 'e3')).result();

  const first = await house.env.client.workflow.getHandle(handle.workflowId, runId).describe();
  const state = await house.learnerOf(world).query(learnerState);
  expect(first.status.name).toBe('CONTINUED_AS_NEW');
  expect(state).toMatchObject({ reservations: 3, frozen: true, evaluating: [], promotions: 0 });
  expect(state.spent).toBeCloseTo(
    [...world.learning.reservations.values()].reduce((total, alpha) => total + alpha, 0),
    12,
  );
});

test('takes an update in the step that starts it, before it has read its journal', async () => {
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
