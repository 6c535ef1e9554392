import { expect, test } from 'vitest';

import { versionId } from '../../src/contracts/ids.js';
import { approve, learnerState } from '../../src/workflows/messages.js';
import {
  bringToProbation,
  CANDIDATE,
  OWNER,
  reach,
  SHORT_ROLLOUT,
  stored,
  throughCanary,
  traffic,
  type Carrier,
} from '../support/candidate-story.js';
import { BASELINE } from '../support/fake-learning.js';
import { houseOfFile } from '../support/house-of-file.js';
import { until } from '../support/poll.js';
import { aDraft } from '../support/store-builders.js';
import type { World } from '../support/workflow-house.js';

const SECOND = versionId('v2');

const house = houseOfFile();

/** Each candidate is better than the one before it. */
function aWorldOfTwo(): World {
  const world = house.world();
  const scores: Readonly<Record<string, number>> = { [BASELINE]: 0, [CANDIDATE]: 0.5, [SECOND]: 1 };
  world.task.score = ({ run }) => scores[run?.version ?? BASELINE] ?? 0;
  world.learning.plan = { rollout: SHORT_ROLLOUT };
  world.learning.draftsOf = (episode) => [aDraft(`table-of-${episode}`)];
  return world;
}

function candidatesOf({ learning }: World) {
  const [first, second] = learning.candidates.values();
  if (first === undefined || second === undefined) throw new Error('There are not two candidates');
  return { first, second };
}

/** The second candidate to its canary, while the first is on probation. */
async function secondToCanary(world: World): Promise<Carrier> {
  const carrier = await house.startReflection(world, 'e2');
  await stored(world, 'canary');
  return carrier;
}

test('of two probations that overlap the newest lineage is quarantined and the other evaluated again', async () => {
  const world = aWorldOfTwo();
  const one = await bringToProbation(house, world, 'e1');
  const two = await secondToCanary(world);
  await throughCanary(world, SECOND);
  await reach(two, 'probation');
  const { first, second } = candidatesOf(world);
  const before = world.learning.reservations.get(first.id);

  await traffic(world, 12, 0);
  const { end } = await two.result();
  await reach(one, 'canary');

  expect(end).toBe('rolled-back');
  expect(world.learning.states(second.id).at(-1)).toBe('rolled-back');
  expect(world.learning.states(first.id)).toEqual([
    ...['evaluating', 'passed', 'canary', 'probation'],
    ...['evaluating', 'passed', 'canary'],
  ]);
  expect(world.learning.active).toBe(BASELINE);
  expect(world.learning.reservations.get(first.id)).not.toBe(before);
  expect((await house.learnerOf(world).query(learnerState)).promotions).toBe(0);
});

test('tasks of a later promotion count for an earlier one that is still on probation', async () => {
  const world = aWorldOfTwo();
  const one = await bringToProbation(house, world, 'e1');
  const two = await secondToCanary(world);
  await throughCanary(world, SECOND);
  await reach(two, 'probation');

  await traffic(world, 10, 1);
  const { end } = await one.result();

  expect(end).toBe('promoted');
  expect(world.learning.active).toBe(SECOND);
  expect(candidatesOf(world).second.state).toBe('probation');
});

test('a canary that stood on what is rolled back goes back to evaluation', async () => {
  const world = aWorldOfTwo();
  const one = await bringToProbation(house, world, 'e1');
  await secondToCanary(world);
  const { second } = candidatesOf(world);

  await traffic(world, 12, 0);
  const { end } = await one.result();
  await until('another evaluation', () =>
    Promise.resolve(
      world.learning.states(second.id).filter((state) => state === 'evaluating').length === 2
        ? true
        : undefined,
    ),
  );

  expect(end).toBe('rolled-back');
  expect(world.learning.states(second.id).slice(0, 4)).toEqual([
    'evaluating',
    'passed',
    'canary',
    'evaluating',
  ]);
  await until('its new baseline', () =>
    Promise.resolve(second.baseline === BASELINE ? true : undefined),
  );
});

test('what passed before the baseline changed under its lessons is evaluated again', async () => {
  const world = aWorldOfTwo();
  world.learning.touches = true;
  world.learning.plan = { rollout: SHORT_ROLLOUT, permission: 'approve' };
  const carriers = [];
  for (const episode of ['e1', 'e2']) {
    const carrier = await house.startReflection(world, episode);
    await reach(carrier, 'waiting');
    carriers.push(carrier);
  }
  const [one, two] = carriers;
  await one?.executeUpdate(approve, { args: [OWNER] });
  await throughCanary(world);
  const { first, second } = candidatesOf(world);
  await until('probation', () => Promise.resolve(first.state === 'probation' ? true : undefined));

  await two?.executeUpdate(approve, { args: [OWNER] });
  await until('another verdict', () =>
    Promise.resolve(world.learning.verdicts.length === 3 ? true : undefined),
  );

  expect(world.learning.states(second.id).slice(0, 4)).toEqual([
    'evaluating',
    'waiting',
    'passed',
    'evaluating',
  ]);
  const own = world.learning.verdicts.filter(({ candidate }) => candidate === second.id);
  expect(own.map(({ baseline }) => baseline)).toEqual([BASELINE, CANDIDATE]);
  expect(new Set(own.map(({ alpha }) => alpha)).size).toBe(2);
});
