import { afterAll, beforeAll, expect, test } from 'vitest';

import type { ReplayPlan, ReplayRun } from '../../src/activities/forked-replay.js';
import { episodeId, taskId, versionId } from '../../src/contracts/ids.js';
import { aPool } from '../support/fake-learning.js';
import { openWorkflowHouse, type World, type WorkflowHouse } from '../support/workflow-house.js';

let house: WorkflowHouse;
beforeAll(async () => {
  house = await openWorkflowHouse();
});
afterAll(() => house.close());

/** A world in which nothing is proposed, so that a reflection ends with its attribution. */
function aWorld(): World {
  const world = house.world();
  world.learning.draftsOf = () => [];
  world.learning.pool = aPool(5);
  return world;
}

function aPlan({ scope }: World, replicates: number): ReplayPlan {
  const run = (name: string): ReplayRun => {
    const episode = episodeId(`${scope.tenant}.${name}`);
    const version = versionId('v-base');
    return {
      episode,
      start: {
        ...scope,
        task: taskId('task-1'),
        mode: 'explore',
        run: { version, episode, candidate: null },
      },
    };
  };
  return {
    step: 3,
    at: 2,
    replicates: Array.from({ length: replicates }, (_, index) => ({
      patched: run(`patched-${String(index)}`),
      control: run(`control-${String(index)}`),
    })),
  };
}

test('runs both arms of every replicate as explorations, then judges the blame by them', async () => {
  const world = aWorld();
  const replay = aPlan(world, 3);
  world.learning.blame = { ...world.learning.blame, replay };

  const result = await (await house.startReflection(world, 'e1')).result();

  const started = world.task.starts.map(({ mode, run }) => `${mode} ${run?.episode ?? ''}`);
  const planned = replay.replicates.flatMap(({ patched, control }) => [patched, control]);
  expect([...started].sort()).toEqual(planned.map(({ episode }) => `explore ${episode}`).sort());
  expect(world.learning.judgedReplays).toEqual([replay]);
  expect(result.reason).toBe('nothing to propose (blame: the runs have said so)');
});

test('a blame without a plan is taken as it is', async () => {
  const world = aWorld();

  const result = await (await house.startReflection(world, 'e1')).result();

  expect(world.task.starts).toEqual([]);
  expect(world.learning.judgedReplays).toEqual([]);
  expect(result.reason).toBe('nothing to propose (blame: nothing stands out)');
});
