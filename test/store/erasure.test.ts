import { afterAll, beforeAll, expect, test } from 'vitest';

import { StrategyCache } from '../../src/activities/strategy-cache.js';
import { withdrawQuarantined } from '../../src/activities/withdrawal.js';
import type { Store } from '../../src/activities/store.js';
import { lessonIdOf } from '../../src/contracts/digest.js';
import { candidateId, taskId } from '../../src/contracts/ids.js';
import { PRIOR_RELIABILITY, SYSTEM, type Role } from '../../src/domain/feedback.js';
import type { EpisodeId, Scope } from '../../src/domain/ids.js';
import type { LessonDraft } from '../../src/domain/lesson.js';
import { eraseFeedback } from '../../src/store/erasure.js';
import { createStore } from '../../src/store/store.js';
import { freshDatabase, type FreshDatabase } from '../support/postgres.js';
import {
  aDraft,
  aScope,
  closeOnActive,
  deploy,
  lessonNamed,
  openCandidate,
  passGate,
  playTask,
  UNKNOWN,
} from '../support/store-builders.js';

let database: FreshDatabase;
let store: Store;
beforeAll(async () => {
  database = await freshDatabase();
  store = createStore(database.pool);
});
afterAll(() => database.drop());

const BY = { actor: { id: 'olga', role: 'owner' }, reason: 'asked to' } as const;
const KEY = 'correction-write';

/** What a person taught by a correction of an episode. */
function taught(actor: string, role: Role, episode: EpisodeId, task: string): LessonDraft {
  return aDraft(KEY, {
    kind: 'rule',
    toolVersions: {},
    evidence: [
      { episode, task: taskId(task), steps: [], role: 'failure', outcome: 0, reliability: 0.7 },
    ],
    sources: [{ channel: 'feedback', principal: actor, authority: PRIOR_RELIABILITY[role] }],
  });
}

/** An episode that a person gave feedback on and taught something by. */
async function correctedBy(scope: Scope, actor: string, role: Role, task: string) {
  const { episode } = await playTask(store, scope, task, { outcome: UNKNOWN });
  await store.putFeedback(scope.tenant, {
    id: `f-${actor}-${task}`,
    episode,
    actor,
    role,
    score: 0,
    correction: 'Write A.',
    comment: null,
  });
  const draft = taught(actor, role, episode, task);
  await store.putProposals(scope, episode, [{ draft, rejected: null }]);
  return { episode, draft };
}

/** A lesson of one revision with the evidence of both who taught it. */
async function learn(scope: Scope, drafts: readonly LessonDraft[]) {
  const lesson = lessonIdOf(scope.agent, KEY);
  const [first, ...more] = drafts;
  if (first === undefined) throw new Error('nothing was taught');
  const candidate = candidateId(`${scope.tenant}.${scope.agent}.c1`);
  await store.applyMerge(scope, {
    results: [],
    revisions: [{ lesson, draft: first, candidate }],
    support: more.map((draft) => ({ lesson, revision: 1, draft })),
    opened: { id: candidate, title: 'a rule', opener: null, workflowId: 'reflect/x' },
  });
  return lesson;
}

test('erasing one of two who say so leaves the support of the other', async () => {
  const scope = aScope('two');
  await deploy(store, scope);
  const ann = await correctedBy(scope, 'ann', 'user', 't-1');
  const bob = await correctedBy(scope, 'bob', 'expert', 't-2');
  const lesson = await learn(scope, [ann.draft, bob.draft]);

  const erased = await eraseFeedback(database.pool, scope.tenant, 'ann', BY);

  expect(erased).toMatchObject({
    feedback: 1,
    relabelled: 1,
    proposals: 1,
    lessons: [{ lesson, groups: 1, experts: 1, isWithdrawn: false }],
  });
  expect(await store.feedbackOf(scope.tenant, ann.episode)).toEqual([]);
  expect(await store.labelOf(scope.tenant, ann.episode)).toBeNull();
  const [left] = await store.lessonsByKey(scope, [KEY]);
  expect(left?.evidence.map(({ task }) => task)).toEqual(['t-2']);
  expect(left?.sources.map(({ principal }) => principal)).toEqual(['bob']);
  expect(left?.status).toBe('candidate');
  expect(await store.supportGroups(scope, KEY, [])).toEqual({ groups: 1, experts: 1 });
});

