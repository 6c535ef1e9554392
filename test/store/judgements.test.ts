import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';

import type { JudgedPair, Store } from '../../src/activities/store.js';
import { candidateId, episodeId } from '../../src/contracts/ids.js';
import { InvalidInputError } from '../../src/domain/errors.js';
import type { Feedback } from '../../src/domain/feedback.js';
import type { EpisodeId, Scope } from '../../src/domain/ids.js';
import { createStore } from '../../src/store/store.js';
import { freshDatabase, type FreshDatabase } from '../support/postgres.js';
import { activeVersion, aScope, deploy, startTask } from '../support/store-builders.js';

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
  scope = aScope(`tenant-${String(scopes)}`);
  await deploy(store, scope);
});

async function aRun(id: string): Promise<EpisodeId> {
  const { task } = await startTask(store, scope, `task-${id}`);
  const run = episodeId(`${scope.tenant}-${id}`);
  await store.openEpisode({
    id: run,
    scope,
    task,
    mode: 'shadow',
    version: await activeVersion(store, scope),
    arm: 'active',
    input: {},
    slices: {},
    subject: null,
    model: 'm',
    recalled: [],
    system: '',
    user: '',
    candidate: null,
  });
  return run;
}

async function aPair(name: string, more: Partial<JudgedPair> = {}): Promise<JudgedPair> {
  return {
    candidate: candidateId('c-1'),
    judge: 'strict@1',
    arms: { baseline: await aRun(`${name}-b`), candidate: await aRun(`${name}-c`) },
    scores: { baseline: 0, candidate: 1 },
    calls: [{ model: 'm', first: 'baseline', scores: { baseline: 0, candidate: 1 }, reason: '' }],
    isAuditDue: true,
    audit: null,
    ...more,
  };
}

function audit(episode: EpisodeId, score: number | null, more: Partial<Feedback> = {}) {
  return store.putFeedback(scope.tenant, {
    id: `audit-${episode}`,
    episode,
    actor: 'eva',
    role: 'expert',
    score,
    correction: null,
    comment: 'looked at it',
    ...more,
  });
}

test('a judged pair is stored once, and the first one stands', async () => {
  const pair = await aPair('p');

  const first = await store.putJudgement(scope, pair);
  const second = await store.putJudgement(scope, {
    ...pair,
    scores: { baseline: 1, candidate: 0 },
  });

  expect(first).toEqual(pair);
  expect(second).toEqual(pair);
  expect(await store.judgementOf(scope.tenant, pair.arms.candidate)).toEqual(pair);
});

test('a person audits a pair by saying of each run how good it was', async () => {
  const pair = await store.putJudgement(scope, await aPair('p'));
  await audit(pair.arms.candidate, 0.5);
  expect(await store.judgeAudits(scope.tenant, 'strict@1')).toEqual([]);

  await audit(pair.arms.baseline, 0.25);

  expect(await store.judgeAudits(scope.tenant, 'strict@1')).toEqual([{ judged: 1, audited: 0.25 }]);
});

test('audits are pooled over candidates by the version of the judge, and by nothing else', async () => {
  const checked = { baseline: 0, candidate: 1, auditor: 'gold' };
  await store.putJudgement(scope, await aPair('one', { audit: checked }));
  await store.putJudgement(
    scope,
    await aPair('two', { candidate: candidateId('c-2'), audit: { ...checked, candidate: 0 } }),
  );
  await store.putJudgement(scope, await aPair('three', { judge: 'strict@2', audit: checked }));

  expect(await store.judgeAudits(scope.tenant, 'strict@1')).toEqual([
    { judged: 1, audited: 1 },
    { judged: 1, audited: 0 },
  ]);
});

test('a pair that every judge abstained from tells nothing of the judge', async () => {
  const pair = await store.putJudgement(scope, await aPair('p', { scores: null }));
  await audit(pair.arms.candidate, 1);
  await audit(pair.arms.baseline, 0);

  expect(await store.judgeAudits(scope.tenant, 'strict@1')).toEqual([]);
});

test.each([
  ['a user', { role: 'user' as const }, /found role user, expected an expert or owner/],
  ['no score', { score: null }, /found no score/],
])('an audit by %s is refused, and nothing is stored', async (_who, more, message) => {
  const pair = await store.putJudgement(scope, await aPair('p'));

  const refused = audit(pair.arms.candidate, 1, more);

  await expect(refused).rejects.toThrow(InvalidInputError);
  await expect(audit(pair.arms.candidate, 1, more)).rejects.toThrow(message);
  expect(await store.feedbackOf(scope.tenant, pair.arms.candidate)).toEqual([]);
});

test('a run of a pair that no judge has judged takes no feedback', async () => {
  const run = await aRun('alone');

  await expect(audit(run, 1)).rejects.toThrow(/a run that serves nobody/);
});
