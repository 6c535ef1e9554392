import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';

import type { House } from '../../src/cli/house.js';
import { runCli } from '../../src/cli/run-cli.js';
import { aaCandidateOf, importedEpisodeIdOf } from '../../src/contracts/digest.js';
import { lessonId, taskId } from '../../src/contracts/ids.js';
import type { CandidateState } from '../../src/domain/candidate.js';
import { createQueries } from '../../src/store/queries.js';
import { deskAgent, deskQuestion, startDeskModel, type Table } from '../support/desk.js';
import { stageDispute } from '../support/dispute.js';
import { until } from '../support/poll.js';
import { openRealHouse, runTasks, scopeOf, startRealServers } from '../support/real-house.js';

const fromHere = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** A configuration file as people write it; a worker and every command read it. */
const CONFIGURATION = `
import { deskAgent } from ${JSON.stringify(fromHere('../support/desk.ts'))};
export default {
  agents: [
    deskAgent({ mayAsk: true }),
    deskAgent({ id: 'held', learning: { layers: { toolNotes: 'approve' } } }),
    deskAgent({ id: 'torn' }),
  ],
  people: { olga: 'owner', ulf: 'user' },
};
`;

/** A task that teaches nothing. */
const BLANK = '{"question":"blank"}';

const closers: (() => Promise<void>)[] = [];
const desk = scopeOf('acme', { id: 'desk' });
const held = scopeOf('acme', { id: 'held' });
const torn = scopeOf('acme', { id: 'torn' });
let directory: string;
let environment: NodeJS.ProcessEnv;
let house: House;

beforeAll(async () => {
  const servers = await startRealServers();
  closers.push(() => servers.stop());
  house = await openRealHouse(servers);
  closers.push(() => house.close());
  const model = await startDeskModel();
  closers.push(() => model.close());
  directory = await mkdtemp(join(tmpdir(), 'ratchet-commands-'));
  closers.push(() => rm(directory, { recursive: true }));
  await writeFile(join(directory, 'ratchet.config.ts'), CONFIGURATION);
  environment = {
    RATCHET_HOME: servers.home,
    RATCHET_TENANT: 'acme',
    RATCHET_LOG: 'error',
    TEMPORAL_ADDRESS: servers.temporal.address,
    DATABASE_URL: house.databaseUrl,
    OPENAI_BASE_URL: model.url,
  };
});

afterAll(async () => {
  for (const close of closers.reverse()) await close();
});

interface Answered {
  readonly code: number;
  /** The one document on stdout; null where there was none. */
  readonly document: unknown;
  readonly error: string;
}

/** Runs a command line with `--json`: whatever it says on stdout is one document on one line. */
async function ratchet(line: string | readonly string[], actor = 'olga'): Promise<Answered> {
  const words = typeof line === 'string' ? line.split(' ') : line;
  let out = '';
  let error = '';
  const code = await runCli(['--json', '--actor', actor, ...words], {
    streams: {
      out: { write: (text) => (out += text) },
      error: { write: (text) => (error += text) },
    },
    input: Readable.from([]),
    environment,
    signal: new AbortController().signal,
    directory,
  });
  expect(error).not.toMatch(/\n\s+at /);
  if (code === 0 || out !== '') expect(out).toMatch(/^\{[^\n]*\}\n$/);
  else expect(error).toMatch(/\S/);
  return { code, document: out === '' ? null : (JSON.parse(out) as unknown), error };
}

function taskOf(table: Table, name: string, agent = 'desk'): readonly string[] {
  const input = JSON.stringify(deskQuestion(table, Number(name.replaceAll(/\D/g, ''))));
  return ['run', '--agent', agent, '--task', name, '--input', input];
}

/** Waits until the newest candidate of an agent is in a state. */
function candidateIn(scope: typeof desk, state: CandidateState) {
  return until(`a candidate of ${scope.agent} is ${state}`, async () =>
    (await house.store.candidates(scope)).find((row) => row.state === state),
  );
}

let worker: ChildProcess;

