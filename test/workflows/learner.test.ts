import { expect, test } from 'vitest';

import { episodeId } from '../../src/contracts/ids.js';
import {
  approve,
  freeze,
  learnerState,
  keep,
  pin,
  reserve,
  unfreeze,
  veto,
} from '../../src/workflows/messages.js';
import {
  aWorldWhere,
  bringToProbation,
  canaryTraffic,
  learnerWhere,
  OWNER,
  reach,
  stored,
  traffic,
} from '../support/candidate-story.js';
import { aPool, BASELINE } from '../support/fake-learning.js';
import { houseOfFile } from '../support/house-of-file.js';
import { until } from '../support/poll.js';
import { aDraft } from '../support/store-builders.js';
import type { World } from '../support/workflow-house.js';

const house = houseOfFile();

function aWorld(candidate: Parameters<typeof aWorldWhere>[1] = 'is better'): World {
  return aWorldWhere(house, candidate);
}

/** Every episode proposes something of its own. */
function withOwnLessons(world: World): void {
  world.learning.draftsOf = (episode) => [aDraft(`table-of-${episode}`)];
}

function startLearner(world: World) {
  const { tenant, agent } = world.scope;
  return house.env.client.workflow.start('learner', {
    workflowId: `learner/${tenant}/${agent}`,
    taskQueue: house.queue,
    args: [{ tenant, agent }],
  });
}

test('reserves one level for a candidate, however often it is asked', async () => {
  const world = aWorld();
  world.learning.pool = aPool(5);
  await house.startReflection(world, 'e1');
  await stored(world, 'evaluating');
  const { id: candidate } = world.learning.candidate;
  await learnerWhere(house, world, 'a reservation', ({ reservations }) => reservations === 1);

  const again = await Promise.all(
    Array.from({ length: 5 }, () =>
      house.learnerOf(world).executeUpdate(reserve, { args: [{ candidate }] }),
    ),
  );

  const { reservations, spent } = await house.learnerOf(world).query(learnerState);
  expect(
    new Set([...again.map(({ alpha }) => alpha), ...world.learning.reservations.values()]).size,
  ).toBe(1);
  expect(reservations).toBe(1);
  expect(spent).toBeCloseTo(again[0]?.alpha ?? 0, 12);
});

test('gives the second candidate what the first left of the error budget', async () => {
  const world = aWorld('is worse');
  withOwnLessons(world);

  await (await house.startReflection(world, 'e1')).result();
  await (await house.startReflection(world, 'e2')).result();

  const [first = 0, second = 0] = world.learning.reservations.values();
  expect(first).toBeCloseTo(0.005, 12);
  expect(second).toBeCloseTo(0.05 * (0.1 - first), 12);
});

test('evaluates one candidate at a time', async () => {
  const world = aWorld('is no different');
  withOwnLessons(world);
  world.learning.policy = { maxPairs: 25, concurrency: 1 };
  world.learning.plan = { ...world.learning.plan, approvalTimeoutMs: 3 * 86_400_000 };
  const first = await house.startReflection(world, 'e1');
  await stored(world, 'evaluating');

  await house.startReflection(world, 'e2');
  await until('a second candidate', () =>
    Promise.resolve(world.learning.candidates.size === 2 ? true : undefined),
  );
  const during = [...world.learning.candidates.values()].map(({ state }) => state);
  await reach(first, 'waiting');
  await until('its evaluation', () =>
    Promise.resolve(
      [...world.learning.candidates.values()][1]?.state !== 'open' ? true : undefined,
    ),
  );

  expect(during).toEqual(['evaluating', 'open']);
  const lines = world.learning.audit.map(({ candidate, to }) => `${String(candidate)} ${to}`);
  const [one, two] = [...world.learning.candidates.keys()];
  expect(lines.slice(0, 3)).toEqual([
    `${String(one)} evaluating`,
    `${String(one)} waiting`,
    `${String(two)} evaluating`,
  ]);
});

test('grants the canary to one candidate at a time, in the order they asked', async () => {
  const world = aWorld();
  withOwnLessons(world);
  world.learning.plan = { ...world.learning.plan, permission: 'approve' };
  const carriers = [];
  for (const episode of ['e1', 'e2']) {
    const carrier = await house.startReflection(world, episode);
    await reach(carrier, 'waiting');
    carriers.push(carrier);
  }
  const [one, two] = carriers;
  const [first, second] = [...world.learning.candidates.keys()];
  await house.learnerOf(world).executeUpdate(freeze, { args: [OWNER] });
  await two?.executeUpdate(approve, { args: [OWNER] });
  await learnerWhere(
    house,
    world,
    'one in the queue',
    ({ canaryQueue }) => canaryQueue.length === 1,
  );
  await one?.executeUpdate(approve, { args: [OWNER] });
  const queued = await learnerWhere(
    house,
    world,
    'both in the queue',
    ({ canaryQueue }) => canaryQueue.length === 2,
  );

  await house.learnerOf(world).executeUpdate(unfreeze, { args: [OWNER] });
  await stored(world, 'canary');
  const granted = await house.learnerOf(world).query(learnerState);
  await two?.executeUpdate(veto, { args: [OWNER] });
  const next = await learnerWhere(
    house,
    world,
    'the next canary',
    ({ canary }) => canary === first,
  );

  expect(queued).toMatchObject({ canary: null, canaryQueue: [second, first] });
  expect(granted).toMatchObject({ canary: second, canaryQueue: [first] });
  expect(next.canaryQueue).toEqual([]);
});

