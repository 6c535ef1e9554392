import { afterAll, beforeAll, expect, test } from 'vitest';

import type { Store } from '../../src/activities/store.js';
import { candidateId, episodeId, taskId } from '../../src/contracts/ids.js';
import { ConflictError, NotFoundError } from '../../src/domain/errors.js';
import type { EpisodeId, Scope, TaskId } from '../../src/domain/ids.js';
import type { Evidence, LessonDraft } from '../../src/domain/lesson.js';
import { createStore } from '../../src/store/store.js';
import { withTenant } from '../../src/store/transaction.js';
import { freshDatabase, type FreshDatabase } from '../support/postgres.js';
import {
  aDraft,
  aScope,
  closeOnActive,
  deploy,
  FAILED,
  lessonNamed,
  openCandidate,
  playTask,
} from '../support/store-builders.js';

let database: FreshDatabase;
let store: Store;
beforeAll(async () => {
  database = await freshDatabase();
  store = createStore(database.pool);
});
afterAll(() => database.drop());

async function deployed(tenant: string): Promise<Scope> {
  const scope = aScope(tenant);
  await deploy(store, scope);
  return scope;
}

async function propose(scope: Scope, episode: EpisodeId, drafts: readonly LessonDraft[]) {
  await store.putProposals(
    scope,
    episode,
    drafts.map((draft) => ({ draft, rejected: null })),
  );
}

function citing({ task, episode }: { task: TaskId; episode: EpisodeId }): Evidence {
  return { episode, task, steps: [0], role: 'failure', outcome: 0, reliability: 1 };
}

async function waitingKeys(scope: Scope, limit = 100): Promise<readonly string[]> {
  return (await store.waitingProposals(scope, limit)).map(({ draft }) => draft.key);
}

test('gives out proposals in task order, whatever was proposed first', async () => {
  const scope = await deployed('proposal-order');
  const first = await playTask(store, scope, 't-1', { outcome: FAILED });
  const second = await playTask(store, scope, 't-2', { outcome: FAILED });
  await propose(scope, second.episode, [aDraft('c')]);
  await propose(scope, first.episode, [aDraft('b'), aDraft('a')]);

  expect(await waitingKeys(scope)).toEqual(['b', 'a', 'c']);
  expect(await waitingKeys(scope, 2)).toEqual(['b', 'a']);
});

test('keeps proposals of tasks above the barrier back', async () => {
  const scope = await deployed('proposal-barrier');
  const first = await playTask(store, scope, 't-1');
  const second = await playTask(store, scope, 't-2');
  await propose(scope, first.episode, [aDraft('a')]);
  await propose(scope, second.episode, [aDraft('b')]);

  await store.setBarrier(scope, 1);

  expect(await waitingKeys(scope)).toEqual(['a']);
  expect(await store.supportGroups(scope, 'b', [])).toEqual({ groups: 0, experts: 0 });
});

test('numbers a proposal of an exploration like the task it looked at again', async () => {
  const scope = await deployed('explored');
  const live = await playTask(store, scope, 't-1', { outcome: FAILED });
  const later = await playTask(store, scope, 't-2', { outcome: FAILED });
  const { head } = await store.conversation(scope.tenant, live.episode);
  const explored = episodeId('x-1');
  await store.openEpisode({ ...head, id: explored, mode: 'explore' });
  await propose(scope, later.episode, [aDraft('later')]);
  await propose(scope, explored, [aDraft('found')]);
  await propose(scope, live.episode, [aDraft('live')]);

  expect(await waitingKeys(scope)).toEqual(['live', 'found', 'later']);
});

test('stores a proposal once by episode and key, refused ones too', async () => {
  const scope = await deployed('proposal-once');
  const { episode } = await playTask(store, scope, 't-1');
  const rejected = { code: 'TOO_LONG', message: 'found 400 tokens, expected 120' };
  await store.putProposals(scope, episode, [
    { draft: aDraft('good'), rejected: null },
    { draft: aDraft('long'), rejected },
  ]);

  await propose(scope, episode, [aDraft('good', { title: 'again' }), aDraft('long')]);

  const stored = await store.proposalsOf(scope.tenant, episode);
  expect(stored.map(({ draft, rejected: why }) => [draft.key, draft.title, why])).toEqual([
    ['good', 'About good', null],
    ['long', 'About long', rejected],
  ]);
  expect(await waitingKeys(scope)).toEqual(['good']);
});

