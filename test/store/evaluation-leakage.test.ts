import { afterAll, beforeAll, expect, test } from 'vitest';

import { createAgentRegistry } from '../../src/activities/agent-registry.js';
import type { Messenger } from '../../src/activities/messenger.js';
import { createReflectionActivities } from '../../src/activities/reflection-activities.js';
import type { Store } from '../../src/activities/store.js';
import { defineAgent } from '../../src/contracts/agent.js';
import { candidateId, taskId } from '../../src/contracts/ids.js';
import { poolPart } from '../../src/domain/gate/sampling.js';
import type { EpisodeId, Scope } from '../../src/domain/ids.js';
import type { LessonDraft } from '../../src/domain/lesson.js';
import { createStore } from '../../src/store/store.js';
import { freshDatabase, type FreshDatabase } from '../support/postgres.js';
import {
  aDraft,
  aScope,
  deploy,
  endEpisode,
  FAILED,
  openCandidate,
  PASSED,
  startTask,
} from '../support/store-builders.js';

let database: FreshDatabase;
let store: Store;
const scope: Scope = aScope('leaky', 'clerk');
beforeAll(async () => {
  database = await freshDatabase();
  store = createStore(database.pool);
  await deploy(store, scope);
  await openCandidate(store, scope, 'c-1', [aDraft('other')]);
});
afterAll(() => database.drop());

const agents = createAgentRegistry([
  defineAgent({
    id: 'clerk',
    instructions: 'Answer.',
    model: { name: 'm' },
    tools: [],
    evaluators: [],
  }),
]);

async function validated(episode: EpisodeId, text: string, of: Store = store) {
  const draft: LessonDraft = {
    key: `reflection/${text}`,
    kind: 'rule',
    title: 'a rule',
    trigger: { predicates: [], when: '', notWhen: '' },
    body: { form: 'text', text },
    rationale: '',
    evidence: [
      {
        episode,
        task: (await store.episode(scope.tenant, episode))?.task ?? taskId('unknown'),
        steps: [],
        role: 'failure',
        outcome: 0,
        reliability: 0.5,
      },
    ],
    sources: [{ channel: 'reflection', principal: 'm', authority: 0.5 }],
    trust: 'medium',
    toolVersions: {},
  };
  const { validate } = createReflectionActivities({
    store: of,
    agents,
    messenger: {} as Messenger,
    models: { complete: () => Promise.reject(new Error('nobody is asked')) },
  });
  const { answers } = await validate({ ...scope, episode, drafts: [draft] });
  return answers[0]?.code ?? null;
}

async function played(task: string, question: string, outcome = FAILED) {
  const { episode } = await startTask(store, scope, task, { input: { question } });
  await endEpisode(store, scope, episode, outcome);
  return episode;
}

const QUOTE = 'Look at the oldest lighthouse of the northern coast before the rest.';

test('a lesson may not quote a task that a gate has used, and may one that none will', async () => {
  const own = await played('own', 'Which harbour closes first?');
  await played('judged', 'When was the oldest lighthouse of the northern coast built?');
  const before = await validated(own, QUOTE);

  await store.countUses(scope, candidateId('c-1'), [taskId('judged')]);

  expect(before).toBeNull();
  expect(await validated(own, QUOTE)).toBe('EVALUATION_LEAKAGE');
});

test('nor the right answer of one, while a wrong one is nobody’s secret', async () => {
  const own = await played('mine', 'Which pier is longest?');
  const right = await played('right', 'Who keeps the light?', PASSED);
  const wrong = await played('wrong', 'Who paints the boats?');
  await database.pool.query(
    `update episodes set output = '"the widow of the old harbour master"' where episode = $1`,
    [right],
  );
  await database.pool.query(
    `update episodes set output = '"a painter from the village inn"' where episode = $1`,
    [wrong],
  );
  await store.countUses(scope, candidateId('c-1'), [taskId('right'), taskId('wrong')]);

  expect(await validated(own, 'Say the widow of the old harbour master.')).toBe(
    'EVALUATION_LEAKAGE',
  );
  expect(await validated(own, 'Do not say a painter from the village inn.')).toBeNull();
});

test('where tasks are many, those kept for the gate count before it has used them', async () => {
  const own = await played('first', 'Which ferry is late?');
  const names = Array.from({ length: 40 }, (_, at) => `kept-${String(at)}`);
  const kept = names.find((name) => poolPart(name) === 'gate') ?? '';
  const free = names.find((name) => poolPart(name) !== 'gate') ?? '';
  await played(kept, 'How many seals rest on the outer sand bank?');
  await played(free, 'How many gulls nest under the western bridge arch?');
  const large: Store = { ...store, isPoolLarge: async () => true };

  expect(await validated(own, 'Count seals on the outer sand bank twice.', large)).toBe(
    'EVALUATION_LEAKAGE',
  );
  expect(
    await validated(own, 'Count gulls under the western bridge arch twice.', large),
  ).toBeNull();
});
