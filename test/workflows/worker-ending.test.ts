import { expect, test } from 'vitest';

import { learnerId } from '../../src/client/messenger.js';
import { until } from '../support/poll.js';
import { openWorkflowHouse, type World, type WorkflowHouse } from '../support/workflow-house.js';

/** A learner whose worker has gone: nobody answers what it is asked. */
async function leaveLearnerAlone({ env }: WorkflowHouse, { scope }: World): Promise<void> {
  await env.client.workflow.getHandle(learnerId(scope)).terminate('its worker has gone');
  await env.client.workflow.start('learner', {
    workflowId: learnerId(scope),
    taskQueue: 'a-queue-without-a-worker',
    args: [scope],
  });
}

test('a worker ends at once while an activity waits for a workflow that nobody carries on', async () => {
  const house = await openWorkflowHouse();
  const world = house.world();
  const { learning } = world;
  const reserve = learning.reserveAlpha.bind(learning);
  let asked = 0;
  let failure: unknown;
  learning.reserveAlpha = async (of) => {
    await leaveLearnerAlone(house, world);
    asked += 1;
    return reserve(of).catch((error: unknown) => {
      failure = error;
      throw error;
    });
  };
  await house.startReflection(world, 'e1');
  await until('the learner is asked', () => Promise.resolve(asked > 0 || undefined));

  const before = performance.now();
  await house.close();
  const took = performance.now() - before;

  expect(failure).toMatchObject({ name: 'UnavailableError', retryable: true });
  // Not the grace time of five seconds, after which an activity is told of the end.
  expect(took).toBeLessThan(4_000);
});
