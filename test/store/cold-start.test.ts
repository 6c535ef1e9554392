import { afterAll, beforeAll, expect, test } from 'vitest';

import { createAgentRegistry } from '../../src/activities/agent-registry.js';
import { createLearnerActivities } from '../../src/activities/learner-activities.js';
import type { Messenger } from '../../src/activities/messenger.js';
import { createReflectionActivities } from '../../src/activities/reflection-activities.js';
import { StrategyCache } from '../../src/activities/strategy-cache.js';
import { createLifecycleActivities } from '../../src/activities/task-lifecycle.js';
import { reflectOnImports } from '../../src/cli/import/reflect-imports.js';
import { runImport } from '../../src/cli/import/run-import.js';
import { episodeId, taskId } from '../../src/contracts/ids.js';
import type { VersionId } from '../../src/domain/ids.js';
import type { ImportFormat } from '../../src/domain/imported-run.js';
import type { JsonObject } from '../../src/domain/json.js';
import { createModelClient } from '../../src/model/openai-client.js';
import { createImports } from '../../src/store/imports.js';
import { createQueries } from '../../src/store/queries.js';
import { createStore } from '../../src/store/store.js';
import { linesOf, readOptions } from '../support/import-lines.js';
import { freshDatabase, type FreshDatabase } from '../support/postgres.js';
import { aScope, deploy, endEpisode, FAILED, PASSED } from '../support/store-builders.js';
import { anAgent, CountingTool } from '../support/tools.js';

let database: FreshDatabase;
beforeAll(async () => {
  database = await freshDatabase();
});
afterAll(() => database.drop());

const SEEDS = '- Write the name of a row in lower case.\n';
const QUESTION = 'Which name has the row that add_row was given?';

const call = (id: string, args: object) => ({
  role: 'assistant',
  content: null,
  tool_calls: [{ id, function: { name: 'add_row', arguments: JSON.stringify(args) } }],
});

/** An old run that succeeded once its call said what the first one lacked. */
const recorded = (n: number) => ({
  run_id: `old-${String(n)}`,
  agent: 'clerk',
  success: 1,
  slices: { desk: 'north' },
  messages: [
    { role: 'user', content: `Add row ${String(n)}` },
    call('c1', { title: 'a' }),
    { role: 'tool', tool_call_id: 'c1', content: 'Error ARGS: unknown key title, expected name' },
    call('c2', { name: 'a' }),
    { role: 'tool', tool_call_id: 'c2', content: 'added' },
    { role: 'assistant', content: 'Done.' },
  ],
});

const unheard: Messenger = {
  wake: () => Promise.resolve(false),
  grant: () => Promise.resolve(false),
  startCandidate: () => Promise.resolve(),
  wakeLearner: () => Promise.resolve(),
  reserve: () => Promise.reject(new Error('nothing is evaluated here')),
  settle: () => Promise.reject(new Error('nothing is settled here')),
  reflectOnDrift: () => Promise.resolve([]),
};
const silent = { progress: () => ({ update: () => undefined, end: () => undefined }) };

