import { afterAll, beforeAll, expect, test } from 'vitest';

import { createAgentRegistry } from '../../src/activities/agent-registry.js';
import { createLearnerActivities } from '../../src/activities/learner-activities.js';
import type { Messenger } from '../../src/activities/messenger.js';
import { createReflectionActivities } from '../../src/activities/reflection-activities.js';
import { reflectOnImports } from '../../src/cli/import/reflect-imports.js';
import { runImport } from '../../src/cli/import/run-import.js';
import { importedEpisodeIdOf } from '../../src/contracts/digest.js';
import { poolPart } from '../../src/domain/gate/sampling.js';
import { createModelClient } from '../../src/model/openai-client.js';
import { createImports } from '../../src/store/imports.js';
import { createQueries } from '../../src/store/queries.js';
import { createStore } from '../../src/store/store.js';
import { linesOf, readOptions, runsIn } from '../support/import-lines.js';
import { freshDatabase, type FreshDatabase } from '../support/postgres.js';
import { aScope, deploy, playTask } from '../support/store-builders.js';
import { anAgent, CountingTool } from '../support/tools.js';

let database: FreshDatabase;
beforeAll(async () => {
  database = await freshDatabase();
});
afterAll(() => database.drop());

const call = (id: string, args: object) => ({
  role: 'assistant',
  content: null,
  tool_calls: [{ id, function: { name: 'add_row', arguments: JSON.stringify(args) } }],
});

/** A run whose first call lacks what the second one has. */
const recovery = (n: number) => ({
  run_id: `chat-${String(n)}`,
  agent: 'clerk',
  success: 1,
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

test('imported episodes are mined once, and what they taught opens one candidate of its own workflow', async () => {
  const scope = aScope('mining', 'clerk');
  const store = createStore(database.pool);
  await deploy(store, scope);
  const lines = Buffer.from(linesOf(recovery(1), recovery(2), recovery(3)));
  const source = {
    size: null,
    position: () => 0,
    open: async function* () {
      yield await Promise.resolve(lines);
    },
  };
  const target = {
    tenant: scope.tenant,
    imports: createImports(database.pool),
    proposals: store,
  };
  const io = { progress: () => ({ update: () => undefined, end: () => undefined }) };
  await runImport(source, { ...readOptions('openai-chat'), isStrict: false }, target, io);
  const agents = createAgentRegistry([
    anAgent({ id: 'clerk', tools: [new CountingTool().tool()] }),
  ]);
  const messenger = unheard;
  const models = createModelClient({ apiKey: 'none', baseUrl: 'http://127.0.0.1:9' });
  const house = {
    queries: createQueries(database.pool),
    reflection: createReflectionActivities({ store, agents, messenger, models }),
  };
  const { signal } = new AbortController();

  const first = await reflectOnImports(scope, house, io.progress(), signal);
  const second = await reflectOnImports(scope, house, io.progress(), signal);
  await createLearnerActivities({ store, agents, messenger }).mergeProposals(scope);

  expect(first).toEqual({ read: 3, proposed: 3, refused: {} });
  expect(second).toEqual({ read: 0, proposed: 0, refused: {} });
  const candidates = await store.candidates(scope);
  expect(candidates.map(({ id, workflowId }) => [id, workflowId])).toEqual([
    ['mining.clerk.c1', 'reflect/mining.clerk.c1'],
  ]);
  expect(candidates[0]?.lessons).toHaveLength(1);
});

test('of many tasks those kept for the gate teach nothing, a recording of another task does', async () => {
  const scope = aScope('kept', 'clerk');
  const store = createStore(database.pool);
  await deploy(store, scope);
  const names = Array.from({ length: 40 }, (_, n) => `r-${String(n)}`);
  const [ours = '', recorded = ''] = names.filter((name) => poolPart(name) === 'gate');
  await playTask(store, scope, ours);
  await database.pool.query(
    `with counted as (update agents set tasks = 1000 where tenant = $1 and agent = $2)
     insert into tasks (tenant, agent, task, number, episode, input, input_digest, slices)
     select $1, $2, 'made-' || n, n, $1 || '-made-' || n, '{}', 'digest', '{}'
     from generate_series(2, 1000) n`,
    [scope.tenant, scope.agent],
  );
  const lines = [ours, recorded].map((task_id, n) => ({
    ...recovery(n),
    run_id: task_id,
    task_id,
  }));
  const runs = await runsIn(linesOf(...lines), readOptions('openai-chat'));
  await createImports(database.pool).addRuns(scope.tenant, runs);
  const agents = createAgentRegistry([
    anAgent({ id: 'clerk', tools: [new CountingTool().tool()] }),
  ]);
  const models = createModelClient({ apiKey: 'none', baseUrl: 'http://127.0.0.1:9' });
  const { propose } = createReflectionActivities({ store, agents, messenger: unheard, models });
  const drafted = async (name: string) => {
    const episode = importedEpisodeIdOf(scope.tenant, name);
    return (await propose({ ...scope, episode, exploration: null })).drafts.length;
  };

  expect(await drafted(ours)).toBe(0);
  expect(await drafted(recorded)).toBe(1);
});
