import { afterAll, beforeAll, expect, test } from 'vitest';

import { createAgentRegistry } from '../../src/activities/agent-registry.js';
import { createLearnerActivities } from '../../src/activities/learner-activities.js';
import { createReflectionActivities } from '../../src/activities/reflection-activities.js';
import type { Store } from '../../src/activities/store.js';
import { lessonIdOf } from '../../src/contracts/digest.js';
import { candidateId, episodeId, taskId } from '../../src/contracts/ids.js';
import { SYSTEM } from '../../src/domain/feedback.js';
import type { CandidateId, EpisodeId, Scope, VersionId } from '../../src/domain/ids.js';
import type { LessonDraft } from '../../src/domain/lesson.js';
import { createStore } from '../../src/store/store.js';
import { deskAgent } from '../support/desk.js';
import { freshDatabase, type FreshDatabase } from '../support/postgres.js';
import {
  acceptTask,
  aDraft,
  aScope,
  closeOnActive,
  deploy,
  PARAMETERS,
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

function activities() {
  const shared = {
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
  };
  const models = { complete: () => Promise.reject(new Error('no model is asked here')) };
  return {
    ...createLearnerActivities(shared),
    ...createReflectionActivities({ ...shared, models }),
  };
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
  const { openCandidate } = await activities().mergeProposals(scope);
  return openCandidate ?? expect.fail('no candidate was opened');
}

/** The learner finds that something outweighs, or is measured beside, what is proposed. */
async function refusedInMerge(
  scope: Scope,
  task: string,
  draft: LessonDraft,
  code: 'CONFLICT' | 'DISPUTED',
): Promise<void> {
  const { episode } = await playTask(store, scope, task);
  await store.putProposals(scope, episode, [{ draft, rejected: null }]);
  await activities().mergeProposals(scope);
  const [row] = await store.proposalsOf(scope.tenant, episode);
  expect(row?.result).toMatchObject({ kind: 'refused', code });
}

/** What one person says of an episode, as its reflection proposes it and the learner reads it. */
async function said(scope: Scope, task: string, key: string, text: string, person: string) {
  const { episode } = await playTask(store, scope, task);
  const draft = { ...aRule(key, text, 0.6), evidence: [seenIn(episode, task)] };
  const source = { channel: 'feedback' as const, principal: person, authority: 0.6 };
  const drafts = [{ ...draft, sources: [source] }];
  const { answers } = await activities().validate({ ...scope, episode, drafts });
  await activities().mergeProposals(scope);
  const [row] = await store.proposalsOf(scope.tenant, episode);
  return { code: answers[0]?.code, result: row?.result ?? null };
}

function seenIn(episode: EpisodeId, task: string): LessonDraft['evidence'][number] {
  const steps: readonly number[] = [];
  return { episode, task: taskId(task), steps, role: 'failure', outcome: 0, reliability: 1 };
}

/** The rule has come through its probation. */
async function withSettledRule(tenant: string): Promise<{ scope: Scope; candidate: CandidateId }> {
  const scope = await withOldRule(tenant);
  const [row] = await store.candidates(scope);
  const candidate = row?.id ?? expect.fail('no candidate');
  await store.transition(scope, {
    ...{ candidate, from: ['probation'], to: 'promoted', actor: SYSTEM },
    ...{ reason: 'survived', detail: {} },
  });
  return { scope, candidate };
}

async function statuses(scope: Scope): Promise<readonly string[]> {
  const disputes = await store.disputes(scope);
  const lessons = await Promise.all(disputes.map((one) => store.lessonRevision(scope, one)));
  return lessons.map((lesson) => `${lesson?.key ?? ''} ${lesson?.status ?? ''}`);
}

function keeping(scope: Scope, lesson: string) {
  return activities().override({
    ...scope,
    ...{ action: 'keep', actor: { id: 'olga', role: 'owner' }, reason: 'I know', updateId: 'u' },
    ...{ lesson, version: null, expectedVersion: null },
  });
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

  await refusedInMerge(scope, 't-2', aRule('weaker', 'Do not use the archive.', 0.4), 'CONFLICT');
  const candidate = await proposed(scope, 't-3', aRule('other', 'Use the ledger.', 0.95));

  expect((await store.candidate(scope.tenant, candidate))?.bundle.remove).toEqual([]);
});

