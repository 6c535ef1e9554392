import { setTimeout as delay } from 'node:timers/promises';

import { afterAll, beforeAll, expect, test } from 'vitest';

import { candidateId, versionId } from '../../src/contracts/ids.js';
import { mulberry32 } from '../../src/domain/random.js';
import type {
  shadowEvaluation,
  ShadowEvaluationInput,
} from '../../src/workflows/shadow-evaluation.js';
import { aPool, BASELINE } from '../support/fake-learning.js';
import { aReply, aToolCall } from '../support/fake-task.js';
import { until } from '../support/poll.js';
import { openWorkflowHouse, type World, type WorkflowHouse } from '../support/workflow-house.js';

const DAY_MS = 86_400_000;
const VERSION = versionId('v1');

let house: WorkflowHouse;

beforeAll(async () => {
  house = await openWorkflowHouse();
});

afterAll(() => house.close());

/** A tenant whose candidate answers the tasks that the baseline fails. */
function aBetterCandidate(): World {
  const world = house.world();
  world.task.score = ({ run }) => (run?.version === BASELINE ? 0 : 1);
  return world;
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
        version: VERSION,
        shadowQueue: `${house.queue}-shadow`,
        alpha: 0.005,
        seed: 7,
        ...more,
      },
    ],
  });
}

test('ends inconclusive when no tasks came in fourteen days', async () => {
  const world = aBetterCandidate();
  world.learning.pool = aPool(5);

  const handle = await evaluate(world);
  const { summary, pairs } = await handle.result();

  const { startTime, closeTime } = await handle.describe();
  const waitedMs = Number(closeTime) - Number(startTime);
  expect(summary.verdict).toBe('inconclusive');
  expect(pairs).toBe(0);
  expect(waitedMs).toBeGreaterThanOrEqual(14 * DAY_MS);
  expect(waitedMs).toBeLessThan(15 * DAY_MS);
  expect(world.learning.draws.length).toBeLessThan(1_000);
});

test('ends undecided when a bundle waits that it should make way for', async () => {
  const world = house.world();
  world.learning.pool = aPool(25);
  world.learning.yields = true;
  // Alike in both arms: the pool decides nothing.
  world.task.score = () => 1;

  const handle = await evaluate(world);
  const { summary, pairs } = await handle.result();

  expect(pairs).toBe(25);
  expect(summary).toMatchObject({ verdict: 'inconclusive', reason: 'budget' });
  const [first, ...later] = world.learning.draws;
  expect(first).toMatchObject({ mayYield: false, yields: false });
  expect(later.at(-1)).toMatchObject({ mayYield: true });
});

test('does not make way while a slice is all that is not shown', async () => {
  const world = aBetterCandidate();
  const areas = (index: number) => ({ area: index % 10 === 0 ? 'stock' : 'sales' });
  world.learning.pool = aPool(25, 1, areas);
  world.learning.yields = true;
  // Where the candidate is no better, three pairs do not show that it is no worse.
  const better = world.task.score;
  world.task.score = (start, request) =>
    Number(start.task.slice(1)) % 10 === 1 ? 1 : better(start, request);

  const handle = await evaluate(world);
  await until('a look for mirrored tasks', () =>
    Promise.resolve(world.learning.draws.length > 1 ? true : undefined),
  );
  await world.learning.mirror(aPool(40, 101, () => ({ area: 'stock' })));
  const { summary } = await handle.result();

  expect(world.learning.draws.every(({ mayYield }) => !mayYield)).toBe(true);
  expect(summary.verdict).toBe('pass');
  const stock = summary.slices.find(({ name }) => name === 'area=stock');
  expect(stock?.n).toBeGreaterThan(3);
});

test('goes on with tasks that were mirrored while it waited', async () => {
  const world = aBetterCandidate();
  world.learning.pool = aPool(5);
  const handle = await evaluate(world);
  await until('the first draw', () =>
    Promise.resolve(world.learning.draws.length > 0 ? true : undefined),
  );

  await world.learning.mirror(aPool(40, 100));
  const { summary } = await handle.result();

  expect(summary.verdict).toBe('pass');
  expect(world.learning.draws.map(({ afterNumber }) => afterNumber).slice(0, 2)).toEqual([0, 5]);
});

/** Arms that take turns at random; the same tasks fail in every world. */
function withDelays(world: World, seed: number): void {
  const random = mulberry32(seed);
  world.task.reply = async () => {
    await delay(40 * random());
    return aReply({ text: 'done' });
  };
  world.task.score = ({ run, task }) => {
    const isHard = Number(task.slice(1)) % 4 === 0;
    return run?.version === BASELINE || isHard ? 0 : 1;
  };
}