test('erasing the only one quarantines what they taught, and nothing stored names them', async () => {
  const scope = aScope('one');
  await deploy(store, scope);
  const ann = await correctedBy(scope, 'ann-of-bonn', 'expert', 't-1');
  const lesson = await learn(scope, [ann.draft]);

  const erased = await eraseFeedback(database.pool, scope.tenant, 'ann-of-bonn', BY);

  expect(erased.lessons).toMatchObject([{ lesson, groups: 0, experts: 0, isWithdrawn: true }]);
  const [left] = await store.lessonsByKey(scope, [KEY]);
  expect(left).toMatchObject({ status: 'quarantined', sources: [], evidence: [] });
  for (const table of [
    'feedback',
    'labels',
    'proposals',
    'lesson_revisions',
    'evidence',
    'audit',
  ]) {
    const { rows } = await database.pool.query<{ readonly row: string }>(
      `select row_to_json(t)::text as row from ${table} t where t.tenant = $1`,
      [scope.tenant],
    );
    expect(rows.filter(({ row }) => row.includes('ann-of-bonn'))).toEqual([]);
  }
});

test('two users are enough, one of them is not', async () => {
  const scope = aScope('users');
  await deploy(store, scope);
  const drafts = [];
  for (const [index, actor] of ['ann', 'bob', 'cleo'].entries()) {
    drafts.push((await correctedBy(scope, actor, 'user', `t-${String(index)}`)).draft);
  }
  await learn(scope, drafts);

  const first = await eraseFeedback(database.pool, scope.tenant, 'ann', BY);
  const second = await eraseFeedback(database.pool, scope.tenant, 'bob', BY);
  const again = await eraseFeedback(database.pool, scope.tenant, 'bob', BY);

  expect(first.lessons).toMatchObject([{ groups: 2, isWithdrawn: false }]);
  expect(second.lessons).toMatchObject([{ groups: 1, isWithdrawn: true }]);
  expect(again).toMatchObject({ feedback: 0, proposals: 0, lessons: [] });
});

test('what others said of the same episode is combined anew', async () => {
  const scope = aScope('others');
  await deploy(store, scope);
  const { episode } = await correctedBy(scope, 'ann', 'user', 't-1');
  await store.putFeedback(scope.tenant, {
    id: 'f-bob',
    episode,
    actor: 'bob',
    role: 'owner',
    score: 1,
    correction: null,
    comment: null,
  });

  await eraseFeedback(database.pool, scope.tenant, 'ann', BY);

  const label = await store.labelOf(scope.tenant, episode);
  expect(label).toMatchObject({ label: 'positive' });
  expect(label?.votes).toHaveLength(1);
});

test('the audit chain says that something was erased, by whom and why, and holds', async () => {
  const scope = aScope('audited');
  await deploy(store, scope);
  await correctedBy(scope, 'ann', 'user', 't-1');

  const { auditSequence } = await eraseFeedback(database.pool, scope.tenant, 'ann', BY);

  const { rows } = await database.pool.query<{
    readonly action: string;
    readonly actor_id: string;
  }>('select action, actor_id from audit where tenant = $1 and sequence = $2', [
    scope.tenant,
    auditSequence,
  ]);
  expect(rows).toEqual([{ action: 'feedback-erased', actor_id: 'olga' }]);
});

/** A candidate with what ann taught and a note of the tool, brought as far as told. */
async function carried(tenant: string, state: 'open' | 'evaluating' | 'canary' | 'promoted') {
  const scope = aScope(tenant);
  await deploy(store, scope);
  const ann = await correctedBy(scope, 'ann', 'expert', 't-1');
  const candidate = await openCandidate(store, scope, 'c-1', [ann.draft, aDraft('other')]);
  const by = { candidate, actor: SYSTEM, reason: 'test', detail: {} };
  if (state === 'open') return { scope, candidate, by };
  const version = await closeOnActive(store, scope, candidate);
  if (state === 'evaluating') {
    await store.transition(scope, { ...by, from: ['open'], to: 'evaluating' });
    return { scope, candidate, by };
  }
  await passGate(store, scope, candidate);
  const canary = { candidate, version, share: 0.5, seed: 1 };
  const begun = { expected: 1, change: { canary } };
  await store.transition(scope, { ...by, from: ['passed'], to: 'canary', pointer: begun });
  if (state === 'canary') return { scope, candidate, by };
  const landed = { expected: 2, change: { active: version, canary: null } };
  await store.transition(scope, { ...by, from: ['canary'], to: 'probation', pointer: landed });
  await store.transition(scope, { ...by, from: ['probation'], to: 'promoted' });
  return { scope, candidate, by };
}