test('refuses proposals of an episode that does not exist', async () => {
  const scope = await deployed('proposal-nowhere');

  await expect(propose(scope, episodeId('e-none'), [aDraft('a')])).rejects.toThrow(NotFoundError);
});

test('counts people one by one and what machines saw as one group', async () => {
  const scope = await deployed('groups');
  const from = (principal: string, authority = 0.7) =>
    aDraft('rule', { sources: [{ channel: 'feedback', principal, authority }] });
  const drafts = [from('ann'), from('ann'), from('bob'), from('eve', 0.9), aDraft('rule')];
  for (const [index, draft] of [...drafts, aDraft('rule')].entries()) {
    const { episode } = await playTask(store, scope, `t-${String(index)}`);
    await propose(scope, episode, [draft]);
  }

  expect(await store.supportGroups(scope, 'rule', [])).toEqual({ groups: 4, experts: 1 });
  expect(await store.supportGroups(scope, 'rule', ['eve'])).toEqual({ groups: 3, experts: 0 });
});

test('opens a candidate whose bundle holds what was proposed, with evidence and lineage', async () => {
  const scope = await deployed('opens');
  const failed = await playTask(store, scope, 't-1', { outcome: FAILED });
  const draft = aDraft('cust', { evidence: [citing(failed)] });
  await propose(scope, failed.episode, [draft]);
  const [proposal] = await store.waitingProposals(scope, 10);
  const id = candidateId('opens-1');

  expect(await store.nextCandidateNumber(scope)).toBe(1);
  await store.applyMerge(scope, {
    results: [{ proposal: proposal?.id ?? '', result: { kind: 'opened', candidate: id } }],
    revisions: [{ lesson: lessonNamed('cust'), draft, candidate: id }],
    support: [],
    opened: { id, title: 'About cust', opener: failed.episode, workflowId: 'reflect/e' },
  });

  expect(await store.openCandidate(scope)).toMatchObject({
    id,
    number: 1,
    state: 'open',
    opener: failed.episode,
    bundle: { put: [{ lesson: 'l-cust', revision: 1 }], remove: [], parameters: {} },
    lessons: [{ id: 'l-cust', revision: 1, status: 'candidate', evidence: [citing(failed)] }],
  });
  expect(await store.nextCandidateNumber(scope)).toBe(2);
  expect(await waitingKeys(scope)).toEqual([]);
  const { rows } = await withTenant(database.pool, scope.tenant, (client) =>
    client.query('select from_kind, to_kind, to_id from lineage order by from_kind, to_kind'),
  );
  expect(rows).toEqual([
    { from_kind: 'candidate', to_kind: 'proposal', to_id: proposal?.id },
    { from_kind: 'lesson', to_kind: 'episode', to_id: failed.episode },
  ]);
});

test('applies a batch once, however often it is repeated', async () => {
  const scope = await deployed('batch-once');
  const { episode } = await playTask(store, scope, 't-1');
  await propose(scope, episode, [aDraft('a')]);
  const [proposal] = await store.waitingProposals(scope, 10);
  const id = candidateId('batch-1');
  const grown = aDraft('a', { body: { form: 'text', text: 'a(id, name, mail)' } });
  const merge = {
    results: [{ proposal: proposal?.id ?? '', result: { kind: 'opened' as const, candidate: id } }],
    revisions: [aDraft('a'), grown].map((draft) => ({
      lesson: lessonNamed('a'),
      draft,
      candidate: id,
    })),
    support: [],
    opened: { id, title: 'a', opener: episode, workflowId: 'reflect/e' },
  };
  await store.applyMerge(scope, merge);
  const first = await store.candidate(scope.tenant, id);

  await store.applyMerge(scope, merge);

  expect(first?.bundle.put).toEqual([{ lesson: 'l-a', revision: 2 }]);
  expect(await store.candidate(scope.tenant, id)).toEqual(first);
  expect(await store.candidates(scope)).toHaveLength(1);
});

