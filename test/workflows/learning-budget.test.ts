import type { WorkflowHandle } from '@temporalio/client';
import { afterEach, beforeEach, expect, test } from 'vitest';

import { candidateId, episodeId, taskId, versionId } from '../../src/contracts/ids.js';
import { LearningBudgetError } from '../../src/domain/errors.js';
import { nextBudgetMs } from '../../src/domain/learning-budget.js';
import { approve, evaluationProgress, force } from '../../src/workflows/messages.js';
import type {
  shadowEvaluation,
  ShadowEvaluationInput,
} from '../../src/workflows/shadow-evaluation.js';
import { aWorldWhere, OWNER, reach, stored } from '../support/candidate-story.js';
import { aPool, BASELINE } from '../support/fake-learning.js';
import { aReply } from '../support/fake-task.js';
import { until } from '../support/poll.js';
import { openWorkflowHouse, type World, type WorkflowHouse } from '../support/workflow-house.js';

const DAY_MS = 86_400_000;

let house: WorkflowHouse;

// One each: days pass in every test, and each leaves cancelled pairs behind.
beforeEach(async () => {
  house = await openWorkflowHouse();
});

afterEach(() => house.close());

/**
 * A tenant whose candidate passes, with so many runs left today. It waits for a person then: a canary would look for
 * outcomes every minute of the days that these tests skip.
 */
function aWorld(runsLeft: number): World {
  const world = aWorldWhere(house, 'is better');
  world.learning.plan = { ...world.learning.plan, permission: 'approve' };
  world.task.runsLeft = runsLeft;
  return world;
}

/** Waits until the candidate has passed its gate. */
function passed({ learning }: World): Promise<true> {
  return until('a verdict to pass', () =>
    Promise.resolve(
      learning.last('waiting')?.reason.startsWith('pass') === true ? true : undefined,
    ),
  );
}

/** Waits until an evaluation waits for the budget of another day. */
function held(handle: WorkflowHandle<typeof shadowEvaluation>): Promise<true> {
  return until('a hold', async () => {
    const { phase } = await handle.query(evaluationProgress);
    return phase === 'held' ? true : undefined;
  });
}

async function untilTomorrow(): Promise<void> {
  const nowMs = await house.env.currentTimeMs();
  await house.env.sleep(nextBudgetMs(nowMs) - nowMs + 1_000);
}

function evaluate(world: World, more: Partial<ShadowEvaluationInput> = {}) {
  const candidate = candidateId(`${world.scope.tenant}.c1`);
  return house.env.client.workflow.start<typeof shadowEvaluation>('shadowEvaluation', {
    workflowId: `shadow/${candidate}`,
    taskQueue: house.queue,
    args: [
      {
        ...world.scope,
        candidate,
        purpose: 'gate',
        attempt: 1,
        baseline: BASELINE,
        version: versionId('v1'),
        shadowQueue: `${house.queue}-shadow`,
        alpha: 0.005,
        seed: 7,
        ...more,
      },
    ],
  });
}

test('stops at the limit of the day with a hold, and goes on the next day at the level it has', async () => {
  const world = aWorld(31);
  const carrier = await house.startReflection(world, 'e1');

  await reach(carrier, 'waiting');
  const pairsOfOneDay = world.learning.pairs.length;
  const runsOfOneDay = world.task.starts.length;
  world.task.runsLeft = Infinity;
  await untilTomorrow();
  await passed(world);

  expect(runsOfOneDay).toBe(31);
  expect(pairsOfOneDay).toBeLessThanOrEqual(15);
  expect(world.learning.states()).toEqual(['evaluating', 'waiting', 'evaluating', 'waiting']);
  const [held] = world.learning.audit.filter(({ to }) => to === 'waiting');
  expect(held?.reason).toMatch(/^hold: the learning budget is spent/);
  expect(world.learning.reservations.size).toBe(1);
  const indexes = world.learning.pairs.map(({ index }) => index);
  expect(indexes).toEqual(indexes.map((_index, position) => position));
});

test('a run that the budget of tokens cuts short is a hold too, and is run again whole on the next day', async () => {
  const world = aWorld(Infinity);
  let callsLeft = 31;
  world.task.reply = () => {
    callsLeft -= 1;
    if (callsLeft < 0) throw new LearningBudgetError('clerk', { tokens: 1000, microUsd: null });
    return aReply({ text: 'done' });
  };
  const carrier = await house.startReflection(world, 'e1');

  await reach(carrier, 'waiting');
  const pairsOfOneDay = world.learning.pairs.length;
  callsLeft = Infinity;
  await untilTomorrow();
  await passed(world);

  expect(pairsOfOneDay).toBeLessThanOrEqual(15);
  expect(world.learning.states()).toEqual(['evaluating', 'waiting', 'evaluating', 'waiting']);
  expect(
    world.learning.pairs.flatMap(({ baseline, candidate }) => [
      baseline.missing,
      candidate.missing,
    ]),
  ).not.toContain('infrastructure');
  const indexes = world.learning.pairs.map(({ index }) => index);
  expect(indexes).toEqual(indexes.map((_index, position) => position));
});

