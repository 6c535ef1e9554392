import { afterAll, beforeAll, expect, test } from 'vitest';

import type { Store } from '../../src/activities/store.js';
import { recallData } from '../../src/bench/recall-data.js';
import { measureRecall } from '../../src/bench/recall.js';
import { contentHashOf } from '../../src/contracts/digest.js';
import { importLessons, rowsWrittenSince, writeMark } from '../../src/store/lesson-import.js';
import { createStore } from '../../src/store/store.js';
import { freshDatabase, type FreshDatabase } from '../support/postgres.js';
import { activeVersion, aScope, deploy } from '../support/store-builders.js';

let database: FreshDatabase;
let store: Store;
beforeAll(async () => {
  database = await freshDatabase();
  store = createStore(database.pool);
});
afterAll(() => database.drop());

const SILENT = { progress: () => ({ update: () => undefined, end: () => undefined }) };

test('imported lessons serve in a version as they were given, in their order', async () => {
  const scope = aScope('imported');
  await deploy(store, scope);
  const root = await activeVersion(store, scope);
  const { lessons: drafts } = recallData(30, 0, 1);

  const first = await importLessons(database.pool, scope, drafts.slice(0, 20));
  const second = await importLessons(database.pool, scope, drafts.slice(20));
  const put = [...first, ...second];
  const version = await store.deriveVersion(scope, root, { put, remove: [], parameters: {} });

  const serving = await store.lessonsServing(scope, version);
  expect(serving.map(({ key }) => key)).toEqual(drafts.map(({ key }) => key));
  expect(serving.map(({ contentHash }) => contentHash)).toEqual(drafts.map(contentHashOf));
  expect(serving[7]).toMatchObject({ ...drafts[7] });
});

test('a key that the agent has is not imported again, and nothing of its batch is', async () => {
  const scope = aScope('twice');
  await deploy(store, scope);
  const { lessons: drafts } = recallData(3, 0, 1);
  await importLessons(database.pool, scope, drafts.slice(0, 1));

  await expect(importLessons(database.pool, scope, drafts)).rejects.toThrow();

  expect(
    await store.lessonsByKey(
      scope,
      drafts.map(({ key }) => key),
    ),
  ).toHaveLength(1);
});

test('counts the rows of one tenant that were written after a mark', async () => {
  const scope = aScope('counted');
  await deploy(store, scope);
  const { lessons: drafts } = recallData(2, 0, 1);

  const mark = await writeMark(database.pool, scope.tenant);
  await importLessons(database.pool, scope, drafts);

  // Two lessons, two revisions, and the agent's counter.
  expect(await rowsWrittenSince(database.pool, scope.tenant, mark)).toBe(5);
});

test('recall shows a promoted lesson to the next task, for a handful of rows', async () => {
  const { signal } = new AbortController();

  const report = await measureRecall(
    { lessons: 400, queries: 20 },
    { pool: database.pool, store },
    SILENT,
    signal,
  );

  expect(report.visibleAfterPromotion).toBe(true);
  expect(report.rowsWrittenByPromotion).toBeLessThanOrEqual(12);
  expect(report.activity.p99).toBeGreaterThan(report.ranking.p50);
});
