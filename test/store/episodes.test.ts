import { afterAll, beforeAll, expect, test } from 'vitest';

import type { OpenEpisode, Store } from '../../src/activities/store.js';
import { episodeId, lessonId } from '../../src/contracts/ids.js';
import type { Step } from '../../src/domain/episode.js';
import { LearningBudgetError, ConflictError, NotFoundError } from '../../src/domain/errors.js';
import type { Feedback } from '../../src/domain/feedback.js';
import type { EpisodeId } from '../../src/domain/ids.js';
import { createStore } from '../../src/store/store.js';
import { withTenant } from '../../src/store/transaction.js';
import { freshDatabase, type FreshDatabase } from '../support/postgres.js';
import {
  aScope,
  deploy,
  endEpisode,
  FAILED,
  PASSED,
  playTask,
  startTask,
} from '../support/store-builders.js';

let database: FreshDatabase;
let store: Store;
const scope = aScope();
const { tenant } = scope;
beforeAll(async () => {
  database = await freshDatabase();
  store = createStore(database.pool);
  await deploy(store, scope);
});
afterAll(() => database.drop());

function toolStep(index: number, content: string): Step {
  return {
    index,
    kind: 'tool',
    callId: `call-${String(index)}`,
    tool: 'execute_sql',
    arguments: '{"sql":"select 1"}',
    result: { ok: true, content },
  };
}

test('answers an episode as it was written, steps in order', async () => {
  const { episode, number } = await startTask(store, scope, 'whole');
  await store.putStep(tenant, episode, toolStep(1, 'two'));
  await store.putStep(tenant, episode, toolStep(0, 'one'));
  await endEpisode(store, scope, episode, FAILED);

  const found = await store.episode(tenant, episode);

  expect(found).toMatchObject({
    id: episode,
    number,
    mode: 'live',
    end: 'done',
    output: 'select 1',
    outcome: FAILED,
    user: 'question: whole',
  });
  expect(found?.steps).toEqual([toolStep(0, 'one'), toolStep(1, 'two')]);
});

test('answers the outcome that was recorded first to whoever records again', async () => {
  const { episode } = await startTask(store, scope, 'graded-twice');

  const first = await endEpisode(store, scope, episode, FAILED);
  const second = await endEpisode(store, scope, episode, { ...FAILED, score: 1 });

  expect(first.outcome).toEqual(FAILED);
  expect(second.outcome).toEqual(FAILED);
});

test('has neither end nor outcome before it is recorded', async () => {
  const { episode } = await startTask(store, scope, 'running');

  expect(await store.episode(tenant, episode)).toMatchObject({
    end: null,
    outcome: null,
    output: null,
  });
});

test('keeps the step that was written first and answers it to the second writer', async () => {
  const { episode } = await startTask(store, scope, 'step-twice');

  const answers = await Promise.all(
    ['one', 'two', 'three'].map((content) => store.putStep(tenant, episode, toolStep(0, content))),
  );

  const { steps } = await store.conversation(tenant, episode);
  const [stored] = steps;
  expect(answers).toEqual([stored, stored, stored]);
  expect(steps).toHaveLength(1);
});

test('keeps what a tool answered to the character', async () => {
  const { episode } = await startTask(store, scope, 'odd-text');
  const step = toolStep(0, 'NUL \0, half a pair \uDC00, "quotes" and \u2028');

  await store.putStep(tenant, episode, step);

  expect((await store.conversation(tenant, episode)).steps).toEqual([step]);
});

test('writes the head of an episode once', async () => {
  const { episode } = await startTask(store, scope, 'head-twice');
  const { head } = await store.conversation(tenant, episode);

  const opened = await store.openEpisode({ ...head, system: 'another' });

  expect(opened).toEqual({ head, steps: [] });
  expect(await store.conversation(tenant, episode)).toEqual(opened);
});

test('refuses a live episode of a task that was not accepted', async () => {
  const { episode } = await startTask(store, scope, 'source');
  const { head } = await store.conversation(tenant, episode);
  const stray: OpenEpisode = { ...head, id: episodeId('e-stray') };

  await expect(store.openEpisode(stray)).rejects.toThrow('violates check constraint');
  expect(await store.episode(tenant, episodeId('e-stray'))).toBeNull();
});

test('records an end once: the first outcome stays', async () => {
  const { episode } = await playTask(store, scope, 'end-twice', { outcome: PASSED });

  await endEpisode(store, scope, episode, FAILED);

  expect((await store.episode(tenant, episode))?.outcome).toEqual(PASSED);
});

