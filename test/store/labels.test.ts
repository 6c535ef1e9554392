import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';

import type { Store } from '../../src/activities/store.js';
import { ConflictError } from '../../src/domain/errors.js';
import type { Outcome } from '../../src/domain/episode.js';
import type { Feedback } from '../../src/domain/feedback.js';
import type { EpisodeId, Scope } from '../../src/domain/ids.js';
import { mayTeach } from '../../src/domain/label.js';
import { verifyAudit } from '../../src/store/audit.js';
import { createStore } from '../../src/store/store.js';
import { freshDatabase, type FreshDatabase } from '../support/postgres.js';
import {
  activeVersion,
  aScope,
  deploy,
  endEpisode,
  FAILED,
  PASSED,
  playTask,
  startTask,
} from '../support/store-builders.js';

const JUDGED: Outcome = { ...PASSED, source: 'judge', evaluator: 'strict@1' };
const UNGRADED: Outcome = { ...PASSED, score: null, source: 'none', category: 'unknown' };

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

let said = 0;
function say(episode: EpisodeId, actor: string, more: Partial<Feedback> = {}) {
  said += 1;
  return store.putFeedback(scope.tenant, {
    id: `f-${String(said)}`,
    episode,
    actor,
    role: 'user',
    score: 1,
    correction: null,
    comment: null,
    ...more,
  });
}

async function played(outcome: Outcome = UNGRADED, subject: string | null = null) {
  const { episode, task } = await playTask(store, scope, `t-${String((said += 1))}`, {
    outcome,
    subject,
  });
  return { episode, task };
}

test('feedback is stored once however often and however concurrently it is sent', async () => {
  const { episode } = await played();
  const feedback: Feedback = {
    id: 'the-same',
    episode,
    actor: 'eva',
    role: 'expert',
    score: 0,
    correction: 'select 2',
    comment: null,
  };

  const answers = await Promise.all(
    Array.from({ length: 8 }, () => store.putFeedback(scope.tenant, feedback)),
  );

  expect(answers.filter(({ existing }) => !existing)).toHaveLength(1);
  expect(await store.feedbackOf(scope.tenant, episode)).toEqual([feedback]);
  expect((await store.labelOf(scope.tenant, episode))?.votes).toHaveLength(1);
});

test('the same id with another act or group is a conflict', async () => {
  const { episode } = await played();
  await say(episode, 'eva', { id: 'x', role: 'expert' });

  await expect(say(episode, 'eva', { id: 'x', role: 'expert', act: 'audit' })).rejects.toThrow(
    ConflictError,
  );
  await expect(say(episode, 'eva', { id: 'x', role: 'expert', group: 'g' })).rejects.toThrow(
    ConflictError,
  );
});

test('what is said while a task runs is held, and combined when it has ended', async () => {
  const { episode } = await startTask(store, scope, 'running');
  const { label } = await say(episode, 'eva', { role: 'expert', score: 0 });
  expect(label).toBeNull();
  await endEpisode(store, scope, episode, JUDGED);

  const settled = await store.settleJudgements(scope.tenant, episode);

  expect(settled).toMatchObject({ label: 'contested', reason: 'disagreement' });
  expect(await store.labelOf(scope.tenant, episode)).toEqual(settled);
});

test('people of one group have one voice', async () => {
  const { episode } = await played(UNGRADED);
  for (const actor of ['bot-1', 'bot-2', 'bot-3', 'bot-4', 'bot-5'])
    await say(episode, actor, { group: 'bots', score: 0 });

  const label = await store.labelOf(scope.tenant, episode);

  expect(label).toMatchObject({ label: 'contested', reason: 'uncertain' });
  expect(label?.probability).toBeCloseTo(0.3, 9);
});

test('audits alone make a source more or less than its role', async () => {
  for (let item = 0; item < 30; item += 1) {
    const { episode } = await played(UNGRADED);
    await say(episode, 'mallory', { score: 1 });
    await say(episode, 'eva', { role: 'expert', score: 0, act: item < 25 ? 'audit' : 'vote' });
  }
  const { episode } = await played(UNGRADED);

  const { label } = await say(episode, 'mallory');

  // Five items were only voted on: nobody knows who was right, and they count for nothing.
  expect(label?.votes).toMatchObject([{ source: 'person/mallory', hits: 0, misses: 25 }]);
  expect(label?.probability).toBe(0.5);
});

test('every outcome of a checker audits those who spoke of it too', async () => {
  for (let item = 0; item < 3; item += 1) {
    const { episode } = await played(PASSED);
    await say(episode, 'ann', { score: item === 0 ? 0 : 1 });
    expect(await store.labelOf(scope.tenant, episode)).toMatchObject({ decidedBy: 'checker' });
  }
  const { episode } = await played(UNGRADED);

  const { label } = await say(episode, 'ann');

  expect(label?.votes).toMatchObject([{ hits: 2, misses: 1 }]);
});

test('somebody who changes their mind is counted by their last word', async () => {
  const { episode } = await played(UNGRADED);
  await say(episode, 'eva', { role: 'expert', score: 0 });

  const { label } = await say(episode, 'eva', { role: 'expert', score: 1 });

  expect(label).toMatchObject({ label: 'positive', votes: [{ label: 'positive' }] });
});

