import { afterAll, beforeAll, expect, test } from 'vitest';

import type { Store } from '../../src/activities/store.js';
import { episodeId, tenantId } from '../../src/contracts/ids.js';
import { SYSTEM } from '../../src/domain/feedback.js';
import type { CandidateId, Scope, TenantId, VersionId } from '../../src/domain/ids.js';
import { createStore } from '../../src/store/store.js';
import { withTenant } from '../../src/store/transaction.js';
import { freshDatabase, type FreshDatabase } from '../support/postgres.js';
import {
  aDraft,
  aRecall,
  aScope,
  closeOnActive,
  deploy,
  lessonNamed,
  openCandidate,
  passGate,
  playTask,
} from '../support/store-builders.js';

const ALICE = aScope('alice');
const BOB = tenantId('bob');

let database: FreshDatabase;
let tables: readonly string[];

beforeAll(async () => {
  database = await freshDatabase();
  await fillEveryTable();
  const { rows } = await database.pool.query<{ readonly name: string }>(
    `select relname as name from pg_class
     where relnamespace = 'public'::regnamespace and relkind = 'r' and relname <> 'schema_migrations'
     order by relname`,
  );
  tables = rows.map((row) => row.name);
});
afterAll(() => database.drop());

/** A row of Alice's in every table there is, so that none can hide an open door. */
async function fillEveryTable(): Promise<void> {
  const store = createStore(database.pool);
  await deploy(store, ALICE);
  await store.watchOutcomes(ALICE, 'reflect/watching');
  await store.addToJournal(ALICE, 0, [{ kind: 'opened', atMs: 0 }]);
  const { task, episode } = await playTask(store, ALICE, 't-1', { subject: 'sue' });
  await store.putStep(ALICE.tenant, episode, {
    index: 0,
    kind: 'tool',
    callId: 'call-1',
    tool: 'execute_sql',
    arguments: '{}',
    result: { ok: true, content: 'secret of Alice' },
  });
  await store.markReflected(ALICE.tenant, episode, 'one lesson proposed');
  const next = await playTask(store, ALICE, 't-2', { subject: 'sue', input: { text: 'thanks' } });
  await store.settleJudgements(ALICE.tenant, next.episode);
  await store.putFeedback(ALICE.tenant, {
    id: 'f-1',
    episode,
    actor: 'ann',
    role: 'user',
    score: 1,
    correction: null,
    comment: null,
  });
  const effect = { key: 'alice:t-1:0:0', requestDigest: 'digest' };
  await store.beginCall({ ...ALICE, task, episode, step: 1, effect });
  const evidence = {
    episode,
    task,
    steps: [0],
    role: 'observation' as const,
    outcome: 1,
    reliability: 1,
  };
  const draft = aDraft('cust', { evidence: [evidence] });
  await store.putProposals(ALICE, episode, [{ draft, rejected: null }]);
  const id = await openCandidate(store, ALICE, 'c-1', [draft]);
  const version = await closeOnActive(store, ALICE, id);
  const [said] = await store.unembedded(ALICE, version, 'words', 1);
  await store.putEmbeddings(ALICE, 'words', [
    { contentHash: said?.contentHash ?? '', embedding: [1, 0] },
  ]);
  await passGate(store, ALICE, id);
  const arm = { episode, score: 1, category: 'ok', missing: null };
  await store.putPairs(ALICE.tenant, id, 'gate', [
    { index: 0, task, slices: {}, topUpFor: null, baseline: { ...arm, score: 0 }, candidate: arm },
  ]);
  await store.countUses(ALICE, id, [task]);
  await store.putJudgement(ALICE, {
    candidate: id,
    judge: 'judge-1',
    arms: { baseline: episodeId('e-baseline'), candidate: episodeId('e-candidate') },
    scores: { baseline: 0, candidate: 1 },
    calls: [],
    isAuditDue: true,
    audit: null,
  });
  await store.spendJudgement(ALICE, 1);
  await store.beginLearningCall(ALICE, { tokens: 1, microUsd: null });
  const head = await store.conversation(ALICE.tenant, episode);
  await store.openEpisode({ ...head.head, id: episodeId('e-shadow'), mode: 'shadow', version });
  const draw = { lesson: lessonNamed('cust'), revision: 1, propensity: 0.1, heldOut: false };
  const recalling = await playTask(store, ALICE, 't-recalling', { recall: aRecall([draw]) });
  const none = { cursor: 0, passedOver: [] };
  const counted = [{ episode: recalling.episode, score: 1 }];
  await store.countUtility(ALICE, none, { cursor: 2, passedOver: [] }, counted);
  const dispute = { lesson: lessonNamed('told'), draft: aDraft('told'), with: [], reason: 'test' };
  const nothing = { results: [], revisions: [], support: [], opened: null };
  await store.applyMerge(ALICE, { ...nothing, disputes: [dispute] });
  await store.archiveHistory(ALICE.tenant, 'task/alice', 'run-1', { events: [] });
  await promote(store, ALICE, id, version);
  await store.changePointer(
    ALICE,
    3,
    { frozen: true },
    {
      actor: SYSTEM,
      action: 'freeze',
      reason: 'test',
      detail: {},
    },
  );
}

