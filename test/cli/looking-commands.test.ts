import { afterAll, beforeAll, expect, test } from 'vitest';

import { freshDatabase, type FreshDatabase } from '../support/postgres.js';
import { createStore } from '../../src/store/store.js';
import type { EpisodeId, Scope, VersionId } from '../../src/domain/ids.js';
import { runCommandLine, type Ran } from './run-command.js';
import {
  activeVersion,
  aDraft,
  aScope,
  closeOnActive,
  deploy,
  FAILED,
  lessonNamed,
  openCandidate,
  passGate,
  playTask,
} from '../support/store-builders.js';

let database: FreshDatabase;
let scope: Scope;
let episode: EpisodeId;
let version: VersionId;
let root: VersionId;
beforeAll(async () => {
  database = await freshDatabase();
  const store = createStore(database.pool);
  scope = aScope('acme');
  await deploy(store, scope);
  root = await activeVersion(store, scope);
  const id = await openCandidate(store, scope, 'acme.sql-analyst.c1', [aDraft('shop')]);
  version = await closeOnActive(store, scope, id);
  await passGate(store, scope, id);
  const recalled = [
    { lesson: lessonNamed('shop'), revision: 1, text: 'shop(id, name)', score: 2.5 },
  ];
  ({ episode } = await playTask(store, scope, 't-1', { version, recalled }));
  await playTask(store, scope, 't-2', { outcome: FAILED, slices: { database: 'zoo' } });
});
afterAll(() => database.drop());

function look(line: string, tenant = 'acme'): Promise<Ran> {
  const environment = { DATABASE_URL: database.url, RATCHET_TENANT: tenant };
  return runCommandLine(line.split(' '), environment);
}

async function json(line: string): Promise<unknown> {
  const ran = await look(`${line} --json`);
  expect(ran.code).toBe(0);
  return JSON.parse(ran.out);
}

test('episodes are counted by agent and slice', async () => {
  const groups = [
    { agent: 'sql-analyst', key: null, value: null, n: 2, successes: 1 },
    { agent: 'sql-analyst', key: 'database', value: 'shop', n: 1, successes: 1 },
    { agent: 'sql-analyst', key: 'database', value: 'zoo', n: 1, successes: 0 },
  ];

  expect(await json('episodes list --group-by slice')).toEqual({ groups });
});

test('an episode is shown by its id, the beginning of it, or its task', async () => {
  const whole = await json(`episodes show ${episode}`);

  expect(whole).toMatchObject({ id: episode, agent: 'sql-analyst', taskId: 't-1', success: true });
  expect(await json(`episodes show ${episode.slice(0, 8)}`)).toEqual(whole);
  expect(await json('episodes show t-1')).toEqual(whole);
});

test('a candidate is shown by its number with the lessons it puts and its verdict', async () => {
  const shown = await json('candidates show c1');

  expect(shown).toMatchObject({
    id: 'acme.sql-analyst.c1',
    number: 1,
    state: 'passed',
    diff: { added: [{ id: 'l-shop', revision: 1 }], removed: [] },
    gateRecords: [{ verdict: 'pass', reason: 'superior', alpha: 0.005, seed: 7 }],
  });
});

test('why names the lesson, its score, the candidate that brought it and its verdict', async () => {
  const shown = await json(`why ${episode}`);

  expect(shown).toMatchObject({
    episode,
    version,
    lessons: [
      {
        score: 2.5,
        text: 'shop(id, name)',
        candidates: [{ candidate: { number: 1 }, gateRecords: [{ verdict: 'pass' }] }],
      },
    ],
  });
});

test('what one version has more than another is its difference', async () => {
  const ran = await look(`diff ${root} ${version}`);

  expect(ran).toMatchObject({ code: 0, out: '+ [l-shop@1] shop(id, name)\n' });
});

test('every list and view is for people too', async () => {
  for (const line of ['episodes', 'lessons', 'candidates', 'versions', 'lessons show l-shop']) {
    const ran = await look(line);

    expect(ran).toMatchObject({ code: 0, error: '' });
    expect(ran.out).not.toMatch(/undefined|\[object/);
  }
});

test('where the tenant has nothing the newest is looked at, and stderr says so', async () => {
  const ran = await look('candidates --json', 'nobody');

  expect(JSON.parse(ran.out)).toMatchObject({ tenant: 'acme', candidates: [{ number: 1 }] });
  expect(ran.error).toContain('looking at acme');
});

test('a tenant that was named is looked at alone', async () => {
  const ran = await look('candidates --json --tenant nobody');

  expect(JSON.parse(ran.out)).toEqual({ tenant: 'nobody', candidates: [] });
});

test.each([
  ['candidates show c9', 'there is c1 alone'],
  ['candidates show other', 'list them with `ratchet candidates`'],
  ['episodes show e-none', 'list them with `ratchet episodes`'],
  ['lessons show l-none', 'list them with `ratchet lessons`'],
  ['versions show v-none', 'list them with `ratchet versions`'],
  ['candidates --agent other', 'tenant acme has: sql-analyst'],
  ['why e-none', 'episode e-none: not found'],
])('%s is not found', async (line, says) => {
  const ran = await look(line);

  expect(ran).toMatchObject({ code: 3, out: '' });
  expect(ran.error).toContain(says);
});

test('the beginning of several ids is a conflict', async () => {
  const ran = await look('episodes show e-');

  expect(ran.code).toBe(4);
  expect(ran.error).toContain('found 2 that begin so');
});

test('lessons and why tell what is disputed, and how a person decides', async () => {
  const argued = aScope('argued');
  const store = createStore(database.pool);
  await deploy(store, argued);
  const draft = aDraft('old');
  await openCandidate(store, argued, 'argued.sql-analyst.c1', [draft]);
  const others = [{ lesson: lessonNamed('old'), revision: 1, side: 'serving' as const }];
  const dispute = { lesson: lessonNamed('new'), draft: aDraft('new'), with: others, reason: 'so' };
  const nothing = { results: [], revisions: [], support: [], opened: null };
  await store.applyMerge(argued, { ...nothing, disputes: [dispute] });
  const recalled = [{ lesson: lessonNamed('old'), revision: 1, text: 'old(id, name)', score: 1 }];
  const told = await playTask(store, argued, 'argued-1', { recalled });

  const lessons = await look('lessons', 'argued');
  const shown = await look('lessons show l-old', 'argued');
  const why = await look(`why ${told.episode}`, 'argued');

  expect(lessons.out).toContain('2 lessons are disputed and wait for a person');
  expect(shown.out).toContain('say which stands: `ratchet approve l-new@1 --reason R`');
  expect(why.out).toMatch(/l-old@1 \(serving\), so; it waits for a person/);
});
