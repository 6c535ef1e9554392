import { expect, test } from 'vitest';

import { rollback } from '../../src/workflows/messages.js';
import {
  aWorldWhere,
  bringToProbation,
  CANDIDATE,
  canaryTraffic,
  learnerWhere,
  OWNER,
  stored,
  traffic,
} from '../support/candidate-story.js';
import { aPool, BASELINE } from '../support/fake-learning.js';
import { houseOfFile } from '../support/house-of-file.js';
import { until } from '../support/poll.js';
import type { World } from '../support/workflow-house.js';

const house = houseOfFile();

function aWorld(): World {
  const world = aWorldWhere(house, 'is better');
  world.learning.looksIntoRollbacks = true;
  return world;
}

/** Taken back in probation, where replayed pairs come out like this. */
async function takenBack(world: World, score: World['task']['score']): Promise<void> {
  const carrier = await bringToProbation(house, world);
  world.task.score = score;
  await traffic(world, 20, 0);
  await carrier.result();
}

function told({ learning }: World) {
  return until('what it was', () => Promise.resolve(learning.explained[0]));
}

/** The learner has heard of the end, and nothing of it is left to look into. */
function nothingLeft(world: World) {
  return learnerWhere(
    house,
    world,
    'nothing left',
    ({ rollbacks, isDiagnosing }) => rollbacks === 1 && !isDiagnosing,
  );
}

function diagnosed({ learning }: World): boolean {
  return learning.draws.some(({ purpose }) => purpose === 'diagnosis');
}

test('what is worse than what serves since is found to be a regression, once', async () => {
  const world = aWorld();
  world.learning.pool = aPool(200);

  await takenBack(world, ({ run }) => (run?.version === BASELINE ? 1 : 0));
  const { candidate, conclusion, detail } = await told(world);
  await nothingLeft(world);

  expect(candidate).toBe(world.learning.candidate.id);
  expect(conclusion).toBe('regression');
  expect(detail).toMatchObject({
    purpose: 'probation',
    pairs: expect.any(Number),
    seed: expect.any(Number),
    version: CANDIDATE,
    baseline: BASELINE,
    alarm: { stage: 'probation', test: 'promotion monitor, all', reason: expect.any(String) },
  });
  expect(world.learning.explained).toHaveLength(1);
  expect(world.learning.active).toBe(BASELINE);
  expect(world.learning.journal.at(-1)).toEqual({ kind: 'diagnosed', candidate });
});

test('what is no worse than what serves since fell with the world: drift, with failures to learn from', async () => {
  const world = aWorld();
  world.learning.pool = aPool(200);

  await takenBack(world, () => 0);
  const { conclusion, episodes } = await told(world);

  expect(conclusion).toBe('drift');
  expect(episodes.length).toBeGreaterThan(0);
  // Nothing comes back by it.
  expect(world.learning.active).toBe(BASELINE);
  expect(world.learning.candidate.state).toBe('rolled-back');
});

test('with too few tasks to tell, neither is found, and it stays back', async () => {
  const world = aWorld();

  const carrier = await bringToProbation(house, world);
  world.learning.pool = aPool(3);
  world.task.score = () => 0;
  await traffic(world, 20, 0);
  await carrier.result();

  expect(await told(world)).toMatchObject({ conclusion: 'unresolved', detail: { pairs: 3 } });
});

test('where one slice lost it is replayed on tasks of that slice alone', async () => {
  const world = aWorld();
  world.learning.isScopable = false;
  world.learning.strata = ['easy', 'hard'].map((kind) => ({
    slices: { kind },
    n: 100,
    failures: 5,
  }));
  const carrier = await bringToProbation(house, world);

  await world.learning.live(
    Array.from({ length: 24 }, (_none, at) =>
      at % 2 === 0
        ? { success: 1, slices: { kind: 'easy' } }
        : { success: 0, slices: { kind: 'hard' } },
    ),
  );
  await carrier.result();
  const { detail } = await told(world);

  const draw = world.learning.draws.find(({ purpose }) => purpose === 'diagnosis');
  expect(draw).toMatchObject({ slice: 'kind=hard' });
  expect(detail).toMatchObject({ slice: 'kind=hard' });
});

test('a canary has its controls beside it: there is nothing to look into', async () => {
  const world = aWorld();
  const carrier = await house.startReflection(world, 'e1');
  await stored(world, 'canary');

  await canaryTraffic(world, 40, { canary: 0, control: 1 });
  const { end } = await carrier.result();
  await nothingLeft(world);

  expect(end).toBe('rolled-back');
  expect(diagnosed(world)).toBe(false);
});

test('what a person took back in probation is not looked into', async () => {
  const world = aWorld();
  const carrier = await bringToProbation(house, world);

  await carrier.executeUpdate(rollback, { args: [OWNER] });
  await carrier.result();
  await nothingLeft(world);

  expect(world.learning.last('rolled-back')?.actor.role).toBe('owner');
  expect(diagnosed(world)).toBe(false);
});

test('nor is a critical category that grew, of which replayed pairs say nothing', async () => {
  const world = aWorld();
  world.learning.strata = [{ slices: {}, n: 300, failures: 200, categories: { wrong: 200 } }];
  world.learning.criticalCategories = ['data-loss'];
  const carrier = await bringToProbation(house, world);

  await world.learning.live(
    Array.from({ length: 12 }, () => ({ success: 0, category: 'data-loss' })),
  );
  const { reason } = await carrier.result();
  await nothingLeft(world);

  expect(reason).toContain('data-loss');
  expect(diagnosed(world)).toBe(false);
});
