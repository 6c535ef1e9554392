import { expect, test } from 'vitest';

import { candidateProgress, learnerState, rearm } from '../../src/workflows/messages.js';
import {
  aWorldWhere,
  bringToProbation,
  canaryTraffic,
  learnerWhere,
  OWNER,
  reach,
  refusalOf,
  SHORT_ROLLOUT,
  stored,
  traffic,
} from '../support/candidate-story.js';
import { aPool, BASELINE } from '../support/fake-learning.js';
import { aReply } from '../support/fake-task.js';
import { houseOfFile } from '../support/house-of-file.js';
import { until } from '../support/poll.js';
import { aDraft } from '../support/store-builders.js';
import type { World } from '../support/workflow-house.js';

const house = houseOfFile();

const SLICES = [{ kind: 'easy' }, { kind: 'hard' }, { kind: 'odd' }] as const;

/** Three strata that did well before the promotion. */
function aWorld(): World {
  const world = aWorldWhere(house, 'is better');
  world.learning.strata = SLICES.map((slices) => ({ slices, n: 100, failures: 5 }));
  world.learning.plan = {
    rollout: {
      ...SHORT_ROLLOUT,
      probation: { outcomes: 120, minOutcomes: 10, durationMs: 600_000 },
    },
  };
  return world;
}

/** Rounds of one task a stratum, of which those named fail. */
function rounds({ learning }: World, count: number, failing: readonly string[]): Promise<void> {
  return learning.live(
    Array.from({ length: count }, () =>
      SLICES.map((slices) => ({ success: failing.includes(slices.kind) ? 0 : 1, slices })),
    ).flat(),
  );
}

test('leaves one slice that lost to the version before, and goes on with the rest', async () => {
  const world = aWorld();
  const carrier = await bringToProbation(house, world);

  await rounds(world, 12, ['hard']);
  await until('a scope', () =>
    Promise.resolve(world.learning.scoped.length > 0 ? true : undefined),
  );
  await rounds(world, 40, []);
  const { end } = await carrier.result();

  expect(world.learning.scoped).toEqual(['kind=hard']);
  expect(end).toBe('promoted');
  expect(world.learning.active).toBe('v1');
});

test('rolls back what lost in one slice where it cannot be narrowed', async () => {
  const world = aWorld();
  world.learning.isScopable = false;
  const carrier = await bringToProbation(house, world);

  await rounds(world, 12, ['hard']);
  const { end, reason } = await carrier.result();

  expect(end).toBe('rolled-back');
  expect(reason).toMatch(/^alarm in probation on kind=hard/);
  expect(world.learning.last('rolled-back')?.detail).toMatchObject({
    stage: 'probation',
    automatic: true,
    slice: 'kind=hard',
    test: expect.stringContaining('promotion monitor'),
    threshold: expect.any(Number),
    n: expect.any(Number),
  });
});

test('rolls back what lost everywhere', async () => {
  const world = aWorld();
  const carrier = await bringToProbation(house, world);

  await rounds(world, 20, ['easy', 'hard', 'odd']);

  expect((await carrier.result()).end).toBe('rolled-back');
  expect(world.learning.active).toBe(BASELINE);
});

test('a harder mix of tasks is drift, which the promotion has no part in', async () => {
  const world = aWorld();
  world.learning.strata = [
    { slices: { kind: 'easy' }, n: 270, failures: 3 },
    { slices: { kind: 'hard' }, n: 30, failures: 27 },
  ];
  const carrier = await bringToProbation(house, world);

  await world.learning.live(
    Array.from({ length: 60 }, (_none, index) => ({
      success: index % 10 === 0 ? 1 : 0,
      slices: { kind: 'hard' },
    })),
  );
  await until('a drift', () =>
    Promise.resolve(world.learning.drifts.length > 0 ? true : undefined),
  );
  const { stage } = await carrier.query(candidateProgress);

  expect(world.learning.drifts[0]).toHaveLength(5);
  expect(stage).toBe('probation');
  expect(world.learning.active).toBe('v1');
});

