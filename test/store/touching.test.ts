import { afterAll, beforeAll, expect, test } from 'vitest';

import { createAgentRegistry } from '../../src/activities/agent-registry.js';
import type { Messenger } from '../../src/activities/messenger.js';
import { createRolloutActivities } from '../../src/activities/rollout-activities.js';
import type { Store } from '../../src/activities/store.js';
import { StrategyCache } from '../../src/activities/strategy-cache.js';
import { VectorRecall } from '../../src/activities/vector-recall.js';
import { candidateId } from '../../src/contracts/ids.js';
import { SYSTEM } from '../../src/domain/feedback.js';
import type { CandidateId, Scope } from '../../src/domain/ids.js';
import type { LessonDraft } from '../../src/domain/lesson.js';
import { createStore } from '../../src/store/store.js';
import { deskAgent } from '../support/desk.js';
import { freshDatabase, type FreshDatabase } from '../support/postgres.js';
import {
  aDraft,
  aScope,
  closeOnActive,
  deploy,
  openCandidate,
  passGate,
  playTask,
} from '../support/store-builders.js';

const silent: Messenger = {
  wake: () => Promise.resolve(true),
  grant: () => Promise.resolve(true),
  startCandidate: () => Promise.resolve(),
  wakeLearner: () => Promise.resolve(),
  reserve: () => Promise.resolve({ alpha: 0.005, epoch: 1, isUnderpowered: false }),
  settle: () => Promise.resolve({ isArmed: true }),
  reflectOnDrift: () => Promise.resolve([]),
};

let database: FreshDatabase;
let store: Store;
beforeAll(async () => {
  database = await freshDatabase();
  store = createStore(database.pool);
});
afterAll(() => database.drop());

function activities(hasVectors: boolean) {
  const embedder = {
    ...{ model: 'meaning', queryMs: 1, minSimilarity: 0.3 },
    embed: () => Promise.reject(new Error('nothing is embedded to see who touches')),
  };
  return createRolloutActivities({
    store,
    agents: createAgentRegistry([deskAgent({ id: 'sql-analyst' })]),
    strategies: new StrategyCache(store),
    messenger: silent,
    ...(hasVectors && { vectors: new VectorRecall(store, embedder) }),
  });
}

/** A note of one database whose words no task of the pool has. */
function aNote(word: string, database: string): LessonDraft {
  return aDraft(word, {
    trigger: {
      predicates: [{ field: 'database', op: 'eq', value: database }],
      when: '',
      notWhen: '',
    },
  });
}

async function passed(scope: Scope, draft: LessonDraft): Promise<CandidateId> {
  const id = await openCandidate(store, scope, `${scope.tenant}.${draft.key}`, [draft]);
  await closeOnActive(store, scope, candidateId(id));
  await passGate(store, scope, id);
  return id;
}

/** One candidate is re-based after another, of the named database, was promoted. */
async function rebased(tenant: string, other: string, hasVectors: boolean) {
  const scope = aScope(tenant);
  await deploy(store, scope);
  await playTask(store, scope, 't-1', { slices: { database: 'shop' } });
  const own = await passed(scope, aNote('vocalists', 'shop'));
  const neighbour = await passed(scope, aNote('crooners', other));
  const by = { ...scope, candidate: neighbour, actor: SYSTEM, reason: 'its turn', detail: {} };
  await activities(hasVectors).startCanary({ ...by, share: 0.5, seed: 1 });
  await activities(hasVectors).promote(by);
  return activities(hasVectors).rebase({ ...scope, candidate: own });
}

test('two that share no words with a task do not touch where words alone find lessons', async () => {
  expect(await rebased('words', 'shop', false)).toEqual({ changed: true, touches: false });
});

test('they touch where meaning finds lessons too and one task is in the scope of both', async () => {
  expect(await rebased('meaning', 'shop', true)).toEqual({ changed: true, touches: true });
});

test('and do not where no task is in the scope of both', async () => {
  expect(await rebased('apart', 'zoo', true)).toEqual({ changed: true, touches: false });
});