test('B8: commits pairs in index order and decides alike whatever finished first', async () => {
  const worlds = [house.world(), house.world()];
  for (const [index, world] of worlds.entries()) withDelays(world, 11 + index);

  const handles = await Promise.all(worlds.map((world) => evaluate(world)));
  const results = await Promise.all(handles.map((handle) => handle.result()));

  const told = results.map(({ summary }) => JSON.stringify(summary));
  for (const { learning } of worlds) {
    const indexes = learning.pairs.map(({ index }) => index);
    expect(indexes).toEqual(indexes.map((_index, position) => position));
  }
  expect(told[0]).toBe(told[1]);
  const order = worlds.map(({ learning }) => learning.pairs.map(({ task }) => task));
  expect(order[0]).toEqual(order[1]);
});

test('repeats both arms of a pair twice after infrastructure faults and then voids it', async () => {
  const world = aBetterCandidate();
  const decide = world.task.score;
  world.task.score = (start, request) => (start.task === 'p7' ? null : decide(start, request));
  world.learning.policy = { maxPairs: 60, concurrency: 8 };

  await (await evaluate(world)).result();

  const runs = world.task.starts.filter(({ task }) => task === 'p7');
  const pair = world.learning.pairs.find(({ task }) => task === 'p7');
  expect(runs.map(({ run }) => run?.replicate).sort()).toEqual([1, 1, 2, 2, 3, 3]);
  expect(pair?.baseline).toMatchObject({ score: null, missing: 'infrastructure' });
  expect(pair?.candidate).toMatchObject({ score: null, missing: 'infrastructure' });
});

test('counts an arm that was lost once and answered when it was repeated', async () => {
  const world = aBetterCandidate();
  world.task.score = ({ run, task }) => {
    if (task === 'p7' && run?.version === VERSION && run.replicate === 1) return null;
    return run?.version === BASELINE ? 0 : 1;
  };

  await (await evaluate(world)).result();

  const pair = world.learning.pairs.find(({ task }) => task === 'p7');
  expect(pair).toMatchObject({ baseline: { score: 0 }, candidate: { score: 1, missing: null } });
});

test('keeps its gate over continue-as-new', async () => {
  const world = aBetterCandidate();
  const whole = house.world();
  withDelays(world, 1);
  withDelays(whole, 2);

  const handle = await evaluate(world, { maxHistoryEvents: 120 });
  const { runId } = await handle.describe();
  const [cut, uncut] = [await handle.result(), await (await evaluate(whole)).result()];

  const first = await house.env.client.workflow.getHandle(handle.workflowId, runId).describe();
  expect(first.status.name).toBe('CONTINUED_AS_NEW');
  expect(cut.summary.verdict).toBe(uncut.summary.verdict);
  expect(JSON.stringify(cut.summary)).toBe(JSON.stringify(uncut.summary));
  const indexes = world.learning.pairs.map(({ index }) => index);
  expect(indexes).toEqual(indexes.map((_index, position) => position));
});

test('names a regression where only what serves fails', async () => {
  const world = house.world();
  world.task.score = ({ run }) => (run?.version === BASELINE ? 1 : 0);

  const { diagnosis } = await (await evaluate(world, { purpose: 'diagnosis' })).result();

  expect(diagnosis).toBe('regression');
});

test('names drift where both fail alike', async () => {
  const world = house.world();
  world.learning.pool = aPool(200);
  world.task.score = () => 0;

  const { diagnosis } = await (await evaluate(world, { purpose: 'diagnosis' })).result();

  expect(diagnosis).toBe('drift');
});

test('leaves a diagnosis unresolved where there are too few tasks to tell', async () => {
  const world = house.world();
  world.learning.pool = aPool(3);
  world.task.score = () => 0;

  const { diagnosis, pairs } = await (await evaluate(world, { purpose: 'diagnosis' })).result();

  expect(diagnosis).toBe('unresolved');
  expect(pairs).toBe(3);
});

test('a candidate that loses pinned cases does not pass, however well it does elsewhere', async () => {
  const world = aBetterCandidate();
  world.learning.pinnedCases = aPool(40, 5_000);
  world.task.score = ({ run, task }) => {
    const isPinned = Number(task.slice(1)) >= 5_000;
    return (run?.version === BASELINE) === isPinned ? 1 : 0;
  };

  const { summary } = await (await evaluate(world)).result();

  expect(summary).toMatchObject({ verdict: 'reject', reason: 'slice-regression: pinned' });
  expect(summary.effect.mean).toBe(1);
  const topUps = world.learning.pairs.filter(({ topUpFor }) => topUpFor === 'pinned');
  expect(topUps.length).toBeGreaterThanOrEqual(10);
  expect(topUps.every(({ task }) => Number(task.slice(1)) >= 5_000)).toBe(true);
});

test('a candidate that keeps its pinned cases passes with them as a slice', async () => {
  const world = aBetterCandidate();
  world.learning.pinnedCases = aPool(40, 5_000);
  world.task.score = ({ run, task }) =>
    Number(task.slice(1)) >= 5_000 || run?.version !== BASELINE ? 1 : 0;

  const { summary } = await (await evaluate(world)).result();

  expect(summary.verdict).toBe('pass');
  expect(summary.slices.find(({ name }) => name === 'pinned')?.verdict).toBe('non-inferior');
});

