import { afterEach, beforeEach, expect, test } from 'vitest';

import { UNJUDGED } from '../../src/domain/judging.js';
import { candidateProgress, force, freeze, unfreeze } from '../../src/workflows/messages.js';
import {
  aWorldWhere,
  bringToProbation,
  canaryTraffic,
  DAY_MS,
  OWNER,
  reach,
  SHORT_ROLLOUT,
  stored,
  traffic,
} from '../support/candidate-story.js';
import { aPool, BASELINE } from '../support/fake-learning.js';
import { until } from '../support/poll.js';
import { openWorkflowHouse, type World, type WorkflowHouse } from '../support/workflow-house.js';

let house: WorkflowHouse;

// Days pass in each of them, so each has a clock of its own.
beforeEach(async () => {
  house = await openWorkflowHouse();
});

afterEach(() => house.close());

function aWorld(candidate: Parameters<typeof aWorldWhere>[1] = 'is better'): World {
  const world = aWorldWhere(house, candidate);
  // With more, pairs under way are cancelled with the verdict, and then this server skips no time.
  world.learning.policy = { concurrency: 1 };
  return world;
}

test('finds out that it was merged even where the learner died before telling', async () => {
  const world = aWorld();
  world.learning.pool = aPool(5);
  await house.startReflection(world, 'e1');
  await stored(world, 'evaluating');
  world.learning.isMute = true;

  const result = await (await house.startReflection(world, 'e2')).result();

  expect(result).toMatchObject({ end: 'merged', candidate: world.learning.candidate.id });
});

test('rejects a candidate that nobody approved within three days', async () => {
  const world = aWorld();
  world.learning.plan = { permission: 'approve', rollout: SHORT_ROLLOUT };
  const carrier = await house.startReflection(world, 'e1');
  await reach(carrier, 'waiting');
  const startMs = await house.env.currentTimeMs();

  await house.env.sleep(2.9 * DAY_MS);
  const before = await carrier.query(candidateProgress);
  const result = await carrier.result();

  expect(before.stage).toBe('waiting');
  expect(result.end).toBe('rejected');
  expect(result.reason).toMatch(/^expired: nobody said approve in time/);
  expect((await house.env.currentTimeMs()) - startMs).toBeGreaterThanOrEqual(3 * DAY_MS);
});

test('a candidate held for want of budget goes to its canary by force, and not past it', async () => {
  const world = aWorld();
  world.learning.plan = { isOutOfBudget: true, rollout: SHORT_ROLLOUT };
  const carrier = await house.startReflection(world, 'e1');
  await reach(carrier, 'waiting');

  await carrier.executeUpdate(force, { args: [OWNER] });
  await stored(world, 'canary');
  await house.env.sleep('1 hour');

  expect(world.learning.states().at(-1)).toBe('canary');
  expect(world.learning.active).toBe(BASELINE);
  expect(world.learning.last('canary')?.actor).toEqual({ id: 'olga', role: 'owner' });
  expect(world.learning.reservations.size).toBe(0);
});

test('rolls back when live quality drops on day two of a probation of seven days', async () => {
  const world = aWorld();
  const long = { outcomes: 200, minOutcomes: 30, durationMs: 7 * DAY_MS };
  world.learning.plan = { rollout: { ...SHORT_ROLLOUT, probation: long } };
  const carrier = await bringToProbation(house, world);
  await traffic(world, 20, 1);
  await house.env.sleep('1 day');
  const dayOne = await carrier.query(candidateProgress);
  await house.env.sleep('12 hours');

  await traffic(world, 30, 0);
  const result = await carrier.result();

  expect(dayOne.stage).toBe('probation');
  expect(result.end).toBe('rolled-back');
  expect(result.reason).toMatch(/^alarm in probation/);
  expect(world.learning.active).toBe(BASELINE);
});

test('probation ends by time once it has its least outcomes, and never without them', async () => {
  const world = aWorld();
  const long = { outcomes: 200, minOutcomes: 10, durationMs: 7 * DAY_MS };
  world.learning.plan = { rollout: { ...SHORT_ROLLOUT, probation: long } };
  const carrier = await bringToProbation(house, world);
  await traffic(world, 9, 1);
  await house.env.sleep('8 days');
  const late = await carrier.query(candidateProgress);

  await traffic(world, 1, 1);
  const result = await carrier.result();

  expect(late.stage).toBe('probation');
  expect(result).toMatchObject({
    end: 'promoted',
    reason: 'probation of 10 outcomes without alarm',
  });
});

