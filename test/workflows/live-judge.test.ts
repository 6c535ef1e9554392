import { afterAll, beforeAll, expect, test } from 'vitest';

import { UNJUDGED } from '../../src/domain/judging.js';
import { until } from '../support/poll.js';
import { openWorkflowHouse, type World, type WorkflowHouse } from '../support/workflow-house.js';

let house: WorkflowHouse;

beforeAll(async () => {
  house = await openWorkflowHouse();
});

afterAll(() => house.close());

/** An agent whose evaluators cannot tell what came of a task. */
function aWorld(reflects: 'always' | 'informative' | 'never'): World {
  const world = house.world();
  world.task.context = { reflects };
  world.task.score = () => null;
  world.task.category = () => UNJUDGED;
  return world;
}

const reflectionOf = ({ scope }: World, task: string) =>
  house.env.client.workflow.getHandle(`reflect/${scope.tenant}.${task}`);

test('a live outcome without a checker is judged, and the task does not wait for it', async () => {
  const world = aWorld('always');
  let isOver = false;
  world.task.judgement = async () => {
    await until('the end of the task', () => Promise.resolve(isOver ? true : undefined));
    return 1;
  };

  const { end } = await house.resultOf(await house.startTask(world, 't1'));
  isOver = true;
  const reflected: unknown = await reflectionOf(world, 't1').result();

  expect(end).toBe('done');
  expect(world.task.judged).toEqual([`${world.scope.tenant}.t1`]);
  expect(reflected).toMatchObject({ end: 'nothing-learned', reason: 'routine-success' });
  expect([...world.learning.reflected.values()]).toEqual(['routine-success']);
});

test('what the judge calls a failure is learned from like any other', async () => {
  const world = aWorld('informative');
  world.task.judgement = () => 0;
  world.learning.refusal = { code: 'leak', message: 'it names the answer' };

  await house.resultOf(await house.startTask(world, 't1'));
  const reflected: unknown = await reflectionOf(world, 't1').result();

  expect(reflected).toMatchObject({
    end: 'nothing-learned',
    reason: expect.stringContaining('leak'),
  });
});

test('an agent that learns nothing has its outcomes judged all the same, for its monitors', async () => {
  const world = aWorld('never');
  world.task.judgement = () => 0;

  await house.resultOf(await house.startTask(world, 't1'));
  const reflected: unknown = await reflectionOf(world, 't1').result();

  expect(reflected).toMatchObject({ end: 'nothing-learned', reason: 'judged' });
  expect(world.task.judged).toHaveLength(1);
  expect(world.learning.candidates.size).toBe(0);
});

test('an outcome that an evaluator could tell costs no judgement', async () => {
  const world = aWorld('always');
  world.task.score = () => 0;
  world.task.category = () => 'wrong-rows';
  world.learning.refusal = { code: 'leak', message: 'it names the answer' };

  await house.resultOf(await house.startTask(world, 't1'));
  await reflectionOf(world, 't1').result();

  expect(world.task.judged).toEqual([]);
});
