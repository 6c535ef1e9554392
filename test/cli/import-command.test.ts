import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

import { afterAll, beforeAll, expect, test } from 'vitest';

import { wakeForWaiting } from '../../src/cli/commands/reflect.js';
import { runImport } from '../../src/cli/import/run-import.js';
import { createImports } from '../../src/store/imports.js';
import { createQueries } from '../../src/store/queries.js';
import { createStore } from '../../src/store/store.js';
import { agentId, tenantId } from '../../src/contracts/ids.js';
import { anInterCodeRun, linesOf, readOptions } from '../support/import-lines.js';
import { freshDatabase, type FreshDatabase } from '../support/postgres.js';
import { runCommandLine, type Ran } from './run-command.js';

const SOURCE = resolve(import.meta.dirname, '../../src/index.ts');

let database: FreshDatabase;
const directory = mkdtempSync(join(tmpdir(), 'ratchet-import-'));
beforeAll(async () => {
  database = await freshDatabase();
});
afterAll(async () => {
  rmSync(directory, { recursive: true });
  await database.drop();
});

function ratchet(tenant: string, args: readonly string[], input = ''): Promise<Ran> {
  const environment = { DATABASE_URL: database.url, RATCHET_TENANT: tenant };
  return runCommandLine([...args, '--json'], environment, directory, input);
}

async function answer(ran: Promise<Ran>): Promise<unknown> {
  return JSON.parse((await ran).out);
}

function file(name: string, content: string): string {
  const path = join(directory, name);
  writeFileSync(path, content);
  return path;
}

const aRun = (n: number, changes: Record<string, unknown> = {}) =>
  anInterCodeRun({ run_id: `ic/plain/${String(n)}`, task_id: `sql-${String(n)}`, ...changes });

test('runs are imported once, shown by the name of their source, and counted by slice', async () => {
  const runs = [aRun(1), aRun(2, { success: 0, reward: 0.7, slices: { db: 'zoo' } })];
  const path = file('two.jsonl', linesOf(...runs));

  const first = await answer(ratchet('once', ['import', 'intercode', path]));
  const second = await answer(ratchet('once', ['import', 'intercode_sql', path]));

  const counts = { format: 'intercode', read: 2, errors: [] };
  expect(first).toEqual({ ...counts, added: 2, skipped: 0 });
  expect(second).toEqual({ ...counts, added: 0, skipped: 2 });
  expect(await answer(ratchet('once', ['episodes', 'show', 'ic/plain/2']))).toMatchObject({
    runId: 'ic/plain/2',
    agent: 'plain-1t',
    taskId: 'sql-2',
    success: false,
    reward: 0.7,
    turns: 2,
    mode: 'imported',
    steps: [
      { i: 0, action: 'SHOW TABLES', observation: "[('pets',)]" },
      { i: 1, action: 'SELECT 1', observation: '[(1,)]' },
    ],
  });
  const agent = 'plain-1t';
  expect(await answer(ratchet('once', ['episodes', 'list', '--group-by', 'slice']))).toEqual({
    groups: [
      { agent, key: null, value: null, n: 2, successes: 1 },
      { agent, key: 'db', value: 'pets', n: 1, successes: 1 },
      { agent, key: 'db', value: 'zoo', n: 1, successes: 0 },
      { agent, key: 'hardness', value: 'easy', n: 1, successes: 1 },
    ],
  });
});

test('an imported success is nobody’s word: it has no source', async () => {
  const path = file('claimed.jsonl', linesOf(aRun(1)));
  await ratchet('claimed', ['import', 'intercode', path]);

  const shown = await answer(ratchet('claimed', ['episodes', 'show', 'ic/plain/1']));

  expect(shown).toMatchObject({ outcome: { source: 'none', evaluator: 'import:intercode' } });
});