test('decides as it would have with the budget of one day', async () => {
  const [cut, whole] = [aWorld(31), aWorld(Infinity)];

  const handle = await evaluate(cut);
  await held(handle);
  cut.task.runsLeft = Infinity;
  const found = await handle.result();
  // After it: no day can be skipped once a pair was cancelled.
  const uncut = await (await evaluate(whole)).result();

  expect(JSON.stringify(found.summary)).toBe(JSON.stringify(uncut.summary));
  const order = [cut, whole].map(({ learning }) => learning.pairs.map(({ task }) => task));
  expect(order[0]).toEqual(order[1]);
});

test('runs both arms of the pair anew that the budget parted', async () => {
  const world = aWorld(31);
  world.learning.policy = { concurrency: 1 };

  const handle = await evaluate(world);
  await held(handle);
  world.task.runsLeft = Infinity;
  await handle.result();

  const parted = world.learning.pairs.find(({ index }) => index === 15);
  const runs = world.task.starts.filter(({ task }) => task === parted?.task);
  // The first run of the day before, and both of the day after, under numbers of their own.
  expect(runs.map(({ run }) => run?.replicate).sort()).toEqual([1, 4, 4]);
});

test('ends undecided where fourteen days paid for too little', async () => {
  const world = aWorld(10);

  const handle = await evaluate(world);
  const { summary, pairs } = await handle.result();

  const { startTime, closeTime } = await handle.describe();
  expect(summary).toMatchObject({ verdict: 'inconclusive', reason: 'budget' });
  expect(pairs).toBeLessThanOrEqual(5);
  expect(Number(closeTime) - Number(startTime)).toBeGreaterThan(12 * DAY_MS);
  expect(Number(closeTime) - Number(startTime)).toBeLessThanOrEqual(14 * DAY_MS);
});

test('a check or a diagnosis ends with what the day paid for, and claims nothing', async () => {
  const [check, diagnosis] = [aWorld(20), aWorld(20)];
  for (const { learning } of [check, diagnosis]) learning.pool = aPool(200);
  for (const { task } of [check, diagnosis]) task.score = () => 1;

  const { aa } = await (await evaluate(check, { purpose: 'aa', version: BASELINE })).result();
  const found = await (await evaluate(diagnosis, { purpose: 'diagnosis' })).result();

  expect(aa).toBeNull();
  expect(found.diagnosis).toBe('unresolved');
});

test('a day that pays for no pair reserves nothing, and the candidate is planned anew the next', async () => {
  const world = aWorld(Infinity);
  world.learning.plan = { ...world.learning.plan, isOutOfBudget: true };
  const carrier = await house.startReflection(world, 'e1');

  await reach(carrier, 'waiting');
  const reserved = world.learning.reservations.size;
  world.learning.plan = { ...world.learning.plan, isOutOfBudget: false };
  await untilTomorrow();
  await passed(world);

  expect(reserved).toBe(0);
  expect(world.learning.reservations.size).toBe(1);
  expect(world.learning.states().slice(0, 3)).toEqual(['evaluating', 'waiting', 'evaluating']);
});

test('an exploration that the budget does not pay for is left out', async () => {
  const world = aWorld(0);
  world.learning.draftsOf = () => [];
  world.learning.explorationOf = () => ({
    task: taskId('t1'),
    version: BASELINE,
    episode: episodeId(`${world.scope.tenant}.x1`),
    modelCalls: 5,
    model: null,
  });

  const { end, reason } = await (await house.startReflection(world, 'e1')).result();

  expect(end).toBe('nothing-learned');
  expect(reason).toContain('nothing to propose');
});

test('a hold of the budget expires as any other does', async () => {
  const world = aWorld(11);
  world.learning.plan = { ...world.learning.plan, approvalTimeoutMs: 60_000 };
  const carrier = await house.startReflection(world, 'e1');
  await reach(carrier, 'waiting');

  const { end, reason } = await carrier.result();

  expect(end).toBe('rejected');
  expect(reason).toMatch(/^expired: nobody said force in time; hold: the learning budget/);
});

test.each([
  ['an approval does not', approve, 'rejected'],
  ['a force does', force, 'canary'],
] as const)('of what waits for the budget %s lead on', async (_which, word, end) => {
  const world = aWorld(11);
  const carrier = await house.startReflection(world, 'e1');
  await reach(carrier, 'waiting');

  await carrier.executeUpdate(word, { args: [OWNER] });
  await stored(world, end);

  expect(world.learning.canaryShares).toEqual(end === 'canary' ? [0.25] : []);
});
