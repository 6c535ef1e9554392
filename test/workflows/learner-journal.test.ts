import { setTimeout as sleep } from 'node:timers/promises';

import { ApplicationFailure } from '@temporalio/client';
import { Worker } from '@temporalio/worker';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';

import { candidateId } from '../../src/contracts/ids.js';
import {
  freeze,
  learnerState,
  proposalsWaiting,
  reserve,
  settle,
  type LearnerState,
  type Settlement,
} from '../../src/workflows/messages.js';
import { aWorldWhere, bringToProbation, stored, traffic } from '../support/candidate-story.js';
import { booksOf } from '../../src/domain/learner-journal.js';
import { aPool, BASELINE } from '../support/fake-learning.js';
import { aReply } from '../support/fake-task.js';
import { until } from '../support/poll.js';
import { workflowBundle as bundleOfSource } from '../support/workflow-bundle.js';
import { openWorkflowHouse, type World, type WorkflowHouse } from '../support/workflow-house.js';

let house: WorkflowHouse;
let worlds: World[] = [];

beforeAll(async () => {
  house = await openWorkflowHouse();
});

afterEach(async () => {
  for (const world of worlds) await house.quieten(world);
  worlds = [];
});

afterAll(() => house.close());

function aWorld(): World {
  const world = aWorldWhere(house, 'is better');
  worlds.push(world);
  return world;
}

function startLearner(world: World) {
  const { tenant, agent } = world.scope;
  return house.env.client.workflow.start('learner', {
    workflowId: `learner/${tenant}/${agent}`,
    taskQueue: house.queue,
    args: [{ tenant, agent }],
  });
}

function stateWhere(
  world: World,
  what: string,
  holds: (state: LearnerState) => boolean,
): Promise<LearnerState> {
  return until(what, async () => {
    const state = await house.learnerOf(world).query(learnerState);
    return holds(state) ? state : undefined;
  });
}

function say(world: World, settlement: Partial<Settlement>) {
  const candidate = candidateId(`${world.scope.tenant}.c1`);
  const given: Settlement = {
    candidate,
    workflowId: `reflect/${candidate}`,
    step: 'ended',
    promoted: false,
    ...settlement,
  };
  return house.learnerOf(world).executeUpdate(settle, { args: [given] });
}

test('a learner that is lost leaves its budget and its disarming to the next', async () => {
  const world = aWorld();
  await startLearner(world);
  const learner = house.learnerOf(world);
  for (const id of ['a', 'b', 'c']) {
    const candidate = candidateId(`${world.scope.tenant}.${id}`);
    await learner.executeUpdate(reserve, { args: [{ candidate }] });
    await say(world, {
      candidate,
      workflowId: `reflect/${id}`,
      end: 'rolled-back',
      said: { run: id, number: 1 },
    });
  }
  const before = await learner.query(learnerState);
  await learner.terminate('lost');

  await startLearner(world);
  const after = await stateWhere(world, 'its state', () => true);
  const next = await learner.executeUpdate(reserve, {
    args: [{ candidate: candidateId(`${world.scope.tenant}.d`) }],
  });

  expect(before).toMatchObject({ isArmed: false, rollbacks: 3, reservations: 3 });
  expect(after).toMatchObject({
    spent: before.spent,
    isArmed: false,
    rollbacks: 3,
    reservations: 3,
  });
  expect(next.alpha).toBeCloseTo(0.05 * (0.1 - before.spent), 12);
});

test('an entry that was written before a merge beside it had ended replays', async () => {
  const world = aWorld();
  const { learning } = world;
  await startLearner(world);
  const learner = house.learnerOf(world);
  // Nothing to do but merge: a canary waits until the agent is not frozen any more.
  const owner = { actor: 'olga', role: 'owner', reason: 'a look' } as const;
  await learner.executeUpdate(freeze, { args: [owner] });
  await say(world, { step: 'canary-wanted' });
  const written = learning.journal.length;
  let letGo = (): void => undefined;
  const held = new Promise<void>((resolve) => (letGo = resolve));
  const begun = learning.mergesBegun;
  learning.mergesAfter = () => held;
  await learner.signal(proposalsWaiting);
  await until('a merge is under way', () =>
    Promise.resolve(learning.mergesBegun > begun || undefined),
  );

  // Both come in the workflow task after that one.
  const candidate = candidateId(`${world.scope.tenant}.c2`);
  const reserved = learner.executeUpdate(reserve, { args: [{ candidate }] });
  for (let each = 0; each < 3; each += 1) await learner.signal(proposalsWaiting);
  learning.mergesAfter = () =>
    until('it is written', () => Promise.resolve(learning.journal.length > written || undefined));
  letGo();
  await reserved;

  const history = await learner.fetchHistory();
  await Worker.runReplayHistory(
    { workflowBundle: await bundleOfSource() },
    history,
    learner.workflowId,
  );
});

