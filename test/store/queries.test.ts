import { afterAll, beforeAll, expect, test } from 'vitest';

import type { Store } from '../../src/activities/store.js';
import { candidateId, episodeId, versionId } from '../../src/contracts/ids.js';
import { NotFoundError } from '../../src/domain/errors.js';
import { SYSTEM } from '../../src/domain/feedback.js';
import type { EpisodeId, VersionId } from '../../src/domain/ids.js';
import { createQueries, type Queries } from '../../src/store/queries.js';
import { createStore } from '../../src/store/store.js';
import { freshDatabase, type FreshDatabase } from '../support/postgres.js';
import {
  aDraft,
  aScope,
  closeOnActive,
  deploy,
  FAILED,
  lessonNamed,
  openCandidate,
  PARAMETERS,
  passGate,
  playTask,
  UNKNOWN,
} from '../support/store-builders.js';

let database: FreshDatabase;
let store: Store;
let queries: Queries;
const scope = aScope();
const { tenant } = scope;
const candidate = candidateId('c-1');
let root: VersionId;
let version: VersionId;
let taught: EpisodeId;

/** A failed task, a lesson made of it, its promotion, and a task that used it. */
beforeAll(async () => {
  database = await freshDatabase();
  store = createStore(database.pool);
  queries = createQueries(database.pool);
  root = (await deploy(store, scope)).active;
  const failed = await playTask(store, scope, 't-1', { outcome: FAILED });
  const draft = aDraft('cust');
  await store.putProposals(scope, failed.episode, [{ draft, rejected: null }]);
  const [proposal] = await store.waitingProposals(scope, 1);
  await openCandidate(store, scope, candidate, [draft]);
  await store.applyMerge(scope, {
    results: [{ proposal: proposal?.id ?? '', result: { kind: 'joined', candidate } }],
    revisions: [],
    support: [],
    opened: null,
  });
  version = await closeOnActive(store, scope, candidate);
  await passGate(store, scope, candidate);
  const by = { candidate, actor: SYSTEM, detail: {} };
  await store.transition(scope, { ...by, from: ['passed'], to: 'canary', reason: 'its turn' });
  await store.transition(scope, {
    ...by,
    from: ['canary'],
    to: 'probation',
    reason: 'no alarm',
    pointer: { expected: 1, change: { active: version } },
  });
  const recalled = [{ lesson: lessonNamed('cust'), revision: 1, text: 'cust(id)', score: 2 }];
  taught = (await playTask(store, scope, 't-2', { recalled, slices: { database: 'bank' } }))
    .episode;
  await playTask(store, scope, 't-3', { outcome: UNKNOWN });
});
afterAll(() => database.drop());

test('lists episodes newest first, by agent and mode', async () => {
  const episodes = await queries.episodes(tenant, { agent: scope.agent, limit: 2 });

  expect(episodes.map(({ task, score, lessons }) => [task, score, lessons])).toEqual([
    ['t-3', null, 0],
    ['t-2', 1, 1],
  ]);
  expect(episodes[1]).toMatchObject({ version, costMicroUsd: 5, tokens: 10, end: 'done' });
  expect(await queries.episodes(tenant, { mode: 'shadow', limit: 10 })).toEqual([]);
});

test('counts successes by agent and by slice', async () => {
  const { agent } = scope;

  expect(await queries.sliceCounts(tenant)).toEqual([
    { agent, key: null, value: null, n: 2, successes: 1 },
    { agent, key: 'database', value: 'bank', n: 1, successes: 1 },
    { agent, key: 'database', value: 'shop', n: 1, successes: 0 },
  ]);
});

test('lists the newest revision of every lesson with its status', async () => {
  const lessons = await queries.lessons(scope);

  expect(lessons.map(({ key, revision, status }) => [key, revision, status])).toEqual([
    ['cust', 1, 'active'],
  ]);
  expect(await queries.revisions(scope, lessonNamed('cust'))).toEqual(lessons);
});

test('lists versions with their parents and when they were active', async () => {
  const versions = await queries.versions(scope);

  expect(versions.map(({ id, parent, put, active }) => [id, parent, put, active.length])).toEqual([
    [root, null, 0, 1],
    [version, root, 1, 1],
  ]);
  expect(versions[0]?.active[0]?.until).toBe(versions[1]?.active[0]?.from);
  expect(versions[1]?.active[0]?.until).toBeNull();
});

test('says what two versions differ in', async () => {
  const edited = await store.deriveVersion(scope, version, {
    put: [],
    remove: [],
    parameters: { recallLimit: 7 },
  });

  const forwards = await queries.diffVersions(scope, root, edited);
  const backwards = await queries.diffVersions(scope, edited, root);

  expect(forwards).toMatchObject({ added: [{ key: 'cust' }], removed: [], changed: [] });
  expect(forwards.parameters).toEqual([
    { name: 'recallLimit', before: PARAMETERS.recallLimit, after: 7 },
  ]);
  expect(backwards).toMatchObject({ added: [], removed: [{ key: 'cust' }], tools: [] });
  await expect(queries.diffVersions(scope, root, versionId('v-none'))).rejects.toThrow(
    NotFoundError,
  );
});

test('knows the instructions of a version', async () => {
  expect(await queries.instructions(scope, version)).toContain('one SQL statement');
});

test('tells the changes of the pointer with who made them and why', async () => {
  const history = await queries.pointerHistory(scope);

  expect(
    history.map(({ number, active, action, reason }) => [number, active, action, reason]),
  ).toEqual([
    [1, root, 'deploy', 'first deployment of the agent'],
    [2, version, 'probation', 'no alarm'],
  ]);
});

test('tells the whole life of a candidate', async () => {
  const life = await queries.candidateLife(tenant, candidate);

  expect(life.audit.map(({ action }) => action)).toEqual([
    'evaluating',
    'passed',
    'canary',
    'probation',
  ]);
  expect(life.gateRecords).toMatchObject([{ verdict: 'pass' }]);
  expect(life.proposedBy).toHaveLength(1);
  await expect(queries.candidateLife(tenant, candidateId('c-none'))).rejects.toThrow(NotFoundError);
});

test('says what stands behind what the agent did', async () => {
  const why = await queries.why(tenant, taught);

  expect(why).toMatchObject({
    version,
    versionAudit: [{ action: 'probation', object: { id: candidate } }],
    lessons: [
      {
        lesson: { key: 'cust', revision: 1 },
        candidates: [{ candidate: { id: candidate }, gateRecords: [{ verdict: 'pass' }] }],
      },
    ],
    feedback: [],
  });
  await expect(queries.why(tenant, episodeId('e-none'))).rejects.toThrow(NotFoundError);
});

test('lists tenants, newest first, and the agents of one', async () => {
  await deploy(store, aScope('later'));

  expect(await queries.latestTenants(1)).toEqual(['later']);
  expect(await queries.agents(tenant)).toEqual([{ agent: scope.agent, tasks: 3 }]);
});