test('worker says in one document what it works on, and goes on', async () => {
  const main = fromHere('../../dist/cli/main.js');
  worker = spawn(process.execPath, [main, '--json', 'worker'], {
    cwd: directory,
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  closers.push(async () => {
    if (worker.exitCode === null) worker.kill('SIGKILL');
  });
  let out = '';
  worker.stdout?.on('data', (chunk: Buffer) => (out += chunk.toString()));

  await until('the worker has said something', () =>
    Promise.resolve(out.includes('\n') || undefined),
  );

  expect(JSON.parse(out)).toEqual({
    queues: ['ratchet', 'ratchet-shadow'],
    temporal: environment['TEMPORAL_ADDRESS'],
    agents: ['desk', 'held', 'torn'],
  });
  expect(worker.exitCode).toBeNull();
});

test('run --wait answers how the task ended', async () => {
  const { code, document } = await ratchet([...taskOf('helps', 't-1'), '--wait']);

  expect(code).toBe(0);
  expect(document).toMatchObject({ task: 't-1', end: 'done', score: 0, output: 'wrong' });
  const stored = await house.store.taskInput(desk, taskId('t-1'));
  expect(document).toMatchObject({ episode: stored?.episode });
});

test('run without --wait answers the episode that was begun; the same task again is the same one', async () => {
  const first = await ratchet(taskOf('harms', 't-2'));
  const again = await ratchet(taskOf('harms', 't-2'));
  const other = await ratchet(taskOf('harms', 't-2').with(-1, '{"question":"another table none"}'));

  expect(first).toMatchObject({
    code: 0,
    document: { task: 't-2', workflowId: 'task/acme/desk/t-2' },
  });
  expect(again).toEqual(first);
  expect(other).toMatchObject({ code: 4, document: null });
});

test('answer tells a task that asked', async () => {
  const question = JSON.stringify({ question: 'ask which table helps' });
  await ratchet(['run', '--agent', 'desk', '--task', 't-ask', '--input', question]);
  await until('the task waits for a person', async () => {
    const progress = await house.client.progress({ ...desk, task: taskId('t-ask') });
    return JSON.stringify(progress).includes('Which one?') ? progress : undefined;
  });

  const { code, document } = await ratchet('answer t-ask --agent desk --text this-one');
  const result = await house.client.result({ ...desk, task: taskId('t-ask') });
  const late = await ratchet('answer t-ask --agent desk --text this-one');

  expect({ code, document }).toMatchObject({
    code: 0,
    document: { task: 't-ask', text: 'this-one', actor: 'olga' },
  });
  expect(result.end).toBe('done');
  expect(late.code).toBe(4);
});

test('feedback is stored once, and what waits for a person is listed', async () => {
  const given = await ratchet('feedback t-1 --score 0 --comment no');
  const again = await ratchet('feedback t-1 --score 0 --comment no');
  const waiting = await ratchet('feedback');

  expect(given).toMatchObject({
    code: 0,
    document: { existing: false, actor: 'olga', role: 'owner' },
  });
  expect(again).toMatchObject({ code: 0, document: { existing: true } });
  expect(waiting).toMatchObject({ code: 0, document: { tenant: 'acme' } });
  const { rows } = await house.pool.query('select actor from feedback where tenant = $1', ['acme']);
  expect(rows).toEqual([{ actor: 'olga' }]);
});

test('erase is for owners, and of a tenant where nothing happened there is nothing', async () => {
  const erase = ['erase', '--subject', 'nobody', '--only', 'feedback', '--reason', 'they asked'];

  const refused = await ratchet(erase, 'ulf');
  const nowhere = await ratchet(['--tenant', 'nowhere', ...erase]);
  const nothing = await ratchet(erase);

  expect(refused.code).toBe(5);
  expect(nowhere).toMatchObject({ code: 3, error: expect.stringContaining('nowhere') as string });
  expect(nothing).toMatchObject({ code: 0, document: { tenant: 'acme', feedback: 0 } });
});

test('episodes, lessons, candidates and versions list what is there and show one of it', async () => {
  const candidate = await until('there is a candidate', async () => {
    const [row] = await house.store.candidates(desk);
    return row;
  });
  const Listed = z.object({ tenant: z.literal('acme') });
  const Ids = z.array(z.looseObject({ id: z.string() })).min(1);

  for (const noun of ['episodes', 'lessons', 'candidates', 'versions']) {
    const list = await ratchet(`${noun} list --agent desk`);
    const document = Listed.loose().parse(list.document);
    const [first] = Ids.parse(document[noun]);
    const shown = await ratchet(
      `${noun} show ${first?.id ?? ''} --agent desk`.replace(/(episodes .*) --agent desk$/, '$1'),
    );
    const gone = await ratchet(`${noun} show zz-none`);

    expect([noun, list.code, shown.code, gone.code]).toEqual([noun, 0, 0, 3]);
    expect(JSON.stringify(shown.document)).toContain(first?.id);
  }
  expect(candidate.lessons.length).toBeGreaterThan(0);
});

test('why tells the version and the lessons behind an episode', async () => {
  const { code, document } = await ratchet('why t-1');
  const gone = await ratchet('why zz-none');

  const pointer = await house.store.pointer(desk);
  expect(code).toBe(0);
  expect(JSON.stringify(document)).toContain(pointer?.active);
  expect(gone.code).toBe(3);
});

describe('words on a candidate that is being evaluated', () => {
  test('a user may say none of them', async () => {
    const { number } = await candidateIn(desk, 'evaluating');

    for (const word of ['approve', 'veto', 'force', 'abort']) {
      const refused = await ratchet(`${word} c${String(number)} --agent desk --reason no`, 'ulf');
      expect([word, refused.code]).toEqual([word, 5]);
    }
  });

  test('one that has not passed cannot be approved, and one that is not there is not found', async () => {
    const { number } = await candidateIn(desk, 'evaluating');

    const early = await ratchet(`approve c${String(number)} --agent desk --reason good`);

    expect(early.code).toBe(4);
    for (const word of ['approve', 'veto', 'force', 'abort']) {
      const gone = await ratchet(`${word} c99 --agent desk --reason none`);
      expect([word, gone.code]).toEqual([word, 3]);
    }
  });

  test.each([
    ['veto', 'rejected'],
    ['abort', 'aborted'],
  ] as const)('%s ends it as %s, and only once', async (word, state) => {
    await ratchet([...taskOf(word === 'veto' ? 'helps' : 'idles', `t-${word}-9`), '--wait']);
    const { id, number } = await candidateIn(desk, 'evaluating');
    const line = `${word} c${String(number)} --agent desk --reason harm`;

    const said = await ratchet(line);
    const row = await until(`it is ${state}`, async () => {
      const found = await house.store.candidate(desk.tenant, id);
      return found?.state === state ? found : undefined;
    });
    const again = await ratchet(line);

    expect(said).toMatchObject({ code: 0, document: { candidate: id, word, role: 'owner' } });
    expect(row.state).toBe(state);
    expect(again.code).toBe(4);
    const entries = await house.store.auditOf(desk.tenant, { kind: 'candidate', id }, 10);
    expect(entries.at(-1)).toMatchObject({
      actor: { id: 'olga', role: 'owner' },
      reason: `${word}: harm`,
    });
  });
});

test('force lets a candidate go on whatever its gate says, and rollback takes it back', async () => {
  for (const table of ['helps', 'idles', 'harms'] as const) {
    await ratchet([...taskOf(table, `t-force-${String(table.length)}`), '--wait']);
  }
  const { id, number, version } = await candidateIn(desk, 'evaluating');
  const before = await house.store.pointer(desk);

  const forced = await ratchet(`force c${String(number)} --agent desk --reason sure`);
  const canary = await candidateIn(desk, 'canary');
  const diff = await ratchet(
    `diff ${before?.active ?? ''} ${canary.version ?? version ?? ''} --agent desk`,
  );
  const denied = await ratchet('rollback --agent desk --reason harm', 'ulf');
  const back = await ratchet('rollback --agent desk --reason harm');
  await candidateIn(desk, 'rolled-back');
  const again = await ratchet('rollback --agent desk --reason harm');
  const named = await ratchet(`rollback --to ${before?.active ?? ''} --agent desk --reason harm`);

  expect(forced).toMatchObject({ code: 0, document: { candidate: id, word: 'force' } });
  expect(diff.code).toBe(0);
  expect(JSON.stringify(diff.document)).toContain('amount');
  expect(denied.code).toBe(5);
  expect(back).toMatchObject({ code: 0, document: { action: 'rollback', to: before?.active } });
  expect(back.document).toMatchObject({ isChanged: true, ended: [id] });
  expect(again.code).toBe(4);
  expect(named).toMatchObject({ code: 0, document: { isChanged: false, ended: [] } });
  expect(await house.store.pointer(desk)).toMatchObject({ active: before?.active, canary: null });
});

test('approve lets a candidate that passed, and waits for a person, go on', async () => {
  const tasks = Array.from({ length: 40 }, (_, index) => ({
    id: `h-${String(index)}`,
    input: deskQuestion('helps', index),
  }));
  await runTasks(house, deskAgent({ id: 'held' }), held, tasks);
  const { id, number } = await candidateIn(held, 'waiting');

  const said = await ratchet(`approve c${String(number)} --agent held --reason good`);
  await candidateIn(held, 'canary');

  expect(said).toMatchObject({ code: 0, document: { candidate: id, word: 'approve' } });
});

test('freeze and pin change what serves until they are undone', async () => {
  const pointer = await house.store.pointer(desk);
  const version = pointer?.active ?? '';

  const seen = [];
  for (const line of ['freeze', 'unfreeze', `pin --version ${version}`, 'unpin']) {
    const { code, document } = await ratchet(`${line} --agent desk --reason inspection`);
    const { frozen, pinned } = {
      frozen: false,
      pinned: null,
      ...(await house.store.pointer(desk)),
    };
    expect(document).toMatchObject({ agent: 'desk', action: line.split(' ')[0] });
    seen.push({ code, frozen, pinned });
  }

  expect(seen).toEqual([
    { code: 0, frozen: true, pinned: null },
    { code: 0, frozen: false, pinned: null },
    { code: 0, frozen: false, pinned: version },
    { code: 0, frozen: false, pinned: null },
  ]);
});

test.each(['freeze', 'unfreeze', 'unpin', 'pin --version v-0', 'rollback'])(
  '%s is refused to a user, and for an agent that is not there',
  async (line) => {
    const known = line.startsWith('pin')
      ? `pin --version ${(await house.store.pointer(desk))?.active ?? ''}`
      : line;

    const denied = await ratchet(`${known} --agent desk --reason why`, 'ulf');
    const gone = await ratchet(`${line} --agent nobody --reason why`);
    const stale = await ratchet(`${known} --agent desk --reason why --expect-version v-0`);

    expect([denied.code, gone.code, stale.code]).toEqual([5, 3, 4]);
  },
);

test('doctor finds every server', async () => {
  const { code, document } = await ratchet('doctor');

  expect(code).toBe(0);
  expect(document).toMatchObject({ ok: true });
});

describe('reproduce', () => {
  test('everything that ran here comes out as it was, whatever its mode', async () => {
    await until('no run is under way', async () => {
      const { rows } = await house.pool.query(
        `select 1 from episodes where tenant = 'acme' and agent = 'held' and task_end is null`,
      );
      return rows.length === 0 ? true : undefined;
    });
    const baseline = (await house.store.pointer(held))?.active;
    const candidate = aaCandidateOf(held);
    const check = await house.temporal.workflow.execute('shadowEvaluation', {
      workflowId: `shadow/${candidate}`,
      taskQueue: 'ratchet',
      args: [
        {
          ...held,
          candidate,
          purpose: 'aa',
          baseline,
          version: baseline,
          attempt: 1,
          seed: 1,
          alpha: 0.05,
          shadowQueue: 'ratchet-shadow',
        },
      ],
    });
    const queries = createQueries(house.pool);
    const filter = { agent: held.agent, limit: 1000 };
    const shadows = await queries.episodes(held.tenant, { ...filter, mode: 'shadow' });
    const live = await queries.episodes(held.tenant, { ...filter, mode: 'live' });

    const { code, document } = await ratchet('reproduce --all --agent held');

    const candidates = await house.store.candidates(held);
    const total = shadows.length + live.length + candidates.length;
    expect(document).toMatchObject({ different: 0, identical: total });
    expect(shadows.length).toBeGreaterThan(20);
    // Runs of the weekly check belong to no candidate of the store, and are found all the same.
    expect(check).toMatchObject({ aa: { discordance: 0, isAlarmed: false } });
    const { rows } = await house.pool.query(
      `select 1 from episodes where tenant = 'acme' and agent = 'held' and mode = 'shadow' and candidate is null`,
    );
    expect(rows.length).toBeGreaterThan(0);
    expect(code).toBe(0);
  });

  test('one episode, and what is not there', async () => {
    const one = await ratchet('reproduce t-1');
    const gone = await ratchet('reproduce zz-none');

    expect(one).toMatchObject({ code: 0, document: { result: 'identical', difference: null } });
    expect(gone.code).toBe(3);
  });

  test('a pair that was tampered with is shown, with exit code 4', async () => {
    const [{ id } = { id: '' }] = await house.store.candidates(held);
    await house.pool.query(
      `update pairs set candidate_score = 1 - candidate_score
       where tenant = 'acme' and candidate = $1 and purpose = 'gate'`,
      [id],
    );

    const { code, document } = await ratchet(`reproduce ${id}`);

    expect(code).toBe(4);
    expect(document).toMatchObject({ id, result: 'different' });
    expect(JSON.stringify(document)).toMatch(/stored .*derived/);
  });
});

test('approve LESSON@REVISION says which side of a dispute stands, by a person who may say it', async () => {
  await ratchet([...taskOf('helps', 'torn-1', 'torn').with(-1, BLANK), '--wait']);
  const { first, second } = await stageDispute(house.store, deskAgent({ id: 'torn' }), torn);
  const statuses = async (): Promise<readonly string[]> =>
    Promise.all(
      [first, second].map(async (name) => {
        const [id = '', revision] = name.split('@');
        const ref = { lesson: lessonId(id), revision: Number(revision) };
        return (await house.store.lessonRevision(torn, ref))?.status ?? 'gone';
      }),
    );
  const before = await statuses();
  const line = `approve ${second} --agent torn --reason checked`;

  const denied = await ratchet(line, 'ulf');
  const unknown = await ratchet('approve l-00000000@1 --agent torn --reason checked');
  const said = await ratchet(line);
  const again = await ratchet(line);
  const other = await ratchet(`approve ${first} --agent torn --reason checked`);

  expect(before).toEqual(['disputed', 'disputed']);
  expect([denied.code, unknown.code]).toEqual([5, 3]);
  expect(said).toMatchObject({
    code: 0,
    document: { agent: 'torn', lesson: second, word: 'approve', actor: 'olga', reason: 'checked' },
  });
  expect([again.code, other.code]).toEqual([0, 4]);
  expect(await statuses()).toEqual(['retired', 'retired']);
  const rows = await house.store.candidates(torn);
  expect(rows.flatMap((row) => row.lessons.map(({ key }) => key))).toContain('second');
});

test('feedback on an imported run is stored, decides its outcome, and its correction is proposed', async () => {
  const path = join(directory, 'recorded.jsonl');
  const messages = [
    { role: 'user', content: 'How many nails?' },
    { role: 'assistant', content: 'There are 4 gross.' },
  ];
  const run = { run_id: 'recorded/1', agent: 'torn', success: true, messages };
  await writeFile(path, JSON.stringify(run));

  await ratchet(`import openai-chat ${path}`);
  const correction = ['--correction', 'There are 4 dozen.'];
  const given = await ratchet(['feedback', 'recorded/1', ...correction]);
  const again = await ratchet(['feedback', 'recorded/1', ...correction]);
  const shown = await ratchet('episodes show recorded/1');

  const label = { label: 'negative', score: 0, decidedBy: 'votes' };
  expect(given).toMatchObject({ code: 0, document: { existing: false, label } });
  expect(again).toMatchObject({ code: 0, document: { existing: true, label } });
  expect(shown.document).toMatchObject({ mode: 'imported', success: true, label });
  const episode = importedEpisodeIdOf(torn.tenant, 'recorded/1');
  const [proposal] = await until('its correction is proposed', async () => {
    const found = await house.store.proposalsOf(torn.tenant, episode);
    return found.length === 0 ? undefined : found;
  });
  expect(proposal).toMatchObject({ rejected: null, draft: { key: 'correction/dozen/gross' } });
});

test('erase prints a signed receipt that can be checked, and no other', async () => {
  await ratchet(['feedback', 'recorded/1', '--score', '0'], 'ulf');
  const erased = await ratchet('erase --subject ulf --only feedback --reason asked-to');
  const path = join(directory, 'receipt.json');
  await writeFile(path, JSON.stringify(erased.document));

  const checked = await ratchet(`audit receipt ${path}`);
  await writeFile(path, JSON.stringify(erased.document).replaceAll('"feedback":1', '"feedback":7'));
  const forged = await ratchet(`audit receipt ${path}`);
  const none = await ratchet('audit receipt');

  expect(erased).toMatchObject({ code: 0, document: { feedback: 1, withdrawn: [], ended: [] } });
  expect(checked).toMatchObject({ code: 0, document: { valid: true, audited: true } });
  expect(JSON.stringify(checked.document)).not.toContain('ulf');
  expect(forged).toMatchObject({ code: 4, document: { valid: false, signed: false } });
  expect(none.code).toBe(2);
});

test('worker ends by SIGINT with exit code 0', async () => {
  const ended = once(worker, 'exit');

  worker.kill('SIGINT');

  expect(await ended).toEqual([0, null]);
});
