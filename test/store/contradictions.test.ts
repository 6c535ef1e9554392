import { afterAll, beforeAll, expect, test } from 'vitest';

import { createAgentRegistry } from '../../src/activities/agent-registry.js';
import { createLearnerActivities } from '../../src/activities/learner-activities.js';
import type { Store } from '../../src/activities/store.js';
import { lessonIdOf } from '../../src/contracts/digest.js';
import { candidateId } from '../../src/contracts/ids.js';
import { SYSTEM } from '../../src/domain/feedback.js';
import type { CandidateId, Scope, VersionId } from '../../src/domain/ids.js';
import type { LessonDraft } from '../../src/domain/lesson.js';
import { createStore } from '../../src/store/store.js';
import { deskAgent } from '../support/desk.js';
import { freshDatabase, type FreshDatabase } from '../support/postgres.js';
import {
  aDraft,
  aScope,
  closeOnActive,
  deploy,
  passGate,
  playTask,
} from '../support/store-builders.js';

let database: FreshDatabase;
let store: Store;

beforeAll(async () => {
  database = await freshDatabase();
  store = createStore(database.pool);
});

afterAll(() => database.drop());

const desk = deskAgent({ id: 'desk' });

function merging() {
  return createLearnerActivities({
    store,
    agents: createAgentRegistry([desk]),
    messenger: {
      wake: () => Promise.resolve(true),
      grant: () => Promise.resolve(true),
      startCandidate: () => Promise.resolve(),
      wakeLearner: () => Promise.resolve(),
      reserve: () => Promise.resolve({ alpha: 0.005, epoch: 1, isUnderpowered: false }),
      settle: () => Promise.resolve({ isArmed: true }),
      reflectOnDrift: () => Promise.resolve([]),
    },
  });
}

function aRule(key: string, text: string, authority: number): LessonDraft {
  return aDraft(key, {
    kind: 'rule',
    body: { form: 'text', text },
    sources: [{ channel: 'feedback', principal: `of ${key}`, authority }],
    toolVersions: {},
  });
}

const OLD = aRule('old', 'Use the archive.', 0.6);

/** An episode proposes; the learner reads it. Answers the candidate that took it in. */
async function proposed(scope: Scope, task: string, draft: LessonDraft): Promise<CandidateId> {
  const { episode } = await playTask(store, scope, task);
  await store.putProposals(scope, episode, [{ draft, rejected: null }]);
  const { openCandidate } = await merging().mergeProposals(scope);
  return openCandidate ?? expect.fail('no candidate was opened');
}

async function promoted(scope: Scope, candidate: CandidateId): Promise<VersionId> {
  const version = await closeOnActive(store, scope, candidate);
  await passGate(store, scope, candidate);
  const pointer = await store.pointer(scope);
  const number = pointer?.number ?? expect.fail('no pointer');
  const by = { candidate, actor: SYSTEM, detail: {}, reason: 'its turn' };
  const canary = { candidate, version, share: 0.5, seed: 1 };
  await store.transition(scope, {
    ...{ ...by, from: ['passed'], to: 'canary' },
    pointer: { expected: number, change: { canary } },
  });
  await store.transition(scope, {
    ...{ ...by, from: ['canary'], to: 'probation' },
    pointer: { expected: number + 1, change: { active: version, canary: null } },
  });
  return version;
}

async function withOldRule(tenant: string): Promise<Scope> {
  const scope = aScope(tenant, 'desk');
  await deploy(store, scope);
  await promoted(scope, await proposed(scope, 't-1', OLD));
  return scope;
}

async function keysServing(scope: Scope, version: VersionId): Promise<readonly string[]> {
  return (await store.lessonsServing(scope, version)).map(({ key }) => key);
}

test('what a new rule overrules leaves with its bundle, and is back when that is rolled back', async () => {
  const scope = await withOldRule('overruled');
  const before = (await store.pointer(scope)) ?? expect.fail('no pointer');

  const candidate = await proposed(scope, 't-2', aRule('new', 'Do not use the archive.', 0.95));
  const bundle = (await store.candidate(scope.tenant, candidate))?.bundle;
  const still = await keysServing(scope, before.active);
  const version = await promoted(scope, candidate);
  const serving = await keysServing(scope, version);
  const [old] = await store.lessonsByKey(scope, ['old']);
  const after = (await store.pointer(scope)) ?? expect.fail('no pointer');
  await store.transition(scope, {
    ...{ candidate, from: ['probation'], to: 'rolled-back', actor: SYSTEM },
    ...{ reason: 'alarm', detail: {} },
    pointer: { expected: after.number, change: { active: before.active } },
  });
  const [back] = await store.lessonsByKey(scope, ['old']);

  expect(bundle?.put.map(({ lesson }) => lesson)).toEqual([lessonIdOf(scope.agent, 'new')]);
  expect(bundle?.remove).toEqual([lessonIdOf(scope.agent, 'old')]);
  expect(still).toEqual(['old']);
  expect(serving).toEqual(['new']);
  expect([old?.status, back?.status]).toEqual(['retired', 'active']);
});

test('a rule takes nothing away that outweighs it, or that it does not contradict', async () => {
  const scope = await withOldRule('outweighed');

  await proposed(scope, 't-2', aRule('weaker', 'Do not use the archive.', 0.4));
  const candidate = await proposed(scope, 't-3', aRule('other', 'Use the ledger.', 0.95));

  expect((await store.candidate(scope.tenant, candidate))?.bundle.remove).toEqual([]);
});

test('only what serves every task is set against a proposal', async () => {
  const scope = aScope('kinds', 'desk');
  await deploy(store, scope);
  await proposed(scope, 't-1', aRule('waiting', 'Use the archive.', 0.6));

  expect(candidateId('kinds.desk.c1')).toBe((await store.openCandidate(scope))?.id);
  expect(await store.activeOfKinds(scope, ['rule', 'parameter'])).toEqual([]);
});
