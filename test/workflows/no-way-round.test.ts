import { expect, test } from 'vitest';

import { abort, approve, force, learnerState, rollback } from '../../src/workflows/messages.js';
import {
  aWorldWhere,
  canaryTraffic,
  OWNER,
  reach,
  stored,
  type Carrier,
} from '../support/candidate-story.js';
import { BASELINE } from '../support/fake-learning.js';
import { houseOfFile } from '../support/house-of-file.js';
import { until } from '../support/poll.js';
import type { World } from '../support/workflow-house.js';

const house = houseOfFile();

function aWorld(candidate: Parameters<typeof aWorldWhere>[1]): World {
  return aWorldWhere(house, candidate);
}

async function waiting(world: World): Promise<Carrier> {
  const carrier = await house.startReflection(world, 'e1');
  await reach(carrier, 'waiting');
  return carrier;
}

test.each([
  ['inconclusive', 'is no different', { maxPairs: 25 }, {}],
  ['hold for want of budget', 'is better', {}, { isOutOfBudget: true }],
] as const)('B9: no approval leads from %s to a canary', async (_name, is, policy, plan) => {
  const world = aWorld(is);
  world.learning.policy = { ...policy, concurrency: 1 };
  world.learning.plan = { ...world.learning.plan, ...plan };
  const carrier = await waiting(world);

  await carrier.executeUpdate(approve, { args: [OWNER] });
  const { end } = await carrier.result();

  expect(end).toBe('rejected');
  expect(world.learning.canaryShares).toEqual([]);
  expect(world.learning.active).toBe(BASELINE);
});

test('a candidate that talks of its grading waits for a person, though it passed', async () => {
  const world = aWorld('is better');
  world.learning.plan = { ...world.learning.plan, review: 'it talks of its grading' };
  const carrier = await waiting(world);
  const shares = [...world.learning.canaryShares];

  await carrier.executeUpdate(approve, { args: [OWNER] });
  await stored(world, 'canary');

  expect(shares).toEqual([]);
  expect(world.learning.last('waiting')?.reason).toContain('it talks of its grading');
});

test('a judge that favours candidates promotes none without a person', async () => {
  const world = aWorld('is better');
  world.learning.policy = { isBiased: true };

  await waiting(world);

  expect(world.learning.verdicts.map(({ summary }) => summary.verdict)).toEqual(['pass']);
  expect(world.learning.last('waiting')?.reason).toContain('judge');
  expect(world.learning.canaryShares).toEqual([]);
});

test('the margin of the judge is part of what the gate decides by', async () => {
  const world = aWorld('is better');
  world.learning.policy = { m0: 0.05 };

  await house.startReflection(world, 'e1');
  await stored(world, 'canary');

  const policy = world.learning.verdicts[0]?.basis.policy;
  expect(policy?.m0).toBe(0.05);
  expect(policy?.deltaMin).toBeCloseTo(0.15, 12);
  expect(policy?.sliceMargin).toBeCloseTo(0.1, 12);
});

test('what was forced and is rolled back leaves one audit entry of each', async () => {
  const world = aWorld('is worse');
  world.learning.plan = { ...world.learning.plan, isOutOfBudget: true };
  const carrier = await waiting(world);

  await carrier.executeUpdate(force, { args: [OWNER] });
  await stored(world, 'canary');
  await carrier.executeUpdate(rollback, { args: [{ ...OWNER, actor: 'rolf' }] });
  const { end } = await carrier.result();

  expect(end).toBe('rolled-back');
  expect(world.learning.states()).toEqual([
    'evaluating',
    'waiting',
    'passed',
    'canary',
    'rolled-back',
  ]);
  expect(world.learning.audit.map(({ actor }) => actor.id)).toEqual([
    'ratchet',
    'ratchet',
    'olga',
    'olga',
    'rolf',
  ]);
});

test('a canary that does harm at its first share never gets the second', async () => {
  const world = aWorld('is better');
  const carrier = await house.startReflection(world, 'e1');
  await stored(world, 'canary');

  await canaryTraffic(world, 9, { canary: 0, control: 1 });
  await canaryTraffic(world, 40, { canary: 0, control: 1 });
  const { end } = await carrier.result();

  expect(end).toBe('rolled-back');
  expect(world.learning.canaryShares).toEqual([0.25]);
  expect(world.learning.canary).toBeNull();
});

test('of two words that race at a canary one wins and leaves the only entry', async () => {
  const world = aWorld('is better');
  const carrier = await house.startReflection(world, 'e1');
  await stored(world, 'canary');
  const before = world.learning.audit.length;

  const answers = await Promise.allSettled([
    carrier.executeUpdate(abort, { args: [OWNER] }),
    carrier.executeUpdate(rollback, { args: [OWNER] }),
  ]);
  const { end } = await carrier.result();

  expect(answers.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  expect(world.learning.audit.slice(before).map(({ to }) => to)).toEqual([end]);
});

test('of a promotion and a rollback that race one wins, and leaves one entry', async () => {
  const world = aWorld('is better');
  const carrier = await house.startReflection(world, 'e1');
  await stored(world, 'canary');
  await canaryTraffic(world, 10, { canary: 1, control: 1 });
  await until('the second stage', () =>
    Promise.resolve(world.learning.canaryShares.length === 2 ? true : undefined),
  );
  const before = world.learning.audit.length;

  // The last outcomes of the canary, and a person who takes it back.
  await Promise.all([
    canaryTraffic(world, 10, { canary: 1, control: 1 }),
    carrier.executeUpdate(rollback, { args: [OWNER] }),
  ]);
  const { end } = await carrier.result();

  const told = world.learning.audit.slice(before).map(({ to }) => to);
  expect(end).toBe('rolled-back');
  expect(told.filter((to) => to === 'rolled-back')).toHaveLength(1);
  expect(told.filter((to) => to === 'probation').length).toBeLessThanOrEqual(1);
  expect(world.learning.active).toBe(BASELINE);
  expect(world.learning.canary).toBeNull();
});

test('one learner keeps promoting where nothing was rolled back', async () => {
  const world = aWorld('is better');
  await house.startReflection(world, 'e1');
  await stored(world, 'canary');

  const state = await until('a learner', () => house.learnerOf(world).query(learnerState));

  expect(state).toMatchObject({ isArmed: true, rollbacks: 0, discordance: null });
});
