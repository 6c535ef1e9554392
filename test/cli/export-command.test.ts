import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, expect, test } from 'vitest';

import { sha256 } from '../../src/contracts/digest.js';
import { createStore } from '../../src/store/store.js';
import { freshDatabase, type FreshDatabase } from '../support/postgres.js';
import { aDraft, aScope, closeOnActive, deploy, openCandidate } from '../support/store-builders.js';
import { runCommandLine } from './run-command.js';

let database: FreshDatabase;
let version: string;
const out = mkdtempSync(join(tmpdir(), 'ratchet-export-'));
beforeAll(async () => {
  database = await freshDatabase();
  const store = createStore(database.pool);
  const scope = aScope('acme');
  await deploy(store, scope);
  const trigger = {
    predicates: [{ field: 'database', op: 'eq', value: 'shop' }] as const,
    when: '',
    notWhen: '',
  };
  const drafts = [aDraft('orders', { trigger }), aDraft('people')];
  const candidate = await openCandidate(store, scope, 'acme.sql-analyst.c1', drafts);
  version = await closeOnActive(store, scope, candidate);
});
afterAll(async () => {
  rmSync(out, { recursive: true });
  await database.drop();
});

async function exported(...args: readonly string[]): Promise<unknown> {
  const environment = { DATABASE_URL: database.url, RATCHET_TENANT: 'acme' };
  const line = ['export', '--json', '--out', out, '--version', version, ...args];
  const ran = await runCommandLine(line, environment);
  expect(ran).toMatchObject({ code: 0 });
  return JSON.parse(ran.out);
}

const read = (path: string): string => readFileSync(join(out, path), 'utf8');

test('JSON lines come with a manifest whose hash is theirs', async () => {
  await exported();

  const lines = read('lessons.jsonl');
  expect(JSON.parse(read('manifest.json'))).toMatchObject({
    format: 'ratchet-lessons/1',
    version,
    lessons: 2,
    files: [{ path: 'lessons.jsonl', sha256: sha256(lines), lines: 2 }],
  });
  expect(lines.split('\n')).toHaveLength(3);
});

test('a skill stands in a folder of its name, with lessons that say where they come from', async () => {
  await exported('--form', 'skill');

  const skill = read('sql-analyst/SKILL.md');
  expect(skill).toMatch(/^---\nname: sql-analyst\ndescription: .+\nmetadata:\n/);
  expect(skill).toMatch(
    /- When database is shop: orders\(id, name\) <!-- l-orders@1 [0-9a-f]{12} -->/,
  );
});

test('AGENTS.md keeps what others wrote in it, and the lessons once', async () => {
  writeFileSync(join(out, 'AGENTS.md'), '# House rules\n\nBe kind.\n');

  await exported('--form', 'agents-md');
  const first = read('AGENTS.md');
  await exported('--form', 'agents-md');

  expect(first).toContain('Be kind.');
  expect(first).toContain('people(id, name)');
  expect(read('AGENTS.md')).toBe(first);
});