/** A promotion that survived its probation and is watched on, before any diagnosis ends. */
async function aWatchedPromotion(): Promise<World & { readonly endDiagnosis: () => void }> {
  const world = aWorldWhere(house, 'is better');
  const carrier = await bringToProbation(house, world);
  await traffic(world, 30, 1);
  await carrier.result();
  await learnerWhere(house, world, 'a watch', ({ watched }) => watched !== null);
  let isOver = false;
  world.learning.pool = aPool(20);
  world.task.reply = async () => {
    await until('the end', () => Promise.resolve(isOver ? true : undefined));
    return aReply({ text: 'done' });
  };
  return { ...world, endDiagnosis: () => (isOver = true) };
}

function diagnosed({ learning }: World): boolean {
  return learning.draws.some(({ purpose }) => purpose === 'diagnosis');
}

test('a slice that fell after probation is replayed on tasks of its own', async () => {
  const world = aWorld();
  const carrier = await bringToProbation(house, world);
  await rounds(world, 40, []);
  await carrier.result();
  await learnerWhere(house, world, 'a watch', ({ watched }) => watched !== null);

  await rounds(world, 5, ['hard']);
  await until('a diagnosis', () => Promise.resolve(diagnosed(world) ? true : undefined));

  const draw = world.learning.draws.find(({ purpose }) => purpose === 'diagnosis');
  expect(draw).toMatchObject({ slice: 'kind=hard' });
});

test('a severe loss after probation is taken back at once, though it fills one page', async () => {
  const world = await aWatchedPromotion();

  await traffic(world, 16, 0);
  await until('a rollback', () =>
    Promise.resolve(world.learning.active === BASELINE ? true : undefined),
  );

  world.endDiagnosis();
  const { reason, detail } = world.learning.last('rolled-back') ?? {};
  expect(diagnosed(world)).toBe(false);
  expect(world.learning.diagnoses).toEqual([]);
  expect(reason).toBe('a severe loss after probation: taken back at once');
  expect(detail).toMatchObject({ stage: 'standing', automatic: true, threshold: Math.log(40_000) });
  // Nothing is looked at past the crossing, though the page went on.
  expect(detail?.['outcomes']).toBeLessThan(10);
});

test('a loss that becomes severe does not wait for the diagnosis under way', async () => {
  const world = await aWatchedPromotion();

  await traffic(world, 6, 0);
  await until('a diagnosis', () => Promise.resolve(diagnosed(world) ? true : undefined));
  await traffic(world, 8, 0);
  await until('a rollback', () =>
    Promise.resolve(world.learning.active === BASELINE ? true : undefined),
  );

  world.endDiagnosis();
  expect(world.learning.diagnoses).toEqual([]);
  expect(world.learning.last('rolled-back')?.reason).toContain('severe');
});

test('a drift that makes what serves no worse than what served before keeps it, however large', async () => {
  const world = aWorldWhere(house, 'is better');
  // What a rollback would bring back failed three times in five; the promotion hardly ever did.
  world.learning.strata = [{ slices: {}, n: 300, failures: 180 }];
  world.learning.ownStrata = [{ slices: {}, n: 300, failures: 3 }];
  const carrier = await bringToProbation(house, world);
  await traffic(world, 30, 1);
  await carrier.result();
  await learnerWhere(house, world, 'a watch', ({ watched }) => watched !== null);
  world.task.score = () => 0;
  world.learning.pool = aPool(200);

  await world.learning.live(Array.from({ length: 40 }, (_none, index) => ({ success: index % 2 })));
  await until('a diagnosis', () =>
    Promise.resolve(world.learning.diagnoses.length > 0 ? true : undefined),
  );

  // The gain is gone, which is looked into: nobody takes back what is no worse than what was there before.
  expect(world.learning.diagnoses).toMatchObject([
    { conclusion: 'drift', detail: { purpose: 'benefit' } },
  ]);
  expect(world.learning.active).toBe('v1');
});

