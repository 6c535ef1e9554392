import { afterAll, beforeAll, expect, test } from 'vitest';

import type { Store } from '../../src/activities/store.js';
import { lessonId, versionId } from '../../src/contracts/ids.js';
import { InvalidInputError, NotFoundError } from '../../src/domain/errors.js';
import { SYSTEM } from '../../src/domain/feedback.js';
import type { Scope } from '../../src/domain/ids.js';
import type { LessonDraft } from '../../src/domain/lesson.js';
import { versionIdOf } from '../../src/store/derived-ids.js';
import { createStore } from '../../src/store/store.js';
import { asOwner } from '../../src/store/transaction.js';
import { freshDatabase, type FreshDatabase } from '../support/postgres.js';
import {
  activeVersion,
  aDraft,
  aRoot,
  aScope,
  deploy,
  lessonNamed,
  openCandidate,
  PARAMETERS,
} from '../support/store-builders.js';

let database: FreshDatabase;
let store: Store;
beforeAll(async () => {
  database = await freshDatabase();
  store = createStore(database.pool);
});
afterAll(() => database.drop());

/** A deployed agent with stored revisions, none of them in a version yet. */
async function withLessons(tenant: string, keys: readonly string[]): Promise<Scope> {
  const scope = aScope(tenant);
  await deploy(store, scope);
  await openCandidate(
    store,
    scope,
    `c-${tenant}`,
    keys.map((key) => aDraft(key)),
  );
  return scope;
}

const NOTHING = { put: [], remove: [], parameters: {} };
const at = (key: string, revision = 1) => ({ lesson: lessonNamed(key), revision });

test('deploys an agent once: a root version, a pointer at 1 and one audit entry', async () => {
  const scope = aScope('root');

  const pointers = await Promise.all([1, 2, 3].map(() => deploy(store, scope)));

  const [first] = pointers;
  expect(pointers).toEqual([first, first, first]);
  expect(first?.number).toBe(1);
  const audit = await store.auditOf(scope.tenant, null, 10);
  expect(audit.map(({ action, object }) => [action, object.id])).toEqual([
    ['deploy', first?.active],
  ]);
  expect(await store.version(scope, first?.active ?? versionId('none'))).toEqual({
    id: first?.active,
    parent: null,
    policyDigest: 'policy-1',
    toolDigests: { execute_sql: 'tool-1' },
    parameters: PARAMETERS,
    definition: {
      policyDigest: 'policy-1',
      toolDigests: { execute_sql: 'tool-1' },
      parameters: PARAMETERS,
    },
  });
});

test('names a version by the hash of all it holds, whatever the order of its lessons', async () => {
  const content = { policyDigest: 'p', toolDigests: { a: '1' }, parameters: PARAMETERS };

  const forwards = versionIdOf({ ...content, lessons: [at('a'), at('b')] });

  expect(forwards).toMatch(/^v-[0-9a-f]{16}$/);
  expect(versionIdOf({ ...content, lessons: [at('b'), at('a')] })).toBe(forwards);
  expect(versionIdOf({ ...content, lessons: [at('a'), at('b', 2)] })).not.toBe(forwards);
});

test('derives a version by what differs, and finds the same content again', async () => {
  const scope = await withLessons('derive', ['a', 'b']);
  const root = await activeVersion(store, scope);

  const both = await store.deriveVersion(scope, root, { ...NOTHING, put: [at('a'), at('b')] });
  const one = await store.deriveVersion(scope, root, { ...NOTHING, put: [at('a')] });
  const other = await store.deriveVersion(scope, one, { ...NOTHING, put: [at('b')] });
  const back = await store.deriveVersion(scope, both, {
    ...NOTHING,
    remove: [lessonNamed('a'), lessonNamed('b')],
  });

  expect(other).toBe(both);
  expect(back).toBe(root);
  expect(await store.deriveVersion(scope, root, NOTHING)).toBe(root);
  const serving = await store.lessonsServing(scope, both);
  expect(serving.map(({ id, revision }) => `${id}@${String(revision)}`)).toEqual([
    'l-a@1',
    'l-b@1',
  ]);
});

test('serves what the nearest ancestor says of a lesson', async () => {
  const scope = await withLessons('nearest', ['a', 'b']);
  const root = await activeVersion(store, scope);
  const first = await store.deriveVersion(scope, root, { ...NOTHING, put: [at('a'), at('b')] });
  const grown = {
    body: { form: 'text', text: 'a(id, name, mail)' },
  } satisfies Partial<LessonDraft>;
  await openCandidate(store, scope, 'c-nearest-2', [aDraft('a', grown)]);
  const second = await store.deriveVersion(scope, first, { ...NOTHING, put: [at('a', 2)] });
  const third = await store.deriveVersion(scope, second, {
    ...NOTHING,
    remove: [lessonNamed('b')],
  });

  const serving = await store.lessonsServing(scope, third);
  const change = await store.versionChange(scope, third);

  expect(serving).toMatchObject([{ id: 'l-a', revision: 2, body: grown.body }]);
  expect(change).toEqual({ parent: second, put: [], remove: [lessonNamed('b')] });
  expect(await store.lessonsServing(scope, first)).toHaveLength(2);
});