/** Through its canary, so that its wins are pinned. */
async function promote(
  store: Store,
  scope: Scope,
  candidate: CandidateId,
  version: VersionId,
): Promise<void> {
  const by = { candidate, actor: SYSTEM, reason: 'test', detail: {} };
  const canary = { candidate, version, share: 0.5, seed: 1 };
  const started = { expected: 1, change: { canary } };
  await store.transition(scope, { ...by, from: ['passed'], to: 'canary', pointer: started });
  const landed = { expected: 2, change: { active: version, canary: null } };
  await store.transition(scope, { ...by, from: ['canary'], to: 'probation', pointer: landed });
}

async function countsAs(tenant: TenantId): Promise<Readonly<Record<string, number>>> {
  return withTenant(database.pool, tenant, async (client) => {
    const counts: Record<string, number> = {};
    for (const table of tables) {
      const { rows } = await client.query<{ readonly n: number }>(
        `select count(*)::integer as n from ${table}`,
      );
      counts[table] = rows[0]?.n ?? -1;
    }
    return counts;
  });
}

test('the fixture has a row in every table, so that the tests below see all of them', async () => {
  const counts = await countsAs(ALICE.tenant);

  expect(Object.entries(counts).filter(([, n]) => n < 1)).toEqual([]);
  expect(tables.length).toBeGreaterThan(20);
});

test('a tenant sees no row of another one in any table', async () => {
  const counts = await countsAs(BOB);

  expect(Object.entries(counts).filter(([, n]) => n !== 0)).toEqual([]);
});

test('without a tenant no row of any table is visible', async () => {
  const client = await database.pool.connect();
  try {
    await client.query('begin; set local role ratchet_app');
    for (const table of tables) {
      const { rows } = await client.query(`select 1 from ${table} limit 1`);
      expect(rows, table).toEqual([]);
    }
  } finally {
    await client.query('rollback');
    client.release();
  }
});

test('a connection carries neither role nor tenant to its next borrower', async () => {
  const client = await database.pool.connect();
  client.release();
  await withTenant(database.pool, ALICE.tenant, (own) => own.query('select 1'));

  const { rows } = await database.pool.query<{ readonly role: string; readonly tenant: string }>(
    `select current_user = session_user as role, coalesce(current_setting('ratchet.tenant', true), '') as tenant`,
  );

  expect(rows).toEqual([{ role: true, tenant: '' }]);
});

test('a tenant cannot write a row that belongs to another one', async () => {
  const write = withTenant(database.pool, BOB, (client) =>
    client.query(`insert into tenants (tenant) values ('alice-2')`),
  );

  await expect(write).rejects.toThrow('row-level security');
});

test('every table enables and forces row-level security with a policy on the tenant', async () => {
  const { rows } = await database.pool.query<{ readonly name: string }>(
    `select c.relname as name from pg_class c
     where c.relnamespace = 'public'::regnamespace and c.relkind = 'r'
       and c.relname <> 'schema_migrations'
       and not (c.relrowsecurity and c.relforcerowsecurity and exists (
         select from pg_policies p where p.tablename = c.relname and p.roles = '{ratchet_app}'
           and p.qual like '%tenant = current_setting(''ratchet.tenant''%'))`,
  );

  expect(rows).toEqual([]);
});

test('every key that must be unique begins with the tenant', async () => {
  const { rows } = await database.pool.query(
    `select c.relname from pg_index i join pg_class c on c.oid = i.indexrelid
     join pg_class t on t.oid = i.indrelid
     join pg_attribute a on a.attrelid = t.oid and a.attnum = i.indkey[0]
     where t.relnamespace = 'public'::regnamespace and t.relname <> 'schema_migrations'
       and i.indisunique and a.attname <> 'tenant'`,
  );

  expect(rows).toEqual([]);
});

test.each([
  ['rewrite the audit', `update audit set reason = 'another'`],
  ['delete from the audit', 'delete from audit'],
  ['rewrite a pair', 'update pairs set candidate_score = 1'],
  ['rewrite a version', `update versions set parameters = '{}'`],
  ['rewrite what a lesson says', `update lesson_revisions set content = '{}'`],
  ['switch row-level security off', 'alter table audit disable row level security'],
  ['read the migrations', 'select 1 from schema_migrations'],
  ['become the owner', 'create table mine (id text)'],
])('the application role may not %s', async (_what, sql) => {
  const attempt = withTenant(database.pool, ALICE.tenant, (client) => client.query(sql));

  await expect(attempt).rejects.toThrow(/permission denied|must be owner/);
});

test('the list of tenants is all that the directory role can read', async () => {
  const client = await database.pool.connect();
  try {
    await client.query('begin; set local role ratchet_directory');

    const { rows } = await client.query('select tenant from tenants');

    expect(rows).toEqual([{ tenant: 'alice' }]);
    await expect(client.query('select 1 from episodes')).rejects.toThrow('permission denied');
  } finally {
    await client.query('rollback');
    client.release();
  }
});
