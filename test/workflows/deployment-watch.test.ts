import { expect, test } from 'vitest';

import { versionId } from '../../src/contracts/ids.js';
import { proposalsWaiting } from '../../src/workflows/messages.js';
import {
  aWorldWhere,
  bringToProbation,
  CANDIDATE,
  learnerWhere,
  traffic,
} from '../support/candidate-story.js';
import { aPool, BASELINE } from '../support/fake-learning.js';
import { houseOfFile } from '../support/house-of-file.js';
import { until } from '../support/poll.js';
import type { World } from '../support/workflow-house.js';

const house = houseOfFile();

const DEPLOYED = versionId('d1');

function aWorld(): World {
  const world = aWorldWhere(house, 'is better');
  world.learning.strata = [{ slices: {}, n: 300, failures: 15, categories: { wrong: 15 } }];
  return world;
}

/** New instructions serve from here on, and the learner is told. */
async function deploy({ scope, learning }: World, baseline = learning.active): Promise<void> {
  learning.deployment = { number: 2, version: DEPLOYED, baseline };
  learning.active = DEPLOYED;
  await house.env.client.workflow.signalWithStart('learner', {
    workflowId: `learner/${scope.tenant}/${scope.agent}`,
    taskQueue: house.queue,
    args: [scope],
    signal: proposalsWaiting,
    signalArgs: [],
  });
}

const noteOf = ({ learning }: World) =>
  until('a note', () => Promise.resolve(learning.notes.at(-1)));

test('a deployment that makes tasks fail is named in the audit and learned from, and moves no pointer', async () => {
  const world = aWorld();
  await deploy(world);

  await traffic(world, 20, 0);
  const note = await noteOf(world);

  expect(note).toMatchObject({
    to: `regression of ${DEPLOYED}`,
    detail: { baseline: BASELINE, version: DEPLOYED, test: 'promotion monitor, all' },
  });
  expect(note.reason).toContain('for a person to bring back');
  expect(world.learning.drifts[0]?.length).toBeGreaterThan(0);
  expect(world.learning.active).toBe(DEPLOYED);
});

test('a deployment in which a critical category appears is named at once', async () => {
  const world = aWorld();
  world.learning.criticalCategories = ['data-loss'];
  await deploy(world);

  await world.learning.live([{ success: 0, category: 'data-loss' }]);
  const note = await noteOf(world);

  expect(note.detail).toMatchObject({ test: 'critical category data-loss', n: 1 });
});

test('a deployment that changed nothing survives its probation, and what comes later is still seen', async () => {
  const world = aWorld();
  await deploy(world);
  await learnerWhere(house, world, 'a probation', ({ deployment }) => deployment === DEPLOYED);

  await traffic(world, 41, 1);
  await learnerWhere(house, world, 'its end', ({ deployment }) => deployment === null);
  expect(world.learning.notes).toEqual([]);
  await traffic(world, 12, 0);
  const note = await noteOf(world);

  expect(note).toMatchObject({
    to: `regression of ${DEPLOYED}`,
    detail: { test: 'standing watch, all' },
  });
});

test('a promotion is watched on under what was deployed after it, and replays part the two', async () => {
  const world = aWorld();
  const carrier = await bringToProbation(house, world);
  await traffic(world, 30, 1);
  await carrier.result();
  await learnerWhere(house, world, 'a watch', ({ watched }) => watched !== null);
  world.learning.pool = aPool(200);
  world.task.score = () => 0;

  await deploy(world, CANDIDATE);
  await learnerWhere(house, world, 'a probation', ({ deployment }) => deployment === DEPLOYED);
  await traffic(world, 12, 0);
  await until('a diagnosis', () =>
    Promise.resolve(world.learning.diagnoses.length > 0 ? true : undefined),
  );

  expect(world.learning.diagnoses).toMatchObject([{ conclusion: 'drift' }]);
  expect(world.learning.diagnoses[0]?.detail).toMatchObject({
    version: CANDIDATE,
    baseline: BASELINE,
  });
});
