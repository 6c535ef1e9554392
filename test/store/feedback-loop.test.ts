import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';

import { createAgentRegistry } from '../../src/activities/agent-registry.js';
import type { Messenger } from '../../src/activities/messenger.js';
import { createReflectionActivities } from '../../src/activities/reflection-activities.js';
import type { Store } from '../../src/activities/store.js';
import { StrategyCache } from '../../src/activities/strategy-cache.js';
import { createLifecycleActivities } from '../../src/activities/task-lifecycle.js';
import { defineAgent, type AgentDefinition } from '../../src/contracts/agent.js';
import { defineJudge } from '../../src/contracts/judge.js';
import { poolPart } from '../../src/domain/gate/sampling.js';
import type { Feedback } from '../../src/domain/feedback.js';
import type { EpisodeId, Scope } from '../../src/domain/ids.js';
import { UNJUDGED } from '../../src/domain/judging.js';
import { createStore } from '../../src/store/store.js';
import { freshDatabase, type FreshDatabase } from '../support/postgres.js';
import {
  aScope,
  deploy,
  endEpisode,
  PASSED,
  playTask,
  startTask,
} from '../support/store-builders.js';

let database: FreshDatabase;
let store: Store;
let scope: Scope;
let scopes = 0;
beforeAll(async () => {
  database = await freshDatabase();
  store = createStore(database.pool);
});
afterAll(() => database.drop());
beforeEach(async () => {
  scopes += 1;
  scope = aScope(`tenant-${String(scopes)}`, 'clerk');
  await deploy(store, scope);
});

const messenger: Messenger = {
  wake: async () => true,
  grant: async () => true,
  startCandidate: async () => undefined,
  wakeLearner: async () => undefined,
  reserve: async () => ({ alpha: 0.05, epoch: 1, isUnderpowered: false }),
  settle: async () => ({ isArmed: true }),
  reflectOnDrift: async () => [],
};

const models = {
  complete: () => Promise.reject(new Error('no model is asked in these tests')),
};

function activities(more: Partial<AgentDefinition> = {}) {
  const agent = defineAgent({
    id: scope.agent,
    instructions: 'Answer.',
    model: { name: 'm' },
    tools: [],
    evaluators: [],
    ...more,
  });
  const agents = createAgentRegistry([agent]);
  const strategies = new StrategyCache(store);
  const shared = { store, agents, strategies, messenger, models, hasLocalModel: false };
  return { ...createLifecycleActivities(shared), ...createReflectionActivities(shared) };
}

function record(
  episode: EpisodeId,
  more: Partial<AgentDefinition> = {},
  output = 'the answer is 4',
) {
  return activities(more).recordEpisode({
    ...scope,
    episode,
    mode: 'live',
    reflects: 'always',
    end: 'done',
    output,
    stopped: null,
    steps: 0,
    tokens: 1,
    costMicroUsd: 0,
  });
}

function aVote(episode: EpisodeId, actor: string, more: Partial<Feedback> = {}): Feedback {
  return {
    id: `f-${episode}-${actor}`,
    episode,
    actor,
    role: 'expert',
    score: 0,
    correction: null,
    comment: null,
    ...more,
  };
}

test('what is said of a running task becomes its label when it ends', async () => {
  const { episode } = await startTask(store, scope, 't-1');
  await store.putFeedback(scope.tenant, aVote(episode, 'eva'));

  await record(episode);

  expect(await store.labelOf(scope.tenant, episode)).toMatchObject({ label: 'negative', score: 0 });
});

test("a subject's next task judges the one before as soon as it has ended", async () => {
  const first = await startTask(store, scope, 't-1', {
    subject: 'sue',
    input: { question: 'how many orders are open today' },
  });
  await record(first.episode);
  const next = await startTask(store, scope, 't-2', {
    subject: 'sue',
    input: { question: 'No, I meant the orders of this week' },
  });

  await record(next.episode);

  const label = await store.labelOf(scope.tenant, first.episode);
  expect(label?.votes).toMatchObject([{ source: 'implicit/correction', label: 'negative' }]);
});