/** Erases ann, and takes what rested on her alone out of everything. */
async function eraseAnn(scope: Scope) {
  await eraseFeedback(database.pool, scope.tenant, 'ann', BY);
  const aborted: string[] = [];
  const done = await withdrawQuarantined(
    {
      store,
      strategies: new StrategyCache(store),
      messenger: { wake: () => Promise.resolve(true) },
      abort: async (candidate) => {
        aborted.push(candidate);
        const by = { candidate, actor: BY.actor, reason: 'abort', detail: {} };
        await store.transition(scope, { ...by, from: ['open', 'evaluating'], to: 'aborted' });
      },
    },
    scope,
    { erasedSubject: 'digest' },
  );
  return { ...done, aborted };
}

async function keysOf(scope: Scope): Promise<readonly string[]> {
  const pointer = (await store.pointer(scope)) ?? expect.fail('no pointer');
  return (await store.lessonsServing(scope, pointer.active)).map(({ key }) => key);
}

test('what rested on one who was erased leaves an open bundle, and what others taught stays in it', async () => {
  const { scope, candidate } = await carried('in-open', 'open');

  const { withdrawn, aborted } = await eraseAnn(scope);

  expect([withdrawn, aborted]).toEqual([[`${lessonNamed(KEY)}@1`], []]);
  const row = await store.candidate(scope.tenant, candidate);
  expect(row).toMatchObject({ state: 'open', lessons: [{ key: 'other' }] });
});

test('a candidate under evaluation that holds it ends: its pairs speak for the whole bundle', async () => {
  const { scope, candidate } = await carried('in-evaluation', 'evaluating');

  const { aborted } = await eraseAnn(scope);
  const again = await eraseAnn(scope);

  expect(aborted).toEqual([candidate]);
  expect((await store.lessonsByKey(scope, [KEY]))[0]?.status).toBe('quarantined');
  expect(again).toEqual({ withdrawn: [], ended: [], aborted: [] });
});

test('a canary that holds it is rolled back', async () => {
  const { scope, candidate } = await carried('in-canary', 'canary');

  const { ended } = await eraseAnn(scope);

  expect(ended).toEqual([candidate]);
  expect((await store.pointer(scope))?.canary).toBeNull();
  expect((await store.candidate(scope.tenant, candidate))?.state).toBe('rolled-back');
});

test('it leaves the version that serves, without what was learned beside it', async () => {
  const { scope } = await carried('in-service', 'promoted');

  const { withdrawn } = await eraseAnn(scope);

  expect(withdrawn).toEqual([`${lessonNamed(KEY)}@1`]);
  expect(await keysOf(scope)).toEqual(['other']);
});

test('a candidate that moves on meanwhile revives nothing, and serves nobody', async () => {
  const { scope, candidate, by } = await carried('meanwhile', 'evaluating');
  await eraseFeedback(database.pool, scope.tenant, 'ann', BY);

  await passGate(store, scope, candidate);

  const status = async () => (await store.lessonsByKey(scope, [KEY]))[0]?.status;
  expect(await status()).toBe('quarantined');
  const version = (await store.candidate(scope.tenant, candidate))?.version ?? expect.fail('none');
  const canary = { candidate, version, share: 0.5, seed: 1 };
  const pointer = { expected: 1, change: { canary } };
  for (const actor of [SYSTEM, BY.actor]) {
    const move = { ...by, actor, from: ['passed'] as const, to: 'canary' as const, pointer };
    await expect(store.transition(scope, move)).rejects.toThrow('quarantined, expected none');
  }
});
