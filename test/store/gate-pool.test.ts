import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { z } from 'zod';

import { createAgentRegistry } from '../../src/activities/agent-registry.js';
import { createEvaluationActivities } from '../../src/activities/evaluation-activities.js';
import type { DrawRequest } from '../../src/activities/draws.js';
import type { Messenger } from '../../src/activities/messenger.js';
import type { Store } from '../../src/activities/store.js';
import { StrategyCache } from '../../src/activities/strategy-cache.js';
import { defineAgent } from '../../src/contracts/agent.js';
import { defineTool } from '../../src/contracts/tool.js';
import { LARGE_POOL, poolPart } from '../../src/domain/gate/sampling.js';
import type { CandidateId, EpisodeId, Scope } from '../../src/domain/ids.js';
import { createStore } from '../../src/store/store.js';

import { freshDatabase, type FreshDatabase } from '../support/postgres.js';
import {
  activeVersion,
  aDraft,
  aScope,
  closeOnActive,
  deploy,
  endEpisode,
  openCandidate,
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

const tool = (name: string, isSandboxed: boolean) =>
  defineTool({
    name,
    description: name,
    input: z.strictObject({}),
    effect: 'read',
    ...(isSandboxed ? { sandbox: 'same' as const } : {}),
    run: () => Promise.resolve('done'),
  });

/** What a shadow evaluation asks of the store, with nobody to tell. */
function evaluation() {
  const agent = defineAgent({
    id: scope.agent,
    instructions: 'Answer.',
    model: { name: 'm' },
    tools: [tool('look_up', true), tool('send_letter', false)],
    evaluators: [],
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
  return createEvaluationActivities({
    store,
    agents: createAgentRegistry([agent]),
    strategies: new StrategyCache(store),
    messenger,
  });
}

/** A candidate whose only lesson is recalled for every task, closed against what serves. */
async function aCandidate(name: string, cites: readonly EpisodeId[] = []): Promise<CandidateId> {
  const evidence = await Promise.all(
    cites.map(async (episode) => {
      const found = await store.episode(scope.tenant, episode);
      if (found === null) throw new Error('played');
      const { task } = found;
      return { episode, task, steps: [], role: 'failure' as const, outcome: 0, reliability: 1 };
    }),
  );
  const draft = aDraft(`${scope.tenant}-${name}`, {
    evidence,
    body: { form: 'text', text: 'orders(month, customer)' },
    trigger: {
      predicates: [{ field: 'database', op: 'eq', value: 'shop' }],
      when: 'orders of a month',
      notWhen: '',
    },
  });
  const id = await openCandidate(store, scope, `${scope.tenant}.${name}`, [draft]);
  await closeOnActive(store, scope, id);
  return id;
}

async function drawn(candidate: CandidateId, more: Partial<DrawRequest> = {}) {
  const row = await store.candidate(scope.tenant, candidate);
  if (row?.version == null) throw new Error('closed');
  return evaluation().drawTasks({
    ...scope,
    candidate,
    purpose: 'gate',
    baseline: await activeVersion(store, scope),
    version: row.version,
    seed: 7,
    attempt: 1,
    workflowId: `shadow/${candidate}`,
    afterNumber: 0,
    limit: 2_000,
    mayYield: false,
    yields: false,
    ...more,
  });
}

async function draw(candidate: CandidateId, more: Partial<DrawRequest> = {}) {
  const { tasks, upTo, pinned = [] } = await drawn(candidate, more);
  return { tasks: tasks.map(({ task }) => String(task)), upTo, pinned };
}

function playOne(id: string, more: Parameters<typeof playTask>[3] = {}) {
  return playTask(store, scope, id, { input: { question: `orders of month ${id}` }, ...more });
}

async function play(from: number, to: number): Promise<void> {
  for (let n = from; n <= to; n += 1) await playOne(`t-${String(n)}`);
}

/** A thousand tasks at once, as rows; playing them would take the test a minute. */
async function playMany(count: number): Promise<void> {
  await playTask(store, scope, 'seed');
  await database.pool.query(
    `with made as (
       insert into tasks (tenant, agent, task, number, episode, input, input_digest, subject, slices)
       select tenant, agent, 'm-' || n, number + n, episode || '-' || n, json_build_object('question', 'orders of month ' || n),
         md5(tenant || n), null, slices
       from tasks, generate_series(1, $3::integer) n where tenant = $1 and agent = $2 and task = 'seed'
       returning tenant, agent, task, number, episode, slices
     ), counted as (
       update agents set tasks = tasks + $3 where tenant = $1 and agent = $2
     ), opened as (
       insert into episodes (
         tenant, episode, agent, task, number, mode, version, arm, input, slices, model, recalled,
         system_message, user_message, task_end, informative, informative_reason, tokens,
         cost_micro_usd, ended_at
       )
       select made.tenant, made.episode, made.agent, made.task, made.number, 'live', e.version, 'active',
         '{}', made.slices, 'm', '[]', '', '', 'done', false, 'test', 1, 1, now()
       from made join episodes e on e.tenant = made.tenant and e.task = 'seed'
       returning tenant, episode
     )
     insert into outcomes (tenant, episode, score, evaluator, source, category, detail)
     select tenant, episode, 1, 'same-rows', 'checker', 'ok', '' from opened`,
    [scope.tenant, scope.agent, count],
  );
}

test('draws a permutation that the seed alone decides, each task once', async () => {
  await play(1, 12);
  const candidate = await aCandidate('c');

  const { tasks } = await draw(candidate);

  expect(new Set(tasks).size).toBe(12);
  expect(tasks).toEqual((await draw(candidate)).tasks);
  expect(tasks).not.toEqual((await draw(candidate, { seed: 8 })).tasks);
});

test('what is mirrored later comes in the order of acceptance, whatever the seed', async () => {
  await play(1, 3);
  const candidate = await aCandidate('c');
  const first = await draw(candidate);
  await play(4, 9);

  const later = await draw(candidate, { afterNumber: first.upTo });

  expect(later.tasks).toEqual(['t-4', 't-5', 't-6', 't-7', 't-8', 't-9']);
});

test('draws tasks newer than the evidence before older ones, and the evidence never', async () => {
  await play(1, 4);
  const cited = await playOne('t-5');
  await play(6, 9);
  const candidate = await aCandidate('c', [cited.episode]);

  const { tasks } = await draw(candidate);

  expect([...tasks.slice(0, 4)].sort()).toEqual(['t-6', 't-7', 't-8', 't-9']);
  expect([...tasks.slice(4)].sort()).toEqual(['t-1', 't-2', 't-3', 't-4']);
});

test('leaves out the task of every episode that proposed, cited or not', async () => {
  await play(1, 3);
  const { episode } = await playOne('t-4');
  const candidate = await aCandidate('c');
  await store.putProposals(scope, episode, [{ draft: aDraft('other'), rejected: null }]);
  const [proposal] = await store.waitingProposals(scope, 10);
  const result = { kind: 'joined' as const, candidate };
  await store.applyMerge(scope, {
    results: [{ proposal: proposal?.id ?? '', result }],
    revisions: [],
    support: [],
    opened: null,
  });

  const { tasks } = await draw(candidate);

  expect([...tasks].sort()).toEqual(['t-1', 't-2', 't-3']);
});

test('leaves out tasks that called a tool without a sandbox, by what ran before any arm did', async () => {
  await play(1, 2);
  for (const [id, name] of [
    ['letters', 'send_letter'],
    ['looks', 'look_up'],
  ] as const) {
    const { episode } = await startTask(store, scope, id, {
      input: { question: `orders of ${id}` },
    });
    await store.putStep(scope.tenant, episode, {
      index: 0,
      kind: 'tool',
      callId: 'c',
      tool: name,
      arguments: '{}',
      result: { ok: true, content: '' },
    });
    await endEpisode(store, scope, episode);
  }

  const { tasks } = await draw(await aCandidate('c'));

  expect([...tasks].sort()).toEqual(['looks', 't-1', 't-2']);
});

test('a task on which the two prompts are alike makes no pair', async () => {
  await play(1, 2);
  await playOne('elsewhere', { slices: { database: 'library' } });

  const { tasks } = await draw(await aCandidate('c'));

  expect([...tasks].sort()).toEqual(['t-1', 't-2']);
});

test('a task of a small pool serves twenty other candidates and then no more', async () => {
  await play(1, 2);
  const { task } = await playOne('t-3');
  for (let n = 0; n < 20; n += 1) {
    const name = `u-${String(n)}`;
    const other = await openCandidate(store, scope, `${scope.tenant}.${name}`, [aDraft(name)]);
    await store.countUses(scope, other, [task]);
  }

  const { tasks } = await draw(await aCandidate('c'));

  expect([...tasks].sort()).toEqual(['t-1', 't-2']);
});

test('a question that comes again under another id is used as often as it was asked', async () => {
  await play(1, 2);
  const again = { input: { question: 'orders of the year' } };
  for (let n = 0; n < 20; n += 1) {
    const { task } = await playOne(`again-${String(n)}`, again);
    const name = `u-${String(n)}`;
    const other = await openCandidate(store, scope, `${scope.tenant}.${name}`, [aDraft(name)]);
    await store.countUses(scope, other, [task]);
  }
  await playOne('again-anew', again);

  const { tasks } = await draw(await aCandidate('c'));

  expect([...tasks].sort()).toEqual(['t-1', 't-2']);
});

test('uses of an epoch that is long over count no more', async () => {
  const { task } = await playOne('t-1');
  const old: CandidateId[] = [];
  for (let n = 0; n < 81; n += 1) {
    const name = `u-${String(n)}`;
    const other = await openCandidate(store, scope, `${scope.tenant}.${name}`, [aDraft(name)]);
    await closeOnActive(store, scope, other);
    if (n < 20) old.push(other);
  }
  for (const other of old) await store.countUses(scope, other, [task]);
  const candidate = await aCandidate('c');
  const before = await draw(candidate);
  await database.pool.query(
    `update candidates set closed_at = now() - interval '91 days' where tenant = $1 and candidate <> $2`,
    [scope.tenant, candidate],
  );

  const after = await draw(candidate);

  expect(before.tasks).toEqual([]);
  expect(after.tasks).toEqual(['t-1']);
});

test('from a thousand tasks on the gate draws from its own part, mirrored ones too', async () => {
  await playMany(LARGE_POOL - 2);
  expect(await store.isPoolLarge(scope)).toBe(false);
  await playOne('thousandth');
  expect(await store.isPoolLarge(scope)).toBe(true);
  const candidate = await aCandidate('c');

  const first = await draw(candidate);
  await play(1, 30);
  const mirrored = await draw(candidate, { afterNumber: first.upTo });

  expect(first.tasks.length).toBeGreaterThan(340);
  expect(first.tasks.filter((task) => poolPart(task) !== 'gate')).toEqual([]);
  expect(mirrored.tasks.length).toBeGreaterThan(0);
  expect(mirrored.tasks.filter((task) => poolPart(task) !== 'gate')).toEqual([]);
});

test('a diagnosis draws from the newest 200 tasks alone, as many as it has pairs', async () => {
  await playMany(600);
  const candidate = await aCandidate('c');

  const { tasks } = await drawn(candidate, { purpose: 'diagnosis' });

  const numbers = tasks.map(({ number }) => number).sort((a, b) => a - b);
  expect(numbers).toEqual(Array.from({ length: 200 }, (_none, index) => 402 + index));
});

test('a thousand tasks of which some are older than the window are not so many', async () => {
  await playMany(LARGE_POOL - 1);
  expect(await store.isPoolLarge(scope)).toBe(true);

  await database.pool.query(
    `update tasks set accepted_at = now() - interval '31 days'
     where tenant = $1 and agent = $2 and number <= 10`,
    [scope.tenant, scope.agent],
  );

  expect(await store.isPoolLarge(scope)).toBe(false);
});

test('a diagnosis of a slice that fell draws from the tasks of that slice, however few they are among the newest', async () => {
  for (let n = 1; n <= 12; n += 1) {
    await playOne(`t-${String(n)}`, { slices: { kind: n % 4 === 0 ? 'hard' : 'easy' } });
  }
  const candidate = await aCandidate('c');

  const { tasks } = await draw(candidate, { purpose: 'diagnosis', slice: 'kind=hard' });

  expect([...tasks].sort()).toEqual(['t-12', 't-4', 't-8']);
});

test('pinned cases come with the first draw, a few of them in many rounds, each as runs of its own', async () => {
  await play(1, 3);
  const candidate = await aCandidate('c');
  const none = await draw(candidate);
  await play(4, 6);
  await database.pool.query(
    `insert into pinned_cases (tenant, agent, task, slices, candidate)
     select tenant, agent, task, slices, $3 from tasks
     where tenant = $1 and agent = $2 and number between 4 and 6`,
    [scope.tenant, scope.agent, candidate],
  );

  const { tasks, pinned } = await draw(candidate);

  expect(none.pinned).toEqual([]);
  expect(pinned).toHaveLength(27);
  expect(new Set(pinned.map(({ task }) => task)).size).toBe(3);
  expect(tasks).toHaveLength(6);
  const runs = new Set(pinned.map(({ episodes }) => episodes.candidate));
  const others = (await drawn(candidate)).tasks.map(({ episodes }) => episodes.candidate);
  expect(runs.size).toBe(27);
  expect(others.filter((run) => runs.has(run))).toEqual([]);
});

test('an agent without a judge is tested at margin 0, whatever others were audited', async () => {
  await play(1, 2);

  const { policy } = await drawn(await aCandidate('c'));

  expect(policy).toMatchObject({ m0: 0, isBiased: false });
});
