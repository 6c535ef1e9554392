import { afterAll, beforeAll, expect, test } from 'vitest';

import { nextBudgetMs } from '../../src/domain/learning-budget.js';
import { aWorldWhere, reach } from '../support/candidate-story.js';
import { until } from '../support/poll.js';
import { openWorkflowHouse, type World, type WorkflowHouse } from '../support/workflow-house.js';

let house: WorkflowHouse;

beforeAll(async () => {
  house = await openWorkflowHouse();
});

afterAll(() => house.close());

/**
 * A tenant whose candidate passes, with so many runs left today. It waits for a person then: a canary would look for
 * outcomes every minute of the days that these tests skip.
 */
function aWorld(runsLeft: number): World {
  const world = aWorldWhere(house, 'is better');
  world.learning.plan = { ...world.learning.plan, permission: 'approve' };
  world.task.runsLeft = runsLeft;
  return world;
}

/** Waits until the candidate has passed its gate. */
function passed({ learning }: World): Promise<true> {
  return until('a verdict to pass', () =>
    Promise.resolve(
      learning.last('waiting')?.reason.startsWith('pass') === true ? true : undefined,
    ),
  );
}

async function untilTomorrow(): Promise<void> {
  const nowMs = await house.env.currentTimeMs();
  await house.env.sleep(nextBudgetMs(nowMs) - nowMs + 1_000);
}

test('stops at the limit of the day with a hold, and goes on the next day at the level it has', async () => {
  const world = aWorld(31);
  const carrier = await house.startReflection(world, 'e1');

  await reach(carrier, 'waiting');
  const pairsOfOneDay = world.learning.pairs.length;
  const runsOfOneDay = world.task.starts.length;
  world.task.runsLeft = Infinity;
  await untilTomorrow();
  await passed(world);

  expect(runsOfOneDay).toBe(31);
  expect(pairsOfOneDay).toBeLessThanOrEqual(15);
  expect(world.learning.states()).toEqual(['evaluating', 'waiting', 'evaluating', 'waiting']);
  const [held] = world.learning.audit.filter(({ to }) => to === 'waiting');
  expect(held?.reason).toMatch(/^hold: the learning budget is spent/);
  expect(world.learning.reservations.size).toBe(1);
  const indexes = world.learning.pairs.map(({ index }) => index);
  expect(indexes).toEqual(indexes.map((_index, position) => position));
});