test('contested outcomes teach nothing, count as unknown, and end with the veto of an owner', async () => {
  const { episode } = await played(JUDGED);
  await say(episode, 'olga', { role: 'owner', score: 0 });
  const contested = await store.labelOf(scope.tenant, episode);
  expect(contested).toMatchObject({ label: 'contested', escalatedTo: 'owner' });
  expect(mayTeach(contested)).toBe(false);
  const version = await activeVersion(store, scope);
  expect(await store.outcomeReference(scope, version, 1_000, 100)).toMatchObject({ strata: [] });

  const { label } = await say(episode, 'olga', {
    role: 'owner',
    score: 0,
    act: 'veto',
    comment: 'two rows are missing',
  });

  expect(label).toMatchObject({ label: 'negative', score: 0, decidedBy: 'veto' });
  expect(await store.outcomeReference(scope, version, 1_000, 100)).toMatchObject({
    strata: [{ n: 1, failures: 1 }],
  });
});

test('a veto is final, and logged in the chain with its reason', async () => {
  const { episode } = await played(PASSED);
  await say(episode, 'olga', { role: 'owner', score: 0, act: 'veto', comment: 'wrong year' });

  const { label } = await say(episode, 'otto', { role: 'owner', score: 1, act: 'veto' });

  expect(label).toMatchObject({ label: 'negative', decidedBy: 'veto' });
  const audit = await store.auditOf(scope.tenant, { kind: 'episode', id: episode }, 10);
  expect(audit.map(({ actor, action, reason }) => [actor.id, action, reason])).toEqual([
    ['olga', 'outcome-vetoed', 'wrong year'],
    ['otto', 'outcome-vetoed', 'an owner has the last word on an outcome'],
  ]);
  expect(await verifyAudit(database.pool, scope.tenant)).toMatchObject({ intact: true });
});

test("a subject's next task judges the one before, once, as the weakest of all sources", async () => {
  const first = await playTask(store, scope, 'first', {
    outcome: UNGRADED,
    subject: 'sue',
    input: { question: 'how many orders came last week' },
  });
  const again = await playTask(store, scope, 'again', {
    outcome: UNGRADED,
    subject: 'sue',
    input: { question: 'how many orders came last week?' },
  });
  const other = await playTask(store, scope, 'other', {
    outcome: UNGRADED,
    subject: 'tom',
    input: { question: 'thanks' },
  });

  await store.settleJudgements(scope.tenant, again.episode);
  await store.settleJudgements(scope.tenant, again.episode);
  await store.settleJudgements(scope.tenant, other.episode);

  const label = await store.labelOf(scope.tenant, first.episode);
  expect(label).toMatchObject({
    label: 'contested',
    reason: 'uncertain',
    votes: [{ source: 'implicit/repeat', role: 'implicit', label: 'negative' }],
  });
  expect(label?.probability).toBeCloseTo(0.4, 9);
  expect(await store.labelOf(scope.tenant, again.episode)).toBeNull();
});

test('a subject who comes back after the attribution window judges nothing', async () => {
  const first = await playTask(store, scope, 'first', { outcome: UNGRADED, subject: 'sue' });
  await database.pool.query(
    `update episodes set ended_at = ended_at - interval '25 hours' where episode = $1`,
    [first.episode],
  );
  const next = await playTask(store, scope, 'next', {
    subject: 'sue',
    input: { question: 'thanks' },
  });

  await store.settleJudgements(scope.tenant, next.episode);

  expect(await store.labelOf(scope.tenant, first.episode)).toBeNull();
});

test('an accepted label is the outcome that a monitor reads, a late one in its place', async () => {
  const workflow = 'reflect/c-1';
  await store.watchOutcomes(scope, workflow);
  const early = await played(UNGRADED);
  const late = await played(UNGRADED);
  await database.pool.query(
    `update episodes set ended_at = ended_at - interval '2 minutes' where agent = $1 and tenant = $2`,
    [scope.agent, scope.tenant],
  );
  await say(late.episode, 'eva', { role: 'expert', score: 1 });

  const first = await store.readOutcomes(scope, workflow, 0, [], 100);
  await say(early.episode, 'eva', { role: 'expert', score: 0 });
  const second = await store.readOutcomes(scope, workflow, first.cursor, first.passedOver, 100);

  expect(first.outcomes.map(({ episode, success }) => [episode, success])).toEqual([
    [late.episode, 1],
  ]);
  expect(second.outcomes.map(({ episode, success }) => [episode, success])).toEqual([
    [early.episode, 0],
  ]);
});

test.each([
  [24, false],
  [1.5, true],
])(
  'an outcome unknown for 2 hours counts as 0 after a window of %d hours: %s',
  async (hours, counts) => {
    const workflow = 'reflect/c-2';
    await store.watchOutcomes(scope, workflow);
    const { episode } = await played(UNGRADED);
    await database.pool.query(
      `update episodes set ended_at = ended_at - interval '2 hours' where episode = $1`,
      [episode],
    );

    const { outcomes, cursor } = await store.readOutcomes(scope, workflow, 0, [], 10, hours);

    expect(outcomes.map(({ success }) => success)).toEqual(counts ? [null] : []);
    expect(cursor).toBe(counts ? 1 : 0);
  },
);

test('a failure that people confirm stays what the evaluator called it', async () => {
  const { episode } = await played({ ...FAILED, source: 'environment' });

  const { label } = await say(episode, 'eva', { role: 'expert', score: 0 });

  expect(label).toMatchObject({ label: 'negative', score: 0 });
  expect((await store.episode(scope.tenant, episode))?.outcome?.category).toBe('wrong-rows');
});