test('tasks that end in other ways than they did are told of, and nothing is taken back', async () => {
  const world = aWorldWhere(house, 'is better');
  const known = { slices: {}, n: 500, failures: 10, categories: { ok: 490, 'wrong-rows': 10 } };
  world.learning.ownStrata = [known];
  const carrier = await bringToProbation(house, world);
  await traffic(world, 30, 1);
  await carrier.result();
  const learner = house.learnerOf(world);
  await learnerWhere(house, world, 'a watch', ({ watched }) => watched !== null);

  await world.learning.live(
    Array.from({ length: 20 }, () => ({ success: 1, category: 'ok-but-slow' })),
  );
  const [found] = await until('a shift', () =>
    Promise.resolve(
      world.learning.categoryShifts.length > 0 ? world.learning.categoryShifts : undefined,
    ),
  );
  await traffic(world, 20, 1);
  const details = await until('the details', async () => {
    const { currentDetails } = await learner.query<{ readonly currentDetails: string }>(
      '__temporal_workflow_metadata',
    );
    return currentDetails.includes('Categories shifted') ? currentDetails : undefined;
  });

  expect(found?.shift).toMatchObject({ threshold: Math.log(20), n: expect.any(Number) });
  expect(found?.shift.shares.map(({ category }) => category)).toContain('(unseen)');
  expect(details).toContain('(unseen) 0.002 to 1.000');
  expect(world.learning.categoryShifts).toHaveLength(1);
  expect(world.learning.draws.filter(({ purpose }) => purpose === 'diagnosis')).toEqual([]);
  expect(world.learning.active).toBe('v1');
});

test('no bundle closes while an alarm is looked into: what a drift teaches belongs in it', async () => {
  const world = aWorldWhere(house, 'is better');
  world.learning.draftsOf = (episode) => [aDraft(`table-of-${episode}`)];
  const carrier = await bringToProbation(house, world);
  await traffic(world, 30, 1);
  await carrier.result();
  await learnerWhere(house, world, 'a watch', ({ watched }) => watched !== null);
  let isOver = false;
  world.learning.pool = aPool(20);
  world.task.reply = async () => {
    await until('the end', () => Promise.resolve(isOver ? true : undefined));
    return aReply({ text: 'done' });
  };
  await traffic(world, 6, 0);
  await learnerWhere(house, world, 'a diagnosis', ({ isDiagnosing }) => isDiagnosing);

  await house.startReflection(world, 'e2');
  await until('a second candidate', () =>
    Promise.resolve(world.learning.candidates.size === 2 ? true : undefined),
  );
  // The learner has read the proposal and looked for a bundle to close by the time it answers this.
  await house.learnerOf(world).executeUpdate(rearm, { args: [OWNER] });
  const during = [...world.learning.candidates.values()].at(-1)?.state;
  isOver = true;
  await stored(world, 'evaluating');

  expect(during).toBe('open');
  expect(world.learning.diagnoses).toHaveLength(1);
});

test('three rollbacks switch automatic promotion off until a person re-arms', async () => {
  const world = aWorldWhere(house, 'is better');
  const { learning, task } = world;
  learning.draftsOf = (episode) => [aDraft(`table-of-${episode}`)];
  task.score = ({ run }) => (run?.version === BASELINE ? 0 : 1);
  for (const number of [1, 2, 3]) {
    const carrier = await house.startReflection(world, `e${String(number)}`);
    await stored(world, 'canary');
    const version = [...learning.candidates.values()].at(-1)?.version;
    await canaryTraffic(world, 40, { canary: 0, control: 1 }, version);
    await carrier.result();
  }
  const shares = learning.canaryShares.length;

  const fourth = await house.startReflection(world, 'e4');
  await reach(fourth, 'passed');
  const off = await house.learnerOf(world).query(learnerState);
  const stale = { ...OWNER, expectedVersion: 'v-earlier' };
  const refusal = await refusalOf(house.learnerOf(world).executeUpdate(rearm, { args: [stale] }));
  const before = learning.canaryShares.length;
  await house.learnerOf(world).executeUpdate(rearm, { args: [OWNER] });
  await stored(world, 'canary');

  expect(off).toMatchObject({ isArmed: false, rollbacks: 3, canary: null });
  expect(learning.disarmed).toEqual(['3 rollbacks in epoch 1']);
  expect(refusal).toContain('rearm: found version v0 active');
  expect(before).toBe(shares);
  expect((await house.learnerOf(world).query(learnerState)).isArmed).toBe(true);
});