test('with personal data taken out, the key of the home names the same person the same way', async () => {
  const home = join(directory, 'home');
  const said = [
    { role: 'user', content: 'Hi' },
    { role: 'assistant', content: 'Hello' },
  ];
  const chat = (run_id: string) => ({ run_id, user: 'ann@example.com', messages: said });
  const personal = (name: string, run: object, environment: NodeJS.ProcessEnv = {}) =>
    runCommandLine(
      ['import', 'openai-chat', file(name, linesOf(run)), '--redact', 'personal', '--json'],
      { DATABASE_URL: database.url, RATCHET_TENANT: 'hidden', RATCHET_HOME: home, ...environment },
      directory,
    );
  const subjects = async () => {
    const { rows } = await database.pool.query<{ subject: string }>(
      `select subject from episodes where tenant = 'hidden' order by number`,
    );
    return rows.map(({ subject }) => subject);
  };

  const first = await personal('h1.jsonl', chat('h-1'));
  const again = await personal('h1.jsonl', chat('h-1'));
  await personal('h2.jsonl', chat('h-2'));
  await personal('h3.jsonl', chat('h-3'), { RATCHET_REDACTION_KEY: 'another key of 16' });
  const short = await personal('h4.jsonl', chat('h-4'), { RATCHET_REDACTION_KEY: 'short' });

  expect([first, again].map(({ out }) => JSON.parse(out) as unknown)).toMatchObject([
    { added: 1, skipped: 0 },
    { added: 0, skipped: 1 },
  ]);
  const [one, two, three] = await subjects();
  expect(one).toMatch(/^subject-[0-9a-f]{24}$/);
  expect(two).toBe(one);
  expect(three).not.toBe(one);
  expect((await stat(join(home, 'redaction.key'))).mode & 0o777).toBe(0o600);
  expect(short.code).toBe(2);
  expect(short.error).toMatch(/RATCHET_REDACTION_KEY: found a value that is not shown/);
});

const half = linesOf(aRun(1), '{"run_id": ', '', aRun(2), aRun(3, { success: 'yes' }));

test('bad lines are told with their numbers, and the good ones imported', async () => {
  const ran = await ratchet('half', ['import', 'intercode', file('half.jsonl', half)]);

  expect(ran.code).toBe(0);
  expect(JSON.parse(ran.out)).toMatchObject({
    read: 4,
    added: 2,
    skipped: 0,
    errors: [
      { line: 2, code: 'NOT_JSON' },
      { line: 5, code: 'MALFORMED', message: expect.stringContaining('run.success') as unknown },
    ],
  });
});

test.each(['-', 'file'])(
  'strict imports nothing where one record is bad, from %s',
  async (from) => {
    const path = from === '-' ? '-' : file('strict.jsonl', half);

    const ran = await ratchet('strict', ['import', 'intercode', path, '--strict'], half);

    expect(ran.code).toBe(2);
    expect(JSON.parse(ran.out)).toMatchObject({ read: 4, added: 0, errors: [{}, {}] });
    expect(await answer(ratchet('strict', ['episodes', '--tenant', 'strict']))).toMatchObject({
      episodes: [],
    });
  },
);

test('strict imports everything where all is good, and standard input is read', async () => {
  const input = linesOf(aRun(1), aRun(2));

  const ran = await ratchet('piped', ['import', 'intercode', '-', '--strict'], input);

  expect(ran.code).toBe(0);
  expect(JSON.parse(ran.out)).toMatchObject({ read: 2, added: 2 });
});

test('an agent may be named, whatever the source says', async () => {
  await ratchet('named', ['import', 'intercode', '-', '--agent', 'clerk'], linesOf(aRun(1)));

  expect(await answer(ratchet('named', ['episodes', 'show', 'ic/plain/1']))).toMatchObject({
    agent: 'clerk',
  });
});

