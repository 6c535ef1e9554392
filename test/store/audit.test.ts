import { afterAll, beforeAll, expect, test } from 'vitest';

import type { Store } from '../../src/activities/store.js';
import { versionId } from '../../src/contracts/ids.js';
import { SYSTEM } from '../../src/domain/feedback.js';
import type { Scope } from '../../src/domain/ids.js';
import { GENESIS, verifyAudit } from '../../src/store/audit.js';
import { createStore } from '../../src/store/store.js';
import { freshDatabase, type FreshDatabase } from '../support/postgres.js';
import { aScope, deploy } from '../support/store-builders.js';

let database: FreshDatabase;
let store: Store;
beforeAll(async () => {
  database = await freshDatabase();
  store = createStore(database.pool);
});
afterAll(() => database.drop());

function note(scope: Scope, reason: string): Promise<void> {
  return store.note(scope, {
    actor: { id: 'ann', role: 'owner' },
    action: 'looked',
    object: { kind: 'agent', id: scope.agent },
    reason,
    detail: { text: reason, share: 0.1, nested: { b: [1, null], a: true } },
  });
}

async function chain(tenant: string, entries = 9): Promise<Scope> {
  const scope = aScope(tenant);
  await deploy(store, scope);
  for (let index = 1; index < entries; index += 1) await note(scope, `entry ${String(index)}`);
  return scope;
}

/** As the owner of the tables, whom no policy holds back. */
async function tamper(scope: Scope, sql: string): Promise<void> {
  await database.pool.query(sql.replaceAll('$tenant', `'${scope.tenant}'`));
}

test('chains each entry to the one before, from a genesis of zeros', async () => {
  const scope = await chain('chained', 4);

  const entries = await store.auditOf(scope.tenant, null, 100);

  expect(entries.map(({ sequence }) => sequence)).toEqual([1, 2, 3, 4]);
  expect(entries.map(({ previous }) => previous)).toEqual([
    GENESIS,
    ...entries.slice(0, -1).map(({ hash }) => hash),
  ]);
  expect(await verifyAudit(database.pool, scope.tenant)).toEqual({
    intact: true,
    entries: 4,
    head: entries[3]?.hash,
  });
});

test('holds together when many append at once', async () => {
  const scope = await chain('parallel', 1);

  await Promise.all(Array.from({ length: 40 }, (_, index) => note(scope, `note ${String(index)}`)));

  expect(await verifyAudit(database.pool, scope.tenant)).toMatchObject({
    intact: true,
    entries: 41,
  });
});

test('an empty chain is intact', async () => {
  const scope = aScope('empty');

  expect(await verifyAudit(database.pool, scope.tenant)).toEqual({
    intact: true,
    entries: 0,
    head: GENESIS,
  });
});

test.each([
  ['edited reason', `update audit set reason = 'x' where tenant = $tenant and sequence = 5`, 5],
  ['edited detail', `update audit set detail = '{}' where tenant = $tenant and sequence = 5`, 5],
  [
    'edited time',
    `update audit set at = at + interval '1 s' where tenant = $tenant and sequence = 5`,
    5,
  ],
  ['edited actor', `update audit set actor_id = 'bob' where tenant = $tenant and sequence = 5`, 5],
  [
    'edited entry with its own hash replaced',
    `update audit set hash = repeat('a', 64) where tenant = $tenant and sequence = 5`,
    5,
  ],
  ['deleted entry', `delete from audit where tenant = $tenant and sequence = 5`, 5],
  [
    'two entries in each other’s place',
    `update audit a set reason = b.reason, detail = b.detail from audit b
     where a.tenant = $tenant and b.tenant = $tenant
       and (a.sequence, b.sequence) in ((5, 6), (6, 5))`,
    5,
  ],
  ['truncated end', `delete from audit where tenant = $tenant and sequence > 7`, 8],
  [
    'head moved back',
    `update audit_heads set sequence = 7, hash = (
       select hash from audit where tenant = $tenant and sequence = 7) where tenant = $tenant`,
    8,
  ],
])('finds an %s, at the entry', async (what, sql, sequence) => {
  const scope = await chain(`tamper-${what.replaceAll(/[^a-z]/g, '-')}`);
  await tamper(scope, `delete from pointer_changes where tenant = $tenant`);

  await tamper(scope, sql);

  expect(await verifyAudit(database.pool, scope.tenant)).toMatchObject({ intact: false, sequence });
});

test('answers the newest entries of one object, in order', async () => {
  const scope = await chain('object', 5);

  const entries = await store.auditOf(scope.tenant, { kind: 'agent', id: scope.agent }, 2);

  expect(entries.map(({ reason }) => reason)).toEqual(['entry 3', 'entry 4']);
});

test('says the same thing once, however often an activity runs', async () => {
  const scope = await chain('once', 1);

  await Promise.all([1, 2, 3].map(() => note(scope, 'drift')));

  expect(await store.auditOf(scope.tenant, null, 10)).toHaveLength(2);
});

test('writes no entry when the change beside it fails', async () => {
  const scope = await chain('fails', 1);
  const failing = store.changePointer(
    scope,
    1,
    { pinned: versionId('v-none') },
    { actor: SYSTEM, action: 'pin', reason: 'no such version', detail: {} },
  );

  await expect(failing).rejects.toThrow('foreign key');

  expect(await store.auditOf(scope.tenant, null, 10)).toHaveLength(1);
});