test('adds evidence to a revision that is told again with the same content', async () => {
  const scope = await deployed('told-again');
  const first = await playTask(store, scope, 't-1');
  const second = await playTask(store, scope, 't-2');
  const id = await openCandidate(store, scope, 'told-1', [
    aDraft('a', { evidence: [citing(first)] }),
  ]);
  const more = aDraft('a', { evidence: [citing(second)], rationale: 'seen again' });

  await store.applyMerge(scope, {
    results: [],
    revisions: [{ lesson: lessonNamed('a'), draft: more, candidate: id }],
    support: [{ lesson: lessonNamed('a'), revision: 1, draft: more }],
    opened: null,
  });

  const latest = await store.latestRevision(scope, lessonNamed('a'));
  expect(latest?.revision).toBe(1);
  expect(latest?.evidence.map(({ episode }) => episode)).toEqual([first.episode, second.episode]);
});

test('takes nothing more into a bundle that was closed', async () => {
  const scope = await deployed('closed');
  const id = await openCandidate(store, scope, 'closed-1', [aDraft('a')]);
  await closeOnActive(store, scope, id);

  const late = store.applyMerge(scope, {
    results: [],
    revisions: [{ lesson: lessonNamed('b'), draft: aDraft('b'), candidate: id }],
    support: [],
    opened: null,
  });

  await expect(late).rejects.toThrow(ConflictError);
  expect(await store.openCandidate(scope)).toBeNull();
  expect(await store.lessonsByKey(scope, ['a', 'b'])).toHaveLength(1);
});

async function pooled(scope: Scope, candidate: string, after = 0): Promise<readonly string[]> {
  const pool = await store.gatePool(scope, candidateId(candidate), after, 100);
  return pool.map(({ task }) => task);
}

test('draws the gate pool from ended live tasks, newest first', async () => {
  const scope = await deployed('pool');
  for (const id of ['t-1', 't-2', 't-3']) await playTask(store, scope, id);
  await openCandidate(store, scope, 'pool-1', [aDraft('a')]);

  const all = await store.gatePool(scope, candidateId('pool-1'), 0, 2);

  expect(all).toEqual([
    {
      task: 't-3',
      number: 3,
      input: { question: 't-3' },
      slices: { database: 'shop' },
      subject: null,
      isNewer: true,
      uses: 0,
    },
    expect.objectContaining({ task: 't-2' }),
  ]);
  expect(await pooled(scope, 'pool-1', 2)).toEqual(['t-3']);
});

test('keeps tasks that a lesson cites, and others with the same input, out of its pool', async () => {
  const scope = await deployed('pool-cited');
  const cited = await playTask(store, scope, 't-1', { input: { question: 'same', n: 1 } });
  await playTask(store, scope, 't-2', { input: { n: 1, question: 'same' } });
  await playTask(store, scope, 't-3');
  await openCandidate(store, scope, 'cited-1', [aDraft('a', { evidence: [citing(cited)] })]);
  await openCandidate(store, scope, 'cited-2', [aDraft('b')]);

  expect(await pooled(scope, 'cited-1')).toEqual(['t-3']);
  expect(await pooled(scope, 'cited-2')).toEqual(['t-3', 't-2', 't-1']);
});

test('keeps tasks that an earlier revision of the lesson cites out of its pool', async () => {
  const scope = await deployed('pool-revision');
  const cited = await playTask(store, scope, 't-1');
  await playTask(store, scope, 't-2');
  await openCandidate(store, scope, 'revision-1', [aDraft('a', { evidence: [citing(cited)] })]);
  const grown = aDraft('a', { body: { form: 'text', text: 'a(id, name, mail)' } });
  await openCandidate(store, scope, 'revision-2', [grown]);

  expect(await pooled(scope, 'revision-2')).toEqual(['t-2']);
});

