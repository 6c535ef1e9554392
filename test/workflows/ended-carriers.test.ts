import { CancelledFailure, WorkflowFailedError } from '@temporalio/client';
import { expect, test } from 'vitest';

import { NotFoundError } from '../../src/domain/errors.js';
import { force, learnerState } from '../../src/workflows/messages.js';
import { aWorldWhere, OWNER, reach, stored } from '../support/candidate-story.js';
import { houseOfFile } from '../support/house-of-file.js';
import { until } from '../support/poll.js';
import type { World } from '../support/workflow-house.js';

const house = houseOfFile();

function aWorld(): World {
  return aWorldWhere(house, 'is better');
}

/** What the learner still keeps for anybody. */
async function kept(world: World) {
  const state = await house.learnerOf(world).query(learnerState);
  const { evaluating, canary, canaryQueue, reserved } = state;
  return [...evaluating, ...(canary === null ? [] : [canary]), ...canaryQueue, ...reserved];
}

test('an evaluation that fails for good is inconclusive, and a person may force what it was of', async () => {
  const world = aWorld();
  world.learning.recordVerdict = () =>
    Promise.reject(new NotFoundError('candidate', 'gone', 'restore the store'));

  const carrier = await house.startReflection(world, 'e1');
  await reach(carrier, 'waiting');
  await until('its slot is free', async () => {
    const { evaluating } = await house.learnerOf(world).query(learnerState);
    return evaluating.length === 0 ? true : undefined;
  });
  await carrier.executeUpdate(force, { args: [OWNER] });
  await stored(world, 'canary');

  expect(world.learning.audit.find(({ to }) => to === 'waiting')?.reason).toBe(
    'inconclusive: its evaluation ended without a verdict (NotFoundError)',
  );
});

test('a workflow cancelled in its canary takes the canary back, and the learner keeps nothing', async () => {
  const world = aWorld();
  const carrier = await house.startReflection(world, 'e1');
  await stored(world, 'canary');

  await carrier.cancel();
  const failure = await carrier.result().catch((error: unknown) => error);

  expect(failure).toBeInstanceOf(WorkflowFailedError);
  expect(failure).toMatchObject({ cause: expect.any(CancelledFailure) as unknown });
  expect(world.learning.canary).toBeNull();
  expect(world.learning.candidate.state).toBe('rolled-back');
  expect(await kept(world)).toEqual([]);
  expect(world.learning.audit.at(-1)?.reason).toBe('its workflow ended without it: cancelled');
});

test('a workflow that fails during its evaluation ends its candidate first', async () => {
  const world = aWorld();
  world.learning.reserveAlpha = () =>
    Promise.reject(new NotFoundError('candidate', 'gone', 'restore the store'));

  const carrier = await house.startReflection(world, 'e1');
  const failure = await carrier.result().catch((error: unknown) => error);

  expect(failure).toBeInstanceOf(WorkflowFailedError);
  expect(world.learning.candidate.state).toBe('aborted');
  expect(await kept(world)).toEqual([]);
  expect(world.learning.audit.at(-1)?.reason).toBe('its workflow ended without it: NotFoundError');
});
