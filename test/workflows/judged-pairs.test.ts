import { ApplicationFailure } from '@temporalio/common';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { candidateId, versionId } from '../../src/contracts/ids.js';
import { AA_PAIRS } from '../../src/domain/gate/aa-check.js';
import { UNGRADED, UNJUDGED } from '../../src/domain/judging.js';
import type {
  shadowEvaluation,
  ShadowEvaluationInput,
} from '../../src/workflows/shadow-evaluation.js';
import { aPool, BASELINE } from '../support/fake-learning.js';
import { openWorkflowHouse, type World, type WorkflowHouse } from '../support/workflow-house.js';

const VERSION = versionId('v1');

let house: WorkflowHouse;

beforeAll(async () => {
  house = await openWorkflowHouse();
});

afterAll(() => house.close());

/** A tenant whose evaluators can tell nothing: its judge is asked. */
function aJudgedWorld(category = UNJUDGED): World {
  const world = house.world();
  world.task.score = () => null;
  world.task.category = () => category;
  return world;
}

async function evaluate(world: World, more: Partial<ShadowEvaluationInput> = {}) {
  const candidate = candidateId(`${world.scope.tenant}.c1`);
  const handle = await house.env.client.workflow.start<typeof shadowEvaluation>(
    'shadowEvaluation',
    {
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
    },
  );
  return handle.result();
}

test('a pair that only the judge can grade runs each arm once and is judged once', async () => {
  const world = aJudgedWorld();
  world.task.pairJudgement = () => ({ baseline: 0, candidate: 1 });

  const { summary } = await evaluate(world);

  expect(summary.verdict).toBe('pass');
  const pair = world.learning.pairs[0];
  const runs = world.task.starts.filter(({ task }) => task === pair?.task);
  expect(runs.map(({ run }) => run?.replicate)).toEqual([1, 1]);
  const asked = world.task.judgedPairs.filter(
    ({ candidateArm }) => candidateArm.episode === pair?.candidate.episode,
  );
  expect(asked).toHaveLength(1);
});

test('a pair that nobody can grade is void after one run of each arm', async () => {
  const world = aJudgedWorld(UNGRADED);

  const { summary } = await evaluate(world);

  expect(summary).toMatchObject({ verdict: 'inconclusive', reason: 'missing-outcomes' });
  expect(world.task.starts.every(({ run }) => run?.replicate === 1)).toBe(true);
  expect(world.task.judgedPairs).toEqual([]);
});

test('a pair is void, and the evaluation goes on, where its judge cannot be asked', async () => {
  const world = aJudgedWorld();
  world.learning.policy = { concurrency: 4 };
  let isDown = true;
  world.task.pairJudgement = () => {
    if (!isDown) return { baseline: 0, candidate: 1 };
    isDown = false;
    throw ApplicationFailure.nonRetryable('the endpoint is gone', 'ModelUnavailableError');
  };

  const { summary } = await evaluate(world);

  expect(summary.verdict).toBe('pass');
  const voids = world.learning.pairs.filter(({ baseline }) => baseline.missing !== null);
  expect(voids).toHaveLength(1);
  expect(voids[0]?.candidate).toMatchObject({ score: null, missing: 'infrastructure' });
});

test('an arm that was lost to the infrastructure is run again before the judge is asked', async () => {
  const world = aJudgedWorld();
  world.task.category = ({ run, task }) =>
    task === 'p7' && run?.replicate === 1 && run.version === VERSION ? 'lost' : UNJUDGED;
  world.task.pairJudgement = () => ({ baseline: 0, candidate: 1 });

  await evaluate(world);

  const runs = world.task.starts.filter(({ task }) => task === 'p7');
  const asked = world.task.judgedPairs.filter(({ baseline }) => baseline.episode.includes('.p7.'));
  expect(runs.map(({ run }) => run?.replicate).sort()).toEqual([1, 1, 2, 2]);
  expect(asked).toHaveLength(1);
});

test('baseline beside itself is judged as a gate is, and says how often it differs', async () => {
  const world = aJudgedWorld();
  world.learning.pool = aPool(300);
  world.task.pairJudgement = ({ baseline }) => {
    const number = Number(/\.p(\d+)\./.exec(baseline.episode)?.[1]);
    if (number % 10 !== 0) return { baseline: 1, candidate: 1 };
    return number % 20 === 0 ? { baseline: 1, candidate: 0 } : { baseline: 0, candidate: 1 };
  };

  const { aa } = await evaluate(world, { purpose: 'aa', version: BASELINE });

  expect(aa?.pairs).toBe(AA_PAIRS);
  expect(aa?.discordance).toBeGreaterThan(0);
  expect(aa?.discordance).toBeLessThan(0.25);
  expect(world.task.judgedPairs.every(({ purpose }) => purpose === 'aa')).toBe(true);
});

test('a check of which every pair is void ends with its pairs, not with the pool', async () => {
  const world = aJudgedWorld();
  world.learning.pool = aPool(300);

  const { aa } = await evaluate(world, { purpose: 'aa', version: BASELINE });

  expect(aa).toMatchObject({ pairs: 0, discordance: null });
  // Pairs under way when the check ends are beyond it.
  expect(world.task.starts.length).toBeLessThanOrEqual(2 * (AA_PAIRS + 8));
});
