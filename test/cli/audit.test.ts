import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, test } from 'vitest';

import { SYSTEM } from '../../src/domain/feedback.js';
import { auditHash, GENESIS } from '../../src/store/audit.js';
import { createStore } from '../../src/store/store.js';
import { freshDatabase, type FreshDatabase } from '../support/postgres.js';
import { aScope, deploy } from '../support/store-builders.js';
import { runCommandLine } from './run-command.js';

const scope = aScope('acme');
let database: FreshDatabase;
let directory: string;
let anchor: string;
beforeEach(async () => {
  database = await freshDatabase();
  directory = await mkdtemp(join(tmpdir(), 'ratchet-audit-'));
  anchor = join(directory, 'kept', 'anchors.jsonl');
  await deploy(createStore(database.pool), scope);
});
afterEach(async () => {
  await database.drop();
  await rm(directory, { recursive: true });
});

function verify() {
  const args = ['audit', 'verify', '--anchor', anchor, '--json'];
  return runCommandLine(args, { DATABASE_URL: database.url });
}

/** Rewrites the only entry, its hash and the head, so that the chain fits itself again. */
async function rewrite(): Promise<void> {
  const [entry] = await createStore(database.pool).auditOf(scope.tenant, null, 1);
  if (entry === undefined) throw new Error('deployed');
  const forged = { ...entry, actor: SYSTEM, reason: 'nothing to see', previous: GENESIS };
  const hash = auditHash(scope.tenant, forged);
  await database.pool.query('update audit set reason = $1, hash = $2 where tenant = $3', [
    forged.reason,
    hash,
    scope.tenant,
  ]);
  await database.pool.query('update audit_heads set hash = $1 where tenant = $2', [
    hash,
    scope.tenant,
  ]);
}

test('an intact chain is anchored, and verified again without a second line', async () => {
  const first = await verify();
  const second = await verify();

  expect(first.code).toBe(0);
  expect(JSON.parse(second.out)).toMatchObject({
    intact: true,
    tenants: [{ tenant: 'acme', entries: 1, anchors: 1 }],
  });
  expect((await readFile(anchor, 'utf8')).trim().split('\n')).toHaveLength(1);
});

test('a tenant that the environment names is the only one verified', async () => {
  const environment = { DATABASE_URL: database.url, RATCHET_TENANT: 'other' };
  await deploy(createStore(database.pool), aScope('other'));

  const { out } = await runCommandLine(
    ['audit', 'verify', '--anchor', anchor, '--json'],
    environment,
  );

  expect(JSON.parse(out)).toMatchObject({ tenants: [{ tenant: 'other' }] });
  expect(out).not.toContain('acme');
});

test('a chain that was rewritten with its head fits itself and not its anchor', async () => {
  await verify();
  await rewrite();

  const { code, out } = await verify();

  expect(code).toBe(4);
  expect(JSON.parse(out)).toMatchObject({ intact: false, tenants: [{ sequence: 1 }] });
  expect(out).toContain('as the anchor says');
});

test('without an anchor the same rewriting passes: the file is what tells', async () => {
  await rewrite();

  expect((await verify()).code).toBe(0);
});

test('a chain that lost its newest entries is found by the anchor', async () => {
  await verify();
  await database.pool.query('delete from pointer_changes');
  await database.pool.query('delete from audit');
  await database.pool.query('delete from audit_heads');

  const { code, out } = await verify();

  expect(code).toBe(4);
  expect(out).toContain('at least 1, as the anchor says');
});

test('a line that is no anchor is named, and nothing is verified', async () => {
  anchor = join(directory, 'broken.jsonl');
  await writeFile(anchor, '{"tenant":"acme","sequence":0,"hash":"x"}\n');

  const { code, out, error } = await verify();

  expect(code).toBe(2);
  expect(out).toBe('');
  expect(error).toContain('broken.jsonl line 1');
});

test('an action there is not is refused', async () => {
  const { code, error } = await runCommandLine(['audit', 'repair']);

  expect(code).toBe(2);
  expect(error).toContain('"repair"');
});
