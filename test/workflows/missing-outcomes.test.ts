import { afterEach, beforeEach, expect, test } from 'vitest';

import { candidateProgress, learnerState } from '../../src/workflows/messages.js';
import {
  aWorldWhere,
  bringToProbation,
  CANDIDATE,
  canaryTraffic,
  SHORT_ROLLOUT,
  stored,
  throughCanary,
  traffic,
} from '../support/candidate-story.js';
import { BASELINE } from '../support/fake-learning.js';
import { until } from '../support/poll.js';
import { openWorkflowHouse, type World, type WorkflowHouse } from '../support/workflow-house.js';

let house: WorkflowHouse;

// Time passes in each of them, so each has a clock of its own.
beforeEach(async () => {
  house = await openWorkflowHouse();
});

afterEach(() => house.close());

function aWorld(): World {
  const world = aWorldWhere(house, 'is better');
  world.learning.plan = {
    rollout: {
      ...SHORT_ROLLOUT,
      probation: { outcomes: 80, minOutcomes: 10, durationMs: 600_000 },
    },
  };
  // With more, pairs under way are cancelled with the verdict, and then this server skips no time.
  world.learning.policy = { concurrency: 1 };
  return world;
}

test('an agent whose outcomes often never come is judged by the same share as before', async () => {
  const world = aWorld();
  const { learning } = world;
  learning.strata = [{ slices: {}, n: 150, failures: 0 }];
  // One in four of the last day was not known yet when the reference was taken, and never is.
  learning.pending = Array.from({ length: 50 }, (_none, index) => -index);
  const carrier = await bringToProbation(house, world);

  await learning.late(learning.pending.map((number) => ({ number, success: null })));
  await learning.live(
    Array.from({ length: 80 }, (_none, index) => ({ success: index % 4 === 3 ? null : 1 })),
  );

  expect((await carrier.result()).end).toBe('promoted');
});

test('a probation whose outcomes are missing in number ends in rollback, whatever the others say', async () => {
  const world = aWorld();
  const carrier = await bringToProbation(house, world);

  await world.learning.unknown(60);
  await traffic(world, 80, 1);
  const { end, reason } = await carrier.result();

  expect(end).toBe('rolled-back');
  expect(reason).toMatch(/^outcomes of 60 tasks never came in probation/);
  expect(world.learning.active).toBe(BASELINE);
});

test('a probation passes over the few that could change nothing, and the watch still asks for them', async () => {
  const world = aWorld();
  const carrier = await bringToProbation(house, world);

  await world.learning.unknown(2);
  await traffic(world, 80, 1);
  const { end } = await carrier.result();
  const asked = await until('a read of the learner', () =>
    Promise.resolve(world.learning.reads.find(({ candidate }) => candidate === null)),
  );

  expect(end).toBe('promoted');
  expect(asked.passedOver).toHaveLength(2);
});

test('a canary whose own outcomes hang is not advanced, and ends in rollback', async () => {
  const world = aWorld();
  const carrier = await house.startReflection(world, 'e1');
  await stored(world, 'canary');

  await world.learning.unknown(40, { arm: 'canary', version: CANDIDATE });
  await canaryTraffic(world, 10, { canary: 1, control: 1 });
  const { end, reason } = await carrier.result();

  expect(world.learning.canaryShares).toEqual([0.25]);
  expect(end).toBe('rolled-back');
  expect(reason).toMatch(/^outcomes of 40 tasks never came in canary/);
});

test('a canary that serves a customer alone is compared with the others, and its harm found', async () => {
  const world = aWorld();
  world.learning.strata = ['a', 'b'].map((customer) => ({
    slices: { customer },
    n: 150,
    failures: 5,
  }));
  const carrier = await house.startReflection(world, 'e1');
  await stored(world, 'canary');

  await world.learning.live(
    Array.from({ length: 60 }, () => [
      { success: 1, slices: { customer: 'b' } },
      { success: 0, slices: { customer: 'a' }, version: CANDIDATE, arm: 'canary' as const },
    ]).flat(),
  );
  const { end, reason } = await carrier.result();

  expect(end).toBe('rolled-back');
  expect(reason).toContain('alarm in canary');
});

test('a canary without any control passes no stage', async () => {
  const world = aWorld();
  const carrier = await house.startReflection(world, 'e1');
  await stored(world, 'canary');

  await world.learning.live(
    Array.from({ length: 40 }, () => ({
      success: 1,
      version: CANDIDATE,
      arm: 'canary' as const,
    })),
  );
  const { end, reason } = await carrier.result();

  expect(world.learning.canaryShares).toEqual([0.25]);
  expect(end).toBe('rolled-back');
  expect(reason).toContain('had nothing to be compared with');
});

test('a canary that serves a customer alone goes on where nobody fares worse', async () => {
  const world = aWorld();
  const carrier = await house.startReflection(world, 'e1');
  await stored(world, 'canary');

  const stage = await until('probation', async () => {
    await world.learning.live([
      { success: 1, slices: { customer: 'b' } },
      { success: 1, slices: { customer: 'a' }, version: CANDIDATE, arm: 'canary' as const },
    ]);
    const progress = await carrier.query(candidateProgress);
    return progress.stage === 'probation' ? progress.stage : undefined;
  });

  expect(stage).toBe('probation');
  expect((await house.learnerOf(world).query(learnerState)).isArmed).toBe(true);
});

test('what would serve every task at once waits until there is a past to tell a loss by', async () => {
  const world = aWorld();
  const { learning } = world;
  learning.strata = [];
  learning.plan = {
    rollout: {
      stages: [{ share: 1, minOutcomes: 1, minDurationMs: 0 }],
      probation: { outcomes: 20, minOutcomes: 10, durationMs: 600_000 },
    },
  };
  const carrier = await house.startReflection(world, 'e1');
  const details = await until('its wait', async () => {
    const { currentDetails } = await carrier.query<{ readonly currentDetails: string }>(
      '__temporal_workflow_metadata',
    );
    return currentDetails.includes('waits') ? currentDetails : undefined;
  });
  const before = [...learning.canaryShares];

  learning.strata = [{ slices: {}, n: 5, failures: 0 }];
  await house.env.client.workflow.getHandle(carrier.workflowId).signal('outcomesWaiting');
  await stored(world, 'canary');

  expect(details).toContain('too few outcomes of what serves are known to tell a loss by');
  expect(before).toEqual([]);
  expect(learning.canaryShares).toEqual([1]);
});

test('a probation in which nothing could be compared ends in rollback, however well it went', async () => {
  const world = aWorld();
  const carrier = await house.startReflection(world, 'e1');
  await stored(world, 'canary');
  world.learning.strata = [];
  await throughCanary(world);
  await stored(world, 'probation');

  await traffic(world, 80, 1);
  const { end, reason } = await carrier.result();

  expect(end).toBe('rolled-back');
  expect(reason).toContain('had nothing to be compared with: it was never tested');
});