test('a pinned set that runs out leaves the gate inconclusive and waits for nothing', async () => {
  const world = aBetterCandidate();
  world.learning.pinnedCases = aPool(30, 5_000);
  world.task.score = ({ run, task }) => {
    const number = Number(task.slice(1));
    if (number < 5_000) return run?.version === BASELINE ? 0 : 1;
    return (number % 2 === 0) === (run?.version === BASELINE) ? 1 : 0;
  };

  const { summary } = await (await evaluate(world)).result();

  expect(summary).toMatchObject({ verdict: 'inconclusive', reason: 'slice-not-shown: pinned' });
});

test('sets baseline beside itself and tells how often it differs', async () => {
  const world = house.world();
  world.learning.pool = aPool(100);
  world.task.score = ({ task, run }) =>
    Number(task.slice(1)) % 5 === 0 && (run?.episode ?? '').endsWith('candidate') ? 0 : 1;

  const handle = await evaluate(world, { purpose: 'aa', version: BASELINE });
  const { aa } = await handle.result();

  expect(aa?.isAlarmed).toBe(true);
  expect(aa?.discordance).toBeGreaterThan(0.1);
  expect(world.learning.pairs).toEqual([]);
  expect(world.learning.verdicts).toEqual([]);
  expect(world.task.starts.every(({ run }) => run?.candidate === null)).toBe(true);
});

test('a candidate whose failures give no outcome is stopped by the missing ones, not by its score', async () => {
  const world = house.world();
  world.learning.pool = aPool(200);
  // Better where it answers, and every other failure of it runs into a budget.
  world.task.reply = (_request, { run, task }) =>
    run?.version === VERSION && Number(task.slice(1)) % 3 === 0
      ? aReply({ toolCalls: [aToolCall('c1', 'no_such_tool')] })
      : aReply({ text: 'done' });
  world.task.context = {
    limits: { modelCalls: 1, tokens: 1e6, costMicroUsd: null, toolCallsPerTurn: 4, badCalls: 3 },
  };
  world.task.score = ({ run, task }) =>
    run?.version === VERSION || Number(task.slice(1)) % 3 === 0 ? 1 : 0;

  const { summary } = await (await evaluate(world)).result();

  const faults = world.learning.pairs.filter(({ candidate }) => candidate.missing === 'arm');
  expect(faults.length).toBeGreaterThan(3);
  expect(faults.every(({ candidate }) => candidate.category === 'model-calls')).toBe(true);
  expect(summary).toMatchObject({ verdict: 'inconclusive', reason: 'missing-outcomes' });
});

test('a fault of what serves is a loss for it in a diagnosis, not a pair that nobody counts', async () => {
  const world = house.world();
  world.task.reply = (_request, { run }) =>
    run?.version === VERSION
      ? aReply({ toolCalls: [aToolCall('c1', 'no_such_tool')] })
      : aReply({ text: 'done' });
  world.task.context = {
    limits: { modelCalls: 1, tokens: 1e6, costMicroUsd: null, toolCallsPerTurn: 4, badCalls: 3 },
  };

  const { diagnosis } = await (await evaluate(world, { purpose: 'diagnosis' })).result();

  expect(diagnosis).toBe('regression');
});

test('averages as many runs of each arm as the settings ask for, and keeps every one', async () => {
  const world = house.world();
  world.learning.policy = { replicates: 3, concurrency: 4, maxPairs: 20 };
  world.task.score = ({ run }) => {
    if (run?.version === BASELINE) return 0;
    return (run?.replicate ?? 0) > 3 ? 1 : 0;
  };

  const { summary } = await (await evaluate(world)).result();

  const [pair] = world.learning.pairs;
  expect(pair?.candidate).toMatchObject({ score: 2 / 3, category: 'failed', missing: null });
  expect(pair?.replicates?.map(({ candidate }) => candidate.score)).toEqual([0, 1, 1]);
  expect(summary.effect.mean).toBeCloseTo(2 / 3);
  expect(world.learning.verdicts[0]?.basis.replicates).toBe(3);
  const numbers = world.task.starts.filter(({ task }) => task === pair?.task);
  expect(numbers.map(({ run }) => run?.replicate).sort()).toEqual([1, 1, 4, 4, 7, 7]);
});

test('repeats only the run that the infrastructure lost, for both arms, and voids the pair with it', async () => {
  const world = house.world();
  world.learning.policy = { replicates: 2, concurrency: 4, maxPairs: 20 };
  world.task.score = ({ run, task }) =>
    task === 'p7' && run?.version === VERSION && (run.replicate ?? 0) > 3 ? null : 1;

  await (await evaluate(world)).result();

  const pair = world.learning.pairs.find(({ task }) => task === 'p7');
  const runs = world.task.starts.filter(({ task }) => task === 'p7');
  expect(runs.map(({ run }) => run?.replicate).sort()).toEqual([1, 1, 4, 4, 5, 5, 6, 6]);
  expect(pair?.candidate).toMatchObject({ score: null, missing: 'infrastructure' });
});
