import { expect, test } from 'vitest';

import {
  aWorldWhere,
  bringToProbation,
  CANDIDATE,
  learnerWhere,
  stored,
  traffic,
} from '../support/candidate-story.js';
import { BASELINE } from '../support/fake-learning.js';
import { houseOfFile } from '../support/house-of-file.js';
import { until } from '../support/poll.js';
import type { World } from '../support/workflow-house.js';

const house = houseOfFile();

const CATEGORY = 'data-loss';

/** An agent that never lost data, and whose failures are no fewer than before. */
function aWorld(critical: readonly string[]): World {
  const world = aWorldWhere(house, 'is better');
  world.learning.strata = [{ slices: {}, n: 300, failures: 200, categories: { wrong: 200 } }];
  world.learning.criticalCategories = critical;
  return world;
}

/** Failures, of which every one is a loss of data for the version that serves. */
function losses({ learning }: World, count: number): Promise<void> {
  return learning.live(Array.from({ length: count }, () => ({ success: 0, category: CATEGORY })));
}

test('a canary that fails no more often, but loses data, is taken back', async () => {
  const world = aWorld([CATEGORY]);
  const carrier = await house.startReflection(world, 'e1');
  await stored(world, 'canary');

  await world.learning.live(
    Array.from({ length: 12 }, () => [
      { success: 0, category: 'wrong' },
      { success: 0, category: CATEGORY, version: CANDIDATE, arm: 'canary' as const },
    ]).flat(),
  );
  const { end, reason } = await carrier.result();

  expect(end).toBe('rolled-back');
  expect(reason).toContain(`critical category ${CATEGORY}`);
  expect(world.learning.last('rolled-back')?.detail).toMatchObject({
    stage: 'canary',
    automatic: true,
    category: CATEGORY,
    test: `critical category ${CATEGORY} in the canary`,
    threshold: Math.log(20),
  });
});

test('the same canary goes on where nobody called the category critical', async () => {
  const world = aWorld([]);
  await house.startReflection(world, 'e1');
  await stored(world, 'canary');

  await world.learning.live(
    Array.from({ length: 12 }, () => [
      { success: 0, category: 'wrong' },
      { success: 0, category: CATEGORY, version: CANDIDATE, arm: 'canary' as const },
    ]).flat(),
  );
  await until('the second stage', () =>
    Promise.resolve(world.learning.canaryShares.length === 2 ? true : undefined),
  );

  expect(world.learning.canary).not.toBeNull();
});

test('a promotion that loses data in probation is taken back, though no stratum fell', async () => {
  const world = aWorld([CATEGORY]);
  const carrier = await bringToProbation(house, world);

  await losses(world, 2);
  const { end } = await carrier.result();

  expect(end).toBe('rolled-back');
  expect(world.learning.active).toBe(BASELINE);
  expect(world.learning.last('rolled-back')?.detail).toMatchObject({
    stage: 'probation',
    category: CATEGORY,
    test: `critical category ${CATEGORY}`,
    n: 1,
  });
});

test('after probation it is taken back at once, and nobody waits for a diagnosis', async () => {
  const world = aWorld([CATEGORY]);
  const carrier = await bringToProbation(house, world);
  await traffic(world, 30, 1);
  await carrier.result();
  await learnerWhere(house, world, 'a watch', ({ watched }) => watched !== null);

  await losses(world, 4);
  await until('a rollback', () =>
    Promise.resolve(world.learning.active === BASELINE ? true : undefined),
  );

  expect(world.learning.diagnoses).toEqual([]);
  expect(world.learning.last('rolled-back')).toMatchObject({
    reason: `critical category ${CATEGORY} grew after probation: taken back at once`,
    detail: { stage: 'standing', test: `critical category ${CATEGORY}` },
  });
});