test('only what serves every task is set against a proposal', async () => {
  const scope = aScope('kinds', 'desk');
  await deploy(store, scope);
  await proposed(scope, 't-1', aRule('waiting', 'Use the archive.', 0.6));

  expect(candidateId('kinds.desk.c1')).toBe((await store.openCandidate(scope))?.id);
  expect(await store.lessonsAbout(scope, [aRule('not', 'Do not use the archive.', 0.6)])).toEqual(
    [],
  );
});

function auditOf(scope: Scope) {
  return store.auditOf(scope.tenant, null, 100);
}

/** A pair of the gate that the old rule was recalled for, and that was won. */
async function winPair(scope: Scope, candidate: CandidateId): Promise<void> {
  const row = (await store.candidate(scope.tenant, candidate)) ?? expect.fail('no candidate');
  const { id: task } = await acceptTask(store, scope, 't-pair');
  const version = row.version ?? expect.fail('not closed');
  const recalled = [{ lesson: lessonIdOf(scope.agent, 'old'), revision: 1, text: '', score: 1 }];
  const episode = episodeId(`${candidate}.pair`);
  await store.openEpisode({
    ...{ id: episode, scope, task, mode: 'shadow', arm: 'active', input: {}, slices: {} },
    ...{ subject: null, model: 'stand-in', recalled, system: '', user: '', candidate, version },
  });
  const arm = { episode, missing: null };
  const pair = {
    ...{ index: 0, task, slices: {}, topUpFor: null },
    baseline: { ...arm, score: 0, category: 'wrong' },
    candidate: { ...arm, score: 1, category: 'ok' },
  };
  await store.putPairs(scope.tenant, candidate, 'gate', [pair]);
}

const NOT = 'Do not use the archive.';

test('takes a lesson that nothing was measured of out beside what two people say against it', async () => {
  const { scope } = await withSettledRule('disputed');
  const before = (await store.pointer(scope)) ?? expect.fail('no pointer');

  const first = await said(scope, 't-2', 'new', NOT, 'ann');
  const second = await said(scope, 't-3', 'new', NOT, 'ben');
  const after = (await store.pointer(scope)) ?? expect.fail('no pointer');
  const third = await said(scope, 't-4', 'new', NOT, 'cem');

  expect(first.code).toBe('TOO_FEW_GROUPS');
  expect(second).toMatchObject({ code: null, result: { kind: 'disputed' } });
  expect(third.code).toBe('DISPUTED');
  expect(await keysServing(scope, before.active)).toEqual(['old']);
  expect(await keysServing(scope, after.active)).toEqual([]);
  expect(after.number).toBe(before.number + 1);
  expect(await statuses(scope)).toEqual(['new disputed', 'old disputed']);
  expect(await store.openCandidate(scope)).toBeNull();
  const actions = (await auditOf(scope)).map(({ action, object }) => `${object.kind} ${action}`);
  expect(actions.filter((action) => action.endsWith('disputed'))).toEqual([
    'agent disputed',
    'dispute disputed',
  ]);
});

test('gives back what a person says stands, at once, and only once', async () => {
  const { scope } = await withSettledRule('kept');
  await said(scope, 't-2', 'new', NOT, 'ann');
  await said(scope, 't-3', 'new', NOT, 'ben');

  await keeping(scope, `${lessonIdOf(scope.agent, 'old')}@1`);
  const restored = (await store.pointer(scope)) ?? expect.fail('no pointer');
  await keeping(scope, `${lessonIdOf(scope.agent, 'old')}@1`);

  expect(await keysServing(scope, restored.active)).toEqual(['old']);
  expect((await store.pointer(scope))?.number).toBe(restored.number);
  expect(await statuses(scope)).toEqual(['new retired', 'old active']);
  await expect(keeping(scope, `${lessonIdOf(scope.agent, 'new')}@1`)).rejects.toThrow(
    'decided for the other side',
  );
});

