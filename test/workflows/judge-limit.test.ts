import { afterEach, beforeEach, expect, test } from 'vitest';

import { UNJUDGED } from '../../src/domain/judging.js';
import { openWorkflowHouse, type World, type WorkflowHouse } from '../support/workflow-house.js';

let house: WorkflowHouse;

// A day passes in each of them, so each has a clock of its own.
beforeEach(async () => {
  house = await openWorkflowHouse();
});

afterEach(() => house.close());

/** An agent whose evaluators cannot tell what came of a task, and whose judge is asked too often. */
function aWorld(): World {
  const world = house.world();
  world.task.context = { reflects: 'always' };
  world.task.score = () => null;
  world.task.category = () => UNJUDGED;
  return world;
}

const reflectionOf = ({ scope }: World, task: string) =>
  house.env.client.workflow.getHandle(`reflect/${scope.tenant}.${task}`);

test('what the day leaves no judgement for is judged early on the next day, and learned from then', async () => {
  const world = aWorld();
  world.task.judgementsSpent = 1;
  world.task.judgement = () => 0;
  world.learning.refusal = { code: 'leak', message: 'it names the answer' };

  await house.resultOf(await house.startTask(world, 't1'));
  const reflection = reflectionOf(world, 't1');
  const reflected: unknown = await reflection.result();

  const { startTime, closeTime } = await reflection.describe();
  const midnight = (Math.floor(startTime.getTime() / 86_400_000) + 1) * 86_400_000;
  const closedMs = closeTime?.getTime() ?? 0;
  expect(world.task.judged).toHaveLength(2);
  expect(closedMs).toBeGreaterThanOrEqual(midnight);
  expect(closedMs).toBeLessThan(midnight + 3_700_000);
  expect(reflected).toMatchObject({ reason: expect.stringContaining('leak') });
});

test('what no day leaves a judgement for is given up before its outcome would count', async () => {
  const world = aWorld();
  world.task.judgementsSpent = 100;

  await house.resultOf(await house.startTask(world, 't1'));
  const reflected: unknown = await reflectionOf(world, 't1').result();

  expect(reflected).toMatchObject({ end: 'nothing-learned', reason: UNJUDGED });
  expect(world.task.judged).toHaveLength(2);
  expect([...world.learning.reflected.values()]).toEqual([UNJUDGED]);
});