test('learns parameters within their types', async () => {
  const scope = await withLessons('parameters', []);
  const root = await activeVersion(store, scope);

  const cooler = await store.deriveVersion(scope, root, {
    ...NOTHING,
    parameters: { recallLimit: 5 },
  });

  expect((await store.version(scope, cooler))?.parameters).toEqual({
    ...PARAMETERS,
    recallLimit: 5,
  });
  const wrong = store.deriveVersion(scope, root, {
    ...NOTHING,
    parameters: { recallLimit: 'many' },
  });
  await expect(wrong).rejects.toThrow(InvalidInputError);
});

test('refuses a revision that was not stored, and a parent that does not exist', async () => {
  const scope = await withLessons('unknown', ['a']);
  const root = await activeVersion(store, scope);
  const put = [at('a', 7)];

  await expect(store.deriveVersion(scope, root, { ...NOTHING, put })).rejects.toThrow(/l-a@7/);
  const orphan = store.deriveVersion(scope, versionId('v-none'), NOTHING);
  await expect(orphan).rejects.toThrow(NotFoundError);
});

test('makes a deployment of a changed definition, keeping what was learned', async () => {
  const scope = await withLessons('redeploy', ['a']);
  const root = await activeVersion(store, scope);
  const learned = await store.deriveVersion(scope, root, {
    put: [at('a')],
    remove: [],
    parameters: { recallLimit: 6, temperature: 1 },
  });
  const by = { actor: SYSTEM, action: 'test', reason: 'promote', detail: {} };
  await store.changePointer(scope, 1, { active: learned }, by);

  const same = await deploy(store, scope);
  const edited = await deploy(store, scope, {
    policyDigest: 'policy-2',
    parameters: { ...PARAMETERS, temperature: 0.5 },
  });

  expect(same.active).toBe(learned);
  expect(edited.number).toBe(3);
  expect(await store.version(scope, edited.active)).toMatchObject({
    parent: learned,
    policyDigest: 'policy-2',
    // Learned and left alone by the new definition; and given anew by it.
    parameters: { recallLimit: 6, temperature: 0.5 },
  });
  expect(await store.lessonsServing(scope, edited.active)).toHaveLength(1);
  expect(
    (
      await deploy(store, scope, {
        ...aRoot(),
        policyDigest: 'policy-2',
        parameters: { ...PARAMETERS, temperature: 0.5 },
      })
    ).number,
  ).toBe(3);
});

test('a promotion of one lesson among 100,000 writes a handful of rows', async () => {
  const scope = await withLessons('large', ['a']);
  const root = await activeVersion(store, scope);
  await fill(scope, root, 100_000);
  const mark = await nextTransaction();

  const version = await store.deriveVersion(scope, root, { ...NOTHING, put: [at('a')] });
  const by = { actor: SYSTEM, action: 'promote', reason: 'passed', detail: {} };
  await store.changePointer(scope, 1, { active: version }, by);

  const written = await rowsWrittenSince(scope, mark);
  expect(written).toBeGreaterThan(0);
  expect(written).toBeLessThan(20);
  expect(await store.lessonsServing(scope, version)).toHaveLength(100_001);
}, 120_000);

/** Puts `count` lessons straight into a version, as a long life of promotions would have. */
async function fill(scope: Scope, version: string, count: number): Promise<void> {
  await asOwner(database.pool, async (client) => {
    // Keys of rows that are made up together need no checking one by one.
    await client.query('set local session_replication_role = replica');
    const values = [scope.tenant, scope.agent, count];
    await client.query(
      `insert into lessons (tenant, agent, lesson, key, kind, ordinal)
       select $1, $2, 'many-' || n, 'many ' || n, 'rule', n + 1000 from generate_series(1, $3) n`,
      values,
    );
    await client.query(
      `insert into lesson_revisions (
         tenant, agent, lesson, revision, content_hash, content, rationale, sources, trust,
         tool_versions, status)
       select $1, $2, 'many-' || n, 1, repeat('a', 64), '{}', '', '[]', 'medium', '{}', 'active'
       from generate_series(1, $3) n`,
      values,
    );
    await client.query(
      `insert into version_lessons (tenant, agent, version, lesson, revision)
       select $1, $2, $4, 'many-' || n, 1 from generate_series(1, $3) n`,
      [...values, version],
    );
  });
}

/** Rows that transactions from `mark` on inserted or updated, over all tables of the tenant. */
async function rowsWrittenSince(scope: Scope, mark: string): Promise<number> {
  const { rows } = await database.pool.query<{ readonly name: string }>(
    `select c.relname as name from pg_class c join pg_attribute a on a.attrelid = c.oid
     where c.relnamespace = 'public'::regnamespace and c.relkind = 'r' and a.attname = 'tenant'`,
  );
  let total = 0;
  for (const { name } of rows) {
    const counted = await database.pool.query<{ readonly n: number }>(
      `select count(*)::integer as n from ${name}
       where tenant = $1 and xmin::text::bigint >= $2::bigint`,
      [scope.tenant, mark],
    );
    total += counted.rows[0]?.n ?? 0;
  }
  return total;
}

/** The number that the next transaction gets, at the least. */
async function nextTransaction(): Promise<string> {
  const { rows } = await database.pool.query<{ readonly next: string }>(
    'select pg_snapshot_xmax(pg_current_snapshot())::text as next',
  );
  return rows[0]?.next ?? '';
}

test('answers null for a version that does not exist', async () => {
  const scope = await withLessons('none', []);

  expect(await store.version(scope, versionId('v-none'))).toBeNull();
  expect(await store.latestRevision(scope, lessonId('l-none'))).toBeNull();
});