test.each([
  [['import', 'excel', 'x'], 2, 'openai-chat (openai, chat)'],
  [['import', 'intercode', '/no/such/file'], 3, '/no/such/file: not found'],
  [['import', 'intercode', '.'], 2, 'a directory'],
  [['import', 'intercode', '-', '--agent', 'a b'], 2, 'agent'],
  [['import', 'intercode', '-', '--redact', 'names'], 2, 'secrets, personal'],
  [['import', 'intercode'], 2, 'file'],
  [['import', 'lessons', '-', '--agent', 'clerk'], 5, 'owner or expert'],
  [['import', 'lessons', '-'], 2, '--agent'],
  [['episodes', 'show', 'ic/nobody/1'], 3, 'not found'],
])('%j is refused', async (args, code, says) => {
  const ran = await ratchet('refused', args, '- one lesson');

  expect(ran).toMatchObject({ code, out: '' });
  expect(ran.error).toContain(says);
});

test('an import that died is taken up by running it again', async () => {
  const tenant = tenantId('died');
  const store = createStore(database.pool);
  const target = { tenant, imports: createImports(database.pool), proposals: store };
  const lines = Array.from({ length: 450 }, (_, n) => `${JSON.stringify(aRun(n))}\n`);
  const sourceOf = (upTo: number) => ({
    size: null,
    position: () => 0,
    open: async function* () {
      for (const line of lines.slice(0, upTo)) yield await Promise.resolve(line);
      if (upTo < lines.length) throw new Error('killed');
    },
  });
  const options = { ...readOptions('intercode'), isStrict: false };
  const io = { progress: () => ({ update: () => undefined, end: () => undefined }) };

  await expect(runImport(sourceOf(420), options, target, io)).rejects.toThrow('killed');
  const again = await runImport(sourceOf(450), options, target, io);

  expect(again).toMatchObject({ read: 450, added: 50, skipped: 400 });
  const queries = createQueries(database.pool);
  const [newest] = await queries.episodes(tenant, { mode: 'imported', limit: 1 });
  expect(newest?.number).toBe(450);
});

test('two imports of the same source at once add each run once', async () => {
  const path = file('same.jsonl', linesOf(...Array.from({ length: 60 }, (_, n) => aRun(n))));

  const done = await Promise.all([
    answer(ratchet('same', ['import', 'intercode', path])),
    answer(ratchet('same', ['import', 'intercode', path])),
  ]);

  const added = done.map((one) => (one as { added: number }).added);
  expect(added.reduce((sum, n) => sum + n, 0)).toBe(60);
});

test('lessons of an owner wait for the learner, once, and serve nobody', async () => {
  const config = file(
    'ratchet.config.ts',
    `import { defineAgent, defineConfig } from ${JSON.stringify(SOURCE)};
     const agent = defineAgent({
       id: 'clerk', instructions: 'Answer.', model: { name: 'm' }, tools: [], evaluators: [],
     });
     export default defineConfig({ agents: [agent], people: { ann: 'owner' } });`,
  );
  const args = ['import', 'lessons', '-', '--agent', 'clerk', '--actor', 'ann'];
  const list = '- Answer in one sentence.\n- Say which table the answer is from.\n';

  const first = await answer(ratchet('seeds', args, list));
  const second = await answer(ratchet('seeds', args, list));
  rmSync(config);

  expect(first).toMatchObject({ read: 2, added: 2, errors: [] });
  expect(second).toMatchObject({ read: 2, added: 0, skipped: 2 });
  const scope = { tenant: tenantId('seeds'), agent: agentId('clerk') };
  const waiting = await createStore(database.pool).waitingProposals(scope, 10);
  expect(waiting.map(({ draft }) => draft.sources)).toEqual([
    [{ channel: 'operator', principal: 'ann', authority: 0.95 }],
    [{ channel: 'operator', principal: 'ann', authority: 0.95 }],
  ]);

  const woken: unknown[] = [];
  const messenger = { wakeLearner: async (of: unknown) => void woken.push(of) };
  const store = createStore(database.pool);
  const others = { tenant: tenantId('none'), agent: agentId('clerk') };
  expect(await wakeForWaiting(scope, { store, messenger })).toBe(2);
  expect(await wakeForWaiting(others, { store, messenger })).toBe(0);
  expect(woken).toEqual([scope]);
});