test('an entry that comes in the step that ends the writing of another is written too', async () => {
  const world = aWorld();
  const { learning } = world;
  await startLearner(world);
  const learner = house.learnerOf(world);
  // Nothing to do but merge: a canary waits until the agent is not frozen any more.
  const owner = { actor: 'olga', role: 'owner', reason: 'a look' } as const;
  await learner.executeUpdate(freeze, { args: [owner] });
  const [writing, merging] = [aGate(), aGate()];
  const { writesBegun, mergesBegun } = learning;
  learning.writesAfter = () => writing.opened;
  const said = say(world, { step: 'canary-wanted' });
  await until('a write is under way', () =>
    Promise.resolve(learning.writesBegun > writesBegun || undefined),
  );
  learning.mergesAfter = () => merging.opened;
  await learner.signal(proposalsWaiting);
  await until('a merge is under way', () =>
    Promise.resolve(learning.mergesBegun > mergesBegun || undefined),
  );

  // The end of the write and the next entry both come in the workflow task after that of the merge.
  const candidate = candidateId(`${world.scope.tenant}.c2`);
  const reserved = learner.executeUpdate(reserve, { args: [{ candidate }] });
  writing.open();
  await sleep(500);
  merging.open();
  await Promise.all([said, reserved]);

  expect(learning.journal.at(-1)).toMatchObject({ kind: 'reserved', candidate });
});

/** Something that waits until it is let through. */
function aGate(): { readonly opened: Promise<void>; readonly open: () => void } {
  let open = (): void => undefined;
  const opened = new Promise<void>((resolve) => (open = resolve));
  return {
    opened,
    open: () => {
      open();
    },
  };
}

test('a worker that does not know the agent stops no learner', async () => {
  const world = aWorld();
  world.learning.mergeFailures.push(
    ApplicationFailure.nonRetryable('no such agent', 'NotFoundError'),
    ApplicationFailure.nonRetryable('no such agent', 'NotFoundError'),
  );

  await house.startReflection(world, 'e1');
  await stored(world, 'canary');

  const { status } = await house.learnerOf(world).describe();
  expect(status.name).toBe('RUNNING');
  expect(world.learning.mergeFailures).toEqual([]);
});

test('a settlement that arrives three times is one', async () => {
  const world = aWorld();
  await startLearner(world);

  for (let time = 0; time < 3; time += 1) {
    await say(world, { end: 'rolled-back', said: { run: 'r', number: 4 } });
  }

  expect(await house.learnerOf(world).query(learnerState)).toMatchObject({
    rollbacks: 1,
    isArmed: true,
  });
});

test('a promotion that a person takes back after its probation leaves R, counts, and is watched no more', async () => {
  const world = aWorld();
  const carrier = await bringToProbation(house, world);
  await traffic(world, 30, 1);
  await carrier.result();
  await stateWhere(world, 'a watch', ({ watched }) => watched !== null);

  await say(world, { end: 'rolled-back' });

  expect(await house.learnerOf(world).query(learnerState)).toMatchObject({
    promotions: 0,
    rollbacks: 1,
    watched: null,
  });
});

test('what a diagnosis found to be drift is still watched, and looked into again', async () => {
  const world = aWorld();
  const carrier = await bringToProbation(house, world);
  await traffic(world, 30, 1);
  await carrier.result();
  await stateWhere(world, 'a watch', ({ watched }) => watched !== null);
  world.task.score = () => 0;
  world.learning.pool = aPool(200);

  await traffic(world, 6, 0);
  await until('a diagnosis', () =>
    Promise.resolve(world.learning.diagnoses.length > 0 ? true : undefined),
  );
  const between = await stateWhere(world, 'its end', ({ isDiagnosing }) => !isDiagnosing);
  world.task.score = ({ run }) => (run?.version === BASELINE ? 1 : 0);
  await traffic(world, 60, 1);
  await traffic(world, 20, 0);
  await until('a rollback', () =>
    Promise.resolve(world.learning.active === BASELINE ? true : undefined),
  );

  expect(between.watched).toBe(world.learning.candidate.id);
  expect(world.learning.diagnoses[0]).toMatchObject({ conclusion: 'drift' });
});

test('a learner that is lost during the diagnosis of a rollback leaves it to the next', async () => {
  const world = aWorld();
  world.learning.looksIntoRollbacks = true;
  world.learning.pool = aPool(200);
  const carrier = await bringToProbation(house, world);
  let isLost = false;
  world.task.score = () => 0;
  world.task.reply = async () => {
    await until('the loss', () => Promise.resolve(isLost ? true : undefined));
    return aReply({ text: 'done' });
  };
  await traffic(world, 20, 0);
  await carrier.result();
  await stateWhere(world, 'a diagnosis', ({ isDiagnosing }) => isDiagnosing);
  await until('its draw', () =>
    Promise.resolve(
      world.learning.draws.some(({ purpose }) => purpose === 'diagnosis') ? true : undefined,
    ),
  );
  const { id } = world.learning.candidate;
  await house.learnerOf(world).terminate('lost');
  isLost = true;
  // A real server ends it with its parent; this one lets it come to its end, of which nobody hears.
  await until('the end of its child', async () => {
    const { status } = await house.env.client.workflow.getHandle(`shadow/${id}`).describe();
    return status.name === 'RUNNING' ? undefined : true;
  });

  await startLearner(world);
  await until('what it was', () => Promise.resolve(world.learning.explained[0]));
  await stateWhere(world, 'its end', ({ isDiagnosing }) => !isDiagnosing);

  expect(world.learning.explained).toMatchObject([{ candidate: id, conclusion: 'drift' }]);
  expect(booksOf(world.learning.journal).suspects).toEqual([]);
});