test('a canary that is frozen does not advance, and still rolls back on an alarm', async () => {
  const world = aWorld();
  const carrier = await house.startReflection(world, 'e1');
  await stored(world, 'canary');
  await house.learnerOf(world).executeUpdate(freeze, { args: [OWNER] });

  await canaryTraffic(world, 15, { canary: 1, control: 1 });
  await house.env.sleep('1 hour');
  const shares = [...world.learning.canaryShares];
  await canaryTraffic(world, 60, { canary: 0, control: 1 });
  const result = await carrier.result();

  expect(shares).toEqual([0.25]);
  expect(result.end).toBe('rolled-back');
});

test('a canary does not start while the agent is frozen, and starts when it is not any more', async () => {
  const world = aWorld();
  const carrier = await house.startReflection(world, 'e1');
  await until('a learner', () =>
    Promise.resolve(world.learning.candidates.size > 0 ? true : undefined),
  );
  await house.learnerOf(world).executeUpdate(freeze, { args: [OWNER] });
  await reach(carrier, 'passed');
  await house.env.sleep('1 day');
  const shares = [...world.learning.canaryShares];

  await house.learnerOf(world).executeUpdate(unfreeze, { args: [OWNER] });
  await stored(world, 'canary');

  expect(shares).toEqual([]);
  expect(world.learning.canaryShares).toEqual([0.25]);
});

test('outcomes that never come end in a rollback, and a quiet agent does not', async () => {
  const world = aWorld();
  const short = { outcomes: 120, minOutcomes: 10, durationMs: 600_000 };
  world.learning.plan = { rollout: { ...SHORT_ROLLOUT, probation: short } };
  const carrier = await bringToProbation(house, world);
  await traffic(world, 3, 1);
  await house.env.sleep('20 minutes');
  const quiet = await carrier.query(candidateProgress);

  await world.learning.unknown(12);
  const { end, reason } = await carrier.result();

  expect(quiet.stage).toBe('probation');
  expect(end).toBe('rolled-back');
  expect(reason).toMatch(/^outcomes of 12 tasks never came/);
});

test('what nobody judged is no failure of a promotion, which does not stay unseen either', async () => {
  const world = aWorld();
  const short = { outcomes: 120, minOutcomes: 10, durationMs: 600_000 };
  world.learning.plan = { rollout: { ...SHORT_ROLLOUT, probation: short } };
  const carrier = await bringToProbation(house, world);

  await world.learning.live(
    Array.from({ length: 30 }, () => ({ success: null, category: UNJUDGED, isVoid: true })),
  );
  await house.env.sleep('5 minutes');
  const during = await carrier.query(candidateProgress);
  const { reason } = await carrier.result();

  expect(during.stage).toBe('probation');
  expect(reason).toMatch(/^outcomes of 30 tasks never came/);
});

test('once a week baseline is set beside itself, and what pairs cannot show is held', async () => {
  const world = aWorld();
  world.learning.hasAaCheck = true;
  world.learning.maxPairs = 80;
  await house.env.client.workflow.start('learner', {
    workflowId: `learner/${world.scope.tenant}/${world.scope.agent}`,
    taskQueue: house.queue,
    args: [world.scope],
  });
  const flips = (task: string): boolean => Number(task.slice(1)) % 4 === 0;
  world.task.score = ({ run, task }) => {
    const isSecond = (run?.episode ?? '').endsWith('candidate');
    return flips(task) && isSecond !== (Number(task.slice(1)) % 8 === 0) ? 0 : 1;
  };
  await house.env.sleep('8 days');
  const checks = await until('a check', () =>
    Promise.resolve(world.learning.aaChecks.length > 0 ? world.learning.aaChecks : undefined),
  );

  const carrier = await house.startReflection(world, 'e1');
  await reach(carrier, 'waiting');

  expect(checks).toHaveLength(1);
  expect(checks[0]).toMatchObject({ isAlarmed: false, discordance: 0.25, baseline: BASELINE });
  expect(world.learning.last('waiting')?.reason).toBe('hold: underpowered');
  expect(world.learning.verdicts).toEqual([]);
});