test('writes the lineage of the lessons an episode used with its end', async () => {
  const recalled = [{ lesson: lessonId('l-1'), revision: 2, text: 'note', score: 1.5 }];
  const { episode } = await playTask(store, scope, 'lineage', { recalled });

  const edges = await withTenant(database.pool, tenant, (client) =>
    client.query('select to_kind, to_id from lineage where from_kind = $1 and from_id = $2', [
      'episode',
      episode,
    ]),
  );

  expect(edges.rows).toEqual([{ to_kind: 'lesson', to_id: 'l-1@2' }]);
  expect((await store.episode(tenant, episode))?.recalled).toEqual(recalled);
});

test('names an episode that does not exist', async () => {
  const missing = episodeId('e-missing');

  await expect(store.conversation(tenant, missing)).rejects.toThrow(NotFoundError);
  await expect(endEpisode(store, scope, missing)).rejects.toThrow(NotFoundError);
  expect(await store.episode(tenant, missing)).toBeNull();
});

test('counts runs that serve nobody, each once, and live ones not at all', async () => {
  const budget = aScope('budget');
  await deploy(store, budget);
  const { episode } = await startTask(store, budget, 't-1');
  const { head } = await store.conversation(budget.tenant, episode);
  const open = (id: string, mode: 'shadow' | 'explore') =>
    store.openEpisode({ ...head, id: episodeId(id), mode });

  await open('s-1', 'shadow');
  await open('s-1', 'shadow');
  await open('x-1', 'explore');

  expect(await store.spentShadowRuns(budget)).toBe(2);
  expect((await store.episode(budget.tenant, episodeId('s-1')))?.number).toBe(0);
});

test('a day of runs that serve nobody has an end, however many ask at once', async () => {
  const budget = aScope('limited');
  await deploy(store, budget);
  const { episode } = await startTask(store, budget, 't-1');
  const { head } = await store.conversation(budget.tenant, episode);
  const open = (number: number) =>
    store.openEpisode({ ...head, id: episodeId(`l-${String(number)}`), mode: 'shadow' }, 5);

  const opened = await Promise.allSettled(Array.from({ length: 12 }, (_none, at) => open(at)));

  const refused = opened.filter((result) => result.status === 'rejected');
  expect(refused).toHaveLength(7);
  expect(refused.every(({ reason }) => reason instanceof LearningBudgetError)).toBe(true);
  expect(await store.spentShadowRuns(budget)).toBe(5);
  // What is there already is not refused, nor counted again; what was refused is not there.
  for (const [number, { status }] of opened.entries()) {
    if (status === 'fulfilled') await open(number);
    else expect(await store.episode(budget.tenant, episodeId(`l-${String(number)}`))).toBeNull();
  }
  expect(await store.spentShadowRuns(budget)).toBe(5);
});

function aFeedback(episode: EpisodeId, changes: Partial<Feedback> = {}): Feedback {
  return {
    id: `f-${episode}`,
    episode,
    actor: 'ann',
    role: 'user',
    score: 0,
    correction: 'select 2',
    comment: null,
    ...changes,
  };
}

test('stores each feedback once, also when many send it at once', async () => {
  const { episode } = await playTask(store, scope, 'feedback-once');

  const answers = await Promise.all(
    [1, 2, 3, 4].map(() => store.putFeedback(tenant, aFeedback(episode))),
  );

  expect(answers.filter(({ existing }) => !existing)).toHaveLength(1);
  expect(await store.feedbackOf(tenant, episode)).toEqual([aFeedback(episode)]);
});

test('refuses feedback whose id stands for other content', async () => {
  const { episode } = await playTask(store, scope, 'feedback-conflict');
  await store.putFeedback(tenant, aFeedback(episode));

  const other = store.putFeedback(tenant, aFeedback(episode, { score: 1 }));

  await expect(other).rejects.toThrow(ConflictError);
  expect(await store.feedbackOf(tenant, episode)).toEqual([aFeedback(episode)]);
});

test('refuses feedback on an episode that does not exist', async () => {
  const missing = store.putFeedback(tenant, aFeedback(episodeId('e-none')));

  await expect(missing).rejects.toThrow(NotFoundError);
});

test('archives a history once and answers it by workflow', async () => {
  const history = { events: [{ eventId: '1' }] };
  await store.archiveHistory(tenant, 'task/acme/a/t-1', 'run-1', history);

  await store.archiveHistory(tenant, 'task/acme/a/t-1', 'run-1', { events: [] });

  expect(await store.archivedHistories(tenant, 'task/acme/a/t-1')).toEqual([
    { runId: 'run-1', history },
  ]);
});