test.each([
  ['repeat', 'the answer is 4', 'How many orders are open today?', 'negative'],
  ['correction', 'the answer is 4', 'That is wrong, count the returned ones as well', 'negative'],
  ['thanks', 'the answer is 4', 'Thank you, that worked', 'positive'],
  ['abandonment', 'Of which shop?', 'List every supplier from Norway with its bank', 'negative'],
])('%s in the next request is a vote on the one before', async (kind, output, next, label) => {
  const first = await startTask(store, scope, 't-1', {
    subject: 'sue',
    input: { question: 'how many orders are open today' },
  });
  await record(first.episode, {}, output);
  const second = await startTask(store, scope, 't-2', {
    subject: 'sue',
    input: { question: next },
  });

  await record(second.episode);
  await record(second.episode);

  const found = await store.labelOf(scope.tenant, first.episode);
  expect(found?.votes).toMatchObject([{ source: `implicit/${kind}`, role: 'implicit', label }]);
});

test('an outcome that only a judge can tell waits for it', async () => {
  const judge = defineJudge({ name: 'strict', model: { name: 'j' }, rubric: 'Right or not.' });
  const { episode } = await startTask(store, scope, 't-1');

  const { outcome } = await record(episode, { judge });

  expect(outcome).toMatchObject({ score: null, category: UNJUDGED, evaluator: judge.version });
  await store.putJudgedOutcome(scope.tenant, episode, {
    ...PASSED,
    source: 'judge',
    evaluator: judge.version,
  });
  expect((await store.episode(scope.tenant, episode))?.outcome).toMatchObject({
    score: 1,
    source: 'judge',
  });
});

const correction = { score: null, correction: 'the answer is 5' };

test('a correction is proposed', async () => {
  const { episode } = await startTask(store, scope, 't-1');
  await record(episode);
  await store.putFeedback(scope.tenant, aVote(episode, 'eva', correction));

  const { drafts } = await activities().propose({ ...scope, episode, exploration: null });

  expect(drafts.map(({ kind }) => kind)).toEqual(['rule']);
});

test('a correction that another expert contradicts teaches nothing, until an owner decides', async () => {
  const { episode } = await startTask(store, scope, 't-1');
  await record(episode);
  await store.putFeedback(scope.tenant, aVote(episode, 'eva', correction));
  await store.putFeedback(scope.tenant, aVote(episode, 'emil', { score: 1 }));
  const { propose } = activities();
  const contested = await propose({ ...scope, episode, exploration: null });
  await store.putFeedback(
    scope.tenant,
    aVote(episode, 'olga', { role: 'owner', score: 0, act: 'veto' }),
  );

  const decided = await propose({ ...scope, episode, exploration: null });

  expect(contested).toEqual({ drafts: [], exploration: null });
  expect(decided.drafts).toHaveLength(1);
});

test('from a thousand tasks on nothing is explored on a task kept for the gate', async () => {
  const explores = { learning: { explorationModelCalls: 4 } };
  const ids = Array.from({ length: 40 }, (_, n) => `t-${String(n)}`);
  const kept = ids.find((id) => poolPart(id) === 'gate') ?? '';
  const free = ids.find((id) => poolPart(id) === 'reflect') ?? '';
  const failed = { ...PASSED, score: 0, category: 'wrong' };
  const ofGate = await playTask(store, scope, kept, { outcome: failed });
  const other = await startTask(store, scope, free);
  await endEpisode(store, scope, other.episode, failed);
  const propose = (episode: EpisodeId) =>
    activities(explores).propose({ ...scope, episode, exploration: null });
  const before = await propose(ofGate.episode);

  await database.pool.query(
    `with counted as (update agents set tasks = 1000 where tenant = $1 and agent = $2)
     insert into tasks (tenant, agent, task, number, episode, input, input_digest, slices)
     select $1, $2, 'made-' || n, n, $1 || '-made-' || n, '{}', 'digest', '{}'
     from generate_series(3, 1000) n`,
    [scope.tenant, scope.agent],
  );

  expect(before.exploration).not.toBeNull();
  expect((await propose(ofGate.episode)).exploration).toBeNull();
  expect((await propose(other.episode)).exploration).not.toBeNull();
});