/** An agent with seed lessons and old runs, whose learner has made a candidate of what they say. */
async function coldStart(tenant: string) {
  const scope = aScope(tenant, 'clerk');
  const store = createStore(database.pool);
  const agent = anAgent({
    id: 'clerk',
    tools: [new CountingTool().tool()],
    slices: ({ input: { desk } }) => (typeof desk === 'string' ? { desk } : {}),
    learning: { holdOut: { share: 0 } },
  });
  const agents = createAgentRegistry([agent]);
  const { active: root } = await deploy(store, scope, {
    ...agents.digests(agent.id),
    parameters: {
      model: agent.model.name,
      temperature: agent.model.temperature,
      maxModelCalls: agent.limits.modelCalls,
      recallLimit: agent.recallLimit,
    },
    instructions: agent.instructions,
  });
  const target = { tenant: scope.tenant, imports: createImports(database.pool), proposals: store };
  const importText = (format: ImportFormat, text: string) =>
    runImport(
      {
        size: null,
        position: () => 0,
        open: async function* () {
          yield await Promise.resolve(Buffer.from(text));
        },
      },
      { ...readOptions(format), isStrict: true },
      target,
      silent,
    );
  await importText('lessons', SEEDS);
  await importText('openai-chat', linesOf(recorded(1), recorded(2), recorded(3)));
  const models = createModelClient({ apiKey: 'none', baseUrl: 'http://127.0.0.1:9' });
  const queries = createQueries(database.pool);
  await reflectOnImports(
    scope,
    {
      queries,
      reflection: createReflectionActivities({ store, agents, messenger: unheard, models }),
    },
    silent.progress(),
    new AbortController().signal,
  );
  const learner = createLearnerActivities({ store, agents, messenger: unheard });
  await learner.mergeProposals(scope);
  await learner.closeBundle(scope);
  const [candidate] = await store.candidates(scope);
  if (candidate?.version == null) throw new Error('the imports made no candidate with a version');

  const { recall } = createLifecycleActivities({
    store,
    agents,
    strategies: new StrategyCache(store),
    messenger: unheard,
    hasLocalModel: true,
  });
  const accept = async (name: string, desk: string) => {
    const input: JsonObject = { desk, question: QUESTION };
    const slices = agent.slices({ input });
    const task = taskId(name);
    const { episode } = await store.acceptTask({
      ...scope,
      id: task,
      input,
      subject: null,
      slices,
    });
    return { task, episode };
  };
  const stored = async (id: string) => {
    const episode = await store.episode(scope.tenant, episodeId(id));
    if (episode === null) throw new Error(`no episode ${id}`);
    return episode;
  };
  return {
    scope,
    store,
    queries,
    root,
    candidate: candidate.version,
    lessons: candidate.lessons,
    /** A live task from its acceptance to its outcome, through the activity that recalls. */
    async play(name: string, desk: string, outcome = PASSED) {
      const { task, episode } = await accept(name, desk);
      await recall({ ...scope, task, mode: 'live' });
      await endEpisode(store, scope, episode, outcome);
      return stored(episode);
    },
    /** The same task with a version that may serve no live one. */
    async recalledBy(version: VersionId, task: string) {
      const episode = episodeId(`shadow-${task}`);
      const run = { episode, version, candidate: null };
      await recall({ ...scope, task: taskId(task), mode: 'shadow', run });
      return (await stored(episode)).recalled;
    },
  };
}

test('the first tasks after a cold start run on the baseline, whatever was imported', async () => {
  const { play, root, candidate, lessons, recalledBy } = await coldStart('first-tasks');

  const first = await play('t1', 'north');

  expect(lessons.map(({ sources }) => sources[0]?.channel).sort()).toEqual([
    'operator',
    'tool_output',
  ]);
  expect(first).toMatchObject({ version: root, arm: 'active', recalled: [] });
  // They would be in its prompt if their candidate served it.
  expect(await recalledBy(candidate, 't1')).toHaveLength(2);
});

test('the rates of slices are those of the first tasks, not of imported ones', async () => {
  const { play, queries, root, scope, store } = await coldStart('first-rates');
  await play('t1', 'north', FAILED);
  await play('t2', 'north');
  await play('t3', 'south');
  await play('t4', 'south');

  const live = await queries.sliceCounts(scope.tenant, { agent: scope.agent, mode: 'live' });
  const all = await queries.sliceCounts(scope.tenant, { agent: scope.agent });
  const { strata } = await store.outcomeReference(scope, root, 100, 100);

  const rates = live.map(({ value, n, successes }) => [value, successes, n]);
  expect(rates).toEqual([
    [null, 3, 4],
    ['north', 1, 2],
    ['south', 2, 2],
  ]);
  expect(all.find(({ value }) => value === 'north')).toMatchObject({ n: 5, successes: 4 });
  expect(strata.map(({ slices, n, failures }) => [slices['desk'], failures, n])).toEqual([
    ['north', 1, 2],
    ['south', 0, 2],
  ]);
});