test('puts what a person says stands to the gate where it never served', async () => {
  const { scope } = await withSettledRule('challenger');
  await said(scope, 't-2', 'new', NOT, 'ann');
  await said(scope, 't-3', 'new', NOT, 'ben');
  const before = (await store.pointer(scope)) ?? expect.fail('no pointer');

  await keeping(scope, `${lessonIdOf(scope.agent, 'new')}@1`);
  const row = (await store.candidates(scope)).at(-1);

  expect(row).toMatchObject({ state: 'open', workflowId: `reflect/${row?.id ?? ''}` });
  expect(row?.bundle.put).toEqual([{ lesson: lessonIdOf(scope.agent, 'new'), revision: 2 }]);
  expect(row?.version).not.toBeNull();
  expect((await store.pointer(scope))?.number).toBe(before.number);
  expect(await statuses(scope)).toEqual(['new retired', 'old retired']);
});

test('keeps a lesson that pairs were won with, whoever agrees against it', async () => {
  const { scope, candidate } = await withSettledRule('proven');
  await winPair(scope, candidate);
  const before = await store.pointer(scope);

  await said(scope, 't-2', 'new', NOT, 'ann');
  const second = await said(scope, 't-3', 'new', NOT, 'ben');

  expect(second.code).toBe('DISPUTED');
  expect(await store.pointer(scope)).toEqual(before);
  expect(await store.disputes(scope)).toEqual([]);
});

test('keeps a lesson that is still on probation', async () => {
  const scope = await withOldRule('on-trial');
  await said(scope, 't-2', 'new', NOT, 'ann');

  expect((await said(scope, 't-3', 'new', NOT, 'ben')).code).toBe('DISPUTED');
});

test('takes both sides of a contradiction out of an open bundle, and closes it without them', async () => {
  const scope = aScope('one-bundle', 'desk');
  await deploy(store, scope);
  await said(scope, 't-1', 'old', 'Use the archive.', 'ann');
  await said(scope, 't-2', 'old', 'Use the archive.', 'ben');
  await proposed(scope, 't-3', aRule('other', 'Use the ledger.', 0.95));
  await said(scope, 't-4', 'new', NOT, 'cem');
  const second = await said(scope, 't-5', 'new', NOT, 'dan');

  const closed = (await activities().closeBundle(scope)) ?? expect.fail('nothing was closed');
  const row = await store.candidate(scope.tenant, closed.candidate);

  expect(second.result).toMatchObject({ kind: 'disputed' });
  expect(await statuses(scope)).toEqual(['new disputed', 'old disputed']);
  expect(row?.lessons.map(({ key }) => key)).toEqual(['other']);
});

test('lets tool notes under different keys that mend one error in two ways dispute each other', async () => {
  const scope = aScope('notes', 'desk');
  await deploy(store, scope);
  const note = (key: string, text: string) =>
    aDraft(key, {
      body: { form: 'text', text },
      sources: [{ channel: 'tool_output', principal: 'pay', authority: 0 }],
      toolVersions: {},
    });
  const times = note('times', 'When `pay` fails with BAD_UNIT, send `amount` times 100.');
  const divided = note('divided', 'When `pay` fails with BAD_UNIT, send `amount` divided by 100.');
  await proposed(scope, 't-1', times);

  await refusedInMerge(scope, 't-2', divided, 'DISPUTED');
  const candidate = (await store.openCandidate(scope)) ?? expect.fail('no bundle');

  expect(candidate.lessons.map(({ key }) => key)).toEqual(['times']);
});

test('gives a parameter its defined value back when the lesson that set it leaves', async () => {
  const scope = aScope('parameters', 'desk');
  await deploy(store, scope);
  const set = (key: string, value: number) =>
    aDraft(key, {
      kind: 'parameter',
      body: { form: 'value', parameter: 'recallLimit', value },
      toolVersions: {},
    });
  const version = await promoted(scope, await proposed(scope, 't-1', set('five', 5)));
  const lesson = lessonIdOf(scope.agent, 'five');

  const without = await store.deriveVersion(scope, version, {
    ...{ put: [], remove: [lesson], parameters: {} },
  });

  expect((await store.version(scope, version))?.parameters.recallLimit).toBe(5);
  expect((await store.version(scope, without))?.parameters.recallLimit).toBe(
    PARAMETERS.recallLimit,
  );
});