test('opens the next evaluation when a canary was rolled back', async () => {
  const world = aWorld();
  withOwnLessons(world);
  const first = await house.startReflection(world, 'e1');
  await stored(world, 'canary');
  await house.startReflection(world, 'e2');
  await until('a second candidate', () =>
    Promise.resolve(world.learning.candidates.size === 2 ? true : undefined),
  );
  const before = [...world.learning.candidates.values()].map(({ state }) => state);

  await canaryTraffic(world, 40, { canary: 0, control: 1 });
  await first.result();
  await until('its evaluation', () =>
    Promise.resolve(
      [...world.learning.candidates.values()][1]?.state !== 'open' ? true : undefined,
    ),
  );

  expect(before).toEqual(['canary', 'open']);
  const { promotions } = await house.learnerOf(world).query(learnerState);
  expect(promotions).toBe(0);
});

test('counts a promotion after its canary and takes it out when it is rolled back', async () => {
  const world = aWorld();
  const carrier = await bringToProbation(house, world);
  const standing = await learnerWhere(
    house,
    world,
    'a promotion',
    ({ promotions }) => promotions === 1,
  );

  await traffic(world, 60, 0);
  const { end } = await carrier.result();
  const after = await house.learnerOf(world).query(learnerState);

  expect(standing.promotions).toBe(1);
  expect(end).toBe('rolled-back');
  expect(after.promotions).toBe(0);
  expect(after.spent).toBe(standing.spent);
});

test.each([
  ['drift', () => 0, 'v1'],
  ['regression', (isBaseline: boolean) => (isBaseline ? 1 : 0), BASELINE],
] as const)(
  'diagnoses %s when quality falls after probation',
  async (conclusion, score, active) => {
    const world = aWorld();
    const carrier = await bringToProbation(house, world);
    await traffic(world, 30, 1);
    await carrier.result();
    await learnerWhere(house, world, 'a watch', ({ watched }) => watched !== null);
    world.task.score = ({ run }) => score(run?.version === BASELINE);
    world.learning.pool = aPool(200);

    // Six failures are an alarm; two more would be a severe loss.
    await traffic(world, 6, 0);
    await until('a diagnosis', () =>
      Promise.resolve(world.learning.diagnoses.length > 0 ? true : undefined),
    );

    expect(world.learning.diagnoses).toMatchObject([{ conclusion }]);
    expect(world.learning.active).toBe(active);
  },
);

test('leaves what it cannot tell as unresolved and keeps what serves', async () => {
  const world = aWorld();
  const carrier = await bringToProbation(house, world);
  await traffic(world, 30, 1);
  await carrier.result();
  await learnerWhere(house, world, 'a watch', ({ watched }) => watched !== null);
  world.learning.pool = aPool(3);

  await traffic(world, 6, 0);
  await until('a diagnosis', () =>
    Promise.resolve(world.learning.diagnoses.length > 0 ? true : undefined),
  );

  expect(world.learning.diagnoses).toMatchObject([{ conclusion: 'unresolved' }]);
  expect(world.learning.active).toBe('v1');
});

test('makes one candidate of 200 failing tasks with one cause', async () => {
  const world = aWorld();
  world.task.context = { reflects: 'always' };
  world.task.score = () => 0;
  world.learning.pool = aPool(5);
  const { tenant } = world.scope;

  for (let batch = 0; batch < 10; batch += 1) {
    const names = Array.from({ length: 20 }, (_none, index) => `f${String(20 * batch + index)}`);
    await Promise.all(names.map((name) => house.startTask(world, name)));
    await until('the batch', () =>
      Promise.resolve(world.learning.reflected.size >= 20 * (batch + 1) ? true : undefined),
    );
  }
  const ends = await until('all but one merged', async () => {
    const handles = Array.from({ length: 200 }, (_none, index) =>
      house.env.client.workflow.getHandle(`reflect/${episodeId(`${tenant}.f${String(index)}`)}`),
    );
    const told = await Promise.all(handles.map((handle) => handle.describe()));
    const running = told.filter(({ status }) => status.name === 'RUNNING');
    return running.length === 1 ? running : undefined;
  });

  expect(world.learning.candidates.size).toBe(1);
  expect(ends.map(({ workflowId }) => workflowId)).toEqual([world.learning.candidate.workflowId]);
  expect(world.learning.reflected.size).toBe(200);
});

test('hands on which side of a dispute a person said stands', async () => {
  const world = aWorld();
  await startLearner(world);

  await house
    .learnerOf(world)
    .executeUpdate(keep, { args: [{ ...OWNER, lesson: 'l-0123456789ab@2' }] });

  expect(world.learning.last('keep')).toMatchObject({
    actor: { id: 'olga', role: 'owner' },
    detail: { lesson: 'l-0123456789ab@2' },
  });
});

test('writes who pinned a version and why', async () => {
  const world = aWorld();
  await startLearner(world);

  await house.learnerOf(world).executeUpdate(pin, { args: [{ ...OWNER, version: BASELINE }] });

  expect(world.learning.pinned).toBe(BASELINE);
  expect(world.learning.last('pin')).toMatchObject({
    actor: { id: 'olga', role: 'owner' },
    reason: OWNER.reason,
  });
});