test('keeps running tasks, old ones and those above the barrier out of the pool', async () => {
  const scope = await deployed('pool-window');
  const old = await playTask(store, scope, 't-1');
  await playTask(store, scope, 't-2');
  await playTask(store, scope, 't-3');
  await store.acceptTask({
    ...scope,
    id: taskId('t-4'),
    input: {},
    slices: {},
    subject: null,
  });
  await openCandidate(store, scope, 'window-1', [aDraft('a')]);
  await withTenant(database.pool, scope.tenant, (client) =>
    client.query(`update episodes set ended_at = now() - interval '31 days' where episode = $1`, [
      old.episode,
    ]),
  );

  const before = await pooled(scope, 'window-1');
  await store.setBarrier(scope, 2);

  expect(before).toEqual(['t-3', 't-2']);
  expect(await pooled(scope, 'window-1')).toEqual(['t-2']);
});

test('counts the candidates that used a task, each once and not the one that asks', async () => {
  const scope = await deployed('uses');
  const { task } = await playTask(store, scope, 't-1');
  for (const name of ['uses-1', 'uses-2', 'uses-3']) {
    const id = await openCandidate(store, scope, name, [aDraft(name)]);
    await store.countUses(scope, id, [task]);
    await store.countUses(scope, id, [task]);
  }

  const [row] = await store.gatePool(scope, candidateId('uses-3'), 0, 10);

  expect(row?.uses).toBe(2);
});

test('commits each pair once and never replaces one', async () => {
  const scope = await deployed('pairs');
  const { task, episode } = await playTask(store, scope, 't-1');
  const id = await openCandidate(store, scope, 'pairs-1', [aDraft('a')]);
  const arm = { episode, score: 0.3, category: 'ok', missing: null };
  const lost = { episode, score: null, category: 'lost', missing: 'infrastructure' as const };
  const pair = {
    index: 0,
    task,
    slices: { database: 'shop' },
    topUpFor: null,
    baseline: arm,
    candidate: lost,
  };
  const second = { ...pair, index: 1, topUpFor: 'database=shop' };
  await store.putPairs(scope.tenant, id, 'gate', [second, pair]);

  await store.putPairs(scope.tenant, id, 'gate', [pair]);
  const other = store.putPairs(scope.tenant, id, 'gate', [{ ...pair, candidate: arm }]);

  await expect(other).rejects.toThrow(ConflictError);
  expect(await store.pairsOf(scope.tenant, id, 'gate')).toEqual([pair, second]);
  expect(await store.pairsOf(scope.tenant, id, 'diagnosis')).toEqual([]);
});

test('another baseline is another evaluation with pairs of its own', async () => {
  const scope = await deployed('evaluation');
  const { task, episode } = await playTask(store, scope, 't-1');
  const id = await openCandidate(store, scope, 'evaluation-1', [aDraft('a')]);
  const arm = { episode, score: 1, category: 'ok', missing: null };
  const pair = { index: 0, task, slices: {}, topUpFor: null, baseline: arm, candidate: arm };
  await closeOnActive(store, scope, id);
  await store.putPairs(scope.tenant, id, 'gate', [pair]);
  await deploy(store, scope, { policyDigest: 'policy-2' });

  await closeOnActive(store, scope, id);

  expect(await store.pairsOf(scope.tenant, id, 'gate')).toEqual([]);
  const again = { ...pair, candidate: { ...arm, score: 0 } };
  await store.putPairs(scope.tenant, id, 'gate', [again]);
  expect(await store.pairsOf(scope.tenant, id, 'gate')).toEqual([again]);
});

test('keeps every gate record in order, the same one once', async () => {
  const scope = await deployed('records');
  const id = await openCandidate(store, scope, 'records-1', [aDraft('a')]);
  const version = await closeOnActive(store, scope, id);
  const baseline = (await store.candidate(scope.tenant, id))?.baseline ?? version;
  const hold = {
    candidate: id,
    purpose: 'gate' as const,
    baseline,
    version,
    verdict: 'hold',
    reason: 'underpowered',
    alpha: 0.005,
    seed: 4_294_967_295,
    summary: { n: 0, path: [0.1] },
  };
  const pass = { ...hold, verdict: 'pass', reason: 'superior' };

  for (const record of [hold, hold, pass, pass]) await store.putGateRecord(scope, record);

  expect(await store.gateRecords(scope.tenant, id)).toEqual([hold, pass]);
});
