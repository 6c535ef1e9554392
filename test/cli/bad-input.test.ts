import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';

import { runCommandLine } from './run-command.js';

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'ratchet-bad-input-'));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

const ORDER_DESK = fileURLToPath(
  new URL('../../examples/order-desk/ratchet.config.ts', import.meta.url),
);

/** A port where nothing listens. */
const NOBODY = 'postgres://nobody@127.0.0.1:1/none';

const CASES: readonly {
  readonly line: string;
  readonly says: string;
  readonly environment?: NodeJS.ProcessEnv;
  readonly code?: number;
}[] = [
  { line: 'sing', says: "unknown command 'sing'" },
  { line: 'sing --help', says: "unknown command 'sing'" },
  { line: '--help sing', says: "unknown command 'sing'" },
  { line: '--tenant up sing -h', says: "unknown command 'sing'" },
  { line: 'help sing', says: "unknown command 'sing'" },
  { line: 'bench sing --help', says: "unknown command 'sing'" },
  { line: 'candidates --loud', says: "unknown option '--loud'" },
  { line: 'episodes --limit some', says: '--limit' },
  { line: 'episodes --limit 0', says: 'Expected a whole number from 1' },
  { line: 'episodes --mode dreaming', says: 'Allowed choices are live, shadow, explore' },
  { line: 'episodes --group-by mood', says: 'Allowed choices are slice' },
  { line: 'episodes sing', says: 'found "sing", expected list or show ID' },
  { line: 'lessons show', says: 'lessons show: found no id' },
  { line: 'versions list v-1', says: 'show ID shows one' },
  { line: 'diff v-1', says: "missing required argument 'to'" },
  { line: 'diff v-1 v-2 v-3', says: 'too many arguments' },
  { line: 'why', says: "missing required argument 'episode'" },
  { line: 'approve c1', says: "required option '--reason <text>' not specified" },
  {
    line: 'approve',
    says: 'as in: ratchet approve CANDIDATE --reason TEXT; ratchet approve --help',
  },
  { line: 'run', says: 'as in: ratchet run --agent AGENT --input JSON;' },
  { line: 'bench lessons', says: 'as in: ratchet bench lessons --data DIRECTORY;' },
  { line: 'approve c1 --reason=', says: 'Expected why, in a few words' },
  { line: 'rollback --reason harm', says: '--agent: found nothing, expected whose version' },
  { line: 'rollback c1 --to v-1 --reason harm', says: '--to: found a version beside a candidate' },
  { line: 'pin --agent a --reason test', says: "required option '--version <version>'" },
  { line: 'feedback e-1', says: '--score, --correction or --comment' },
  { line: 'feedback e-1 --score 2', says: 'Expected a number from 0 to 1' },
  { line: 'answer t-1', says: 'found nothing said, expected --text, --allow or --deny' },
  { line: 'answer t-1 --allow --deny', says: 'found --allow and --deny, expected one of them' },
  { line: 'reproduce', says: 'an episode, a candidate, or --all' },
  { line: 'run --agent a', says: "required option '--input <json>'" },
  { line: 'run --agent a --input {', says: '--input: found text that is not JSON' },
  { line: 'run --agent a --input []', says: '--input: found []' },
  { line: 'run --agent a --input {} --task a/b', says: 'task: found "a/b"' },
  { line: 'run --agent a --input {}', says: 'found none in' },
  { line: 'up', says: 'export default defineConfig' },
  { line: 'up --port 70000', says: 'Expected a port from 0 to 65535' },
  { line: 'serve', says: 'ratchet.config.ts: found none in' },
  { line: 'serve --port 70000', says: 'Expected a port from 0 to 65535' },
  {
    line: 'serve --host 0.0.0.0',
    environment: { RATCHET_CONFIG: ORDER_DESK },
    says: 'RATCHET_API_TOKEN: found none, while --host 0.0.0.0',
  },
  {
    line: 'serve',
    environment: { RATCHET_CONFIG: ORDER_DESK, DATABASE_URL: NOBODY },
    says: 'Postgres is not reachable',
    code: 6,
  },
  { line: 'worker', says: 'ratchet.config.ts: found none in' },
  { line: 'worker --only night', says: 'Allowed choices are live, shadow' },
  { line: 'model-server', says: 'found neither, expected simulated, or --recorded DIR' },
  { line: 'model-server real', says: 'found "real"' },
  { line: 'demo --seed -1', says: 'Expected a whole number from 0' },
  { line: 'demo --once --report /nowhere/r.json', says: '--report: found "/nowhere/r.json"' },
  { line: 'bench intercode --out /nowhere/r.json', says: '--out: found "/nowhere/r.json"' },
  { line: 'bench gate --quick --out /dev/null/curves', says: '--out: found "/dev/null/curves"' },
  {
    line: 'bench attribution --data x --weights /nowhere/w.ts',
    says: '--weights: found "/nowhere',
  },
  { line: 'veto c1 --reason harm --actor=', says: 'Expected a name' },
  {
    line: 'run --agent order-desk --input {"question":3}',
    environment: { RATCHET_CONFIG: ORDER_DESK },
    says: 'input.question: found 3, expected',
  },
  {
    line: 'candidates',
    environment: { RATCHET_PORT: 'high', RATCHET_LOG: 'loud' },
    says: 'RATCHET_PORT: found "high"',
  },
  { line: 'up', environment: { RATCHET_CONFIG: 'gone.ts' }, says: 'RATCHET_CONFIG: found gone.ts' },
  ...['/proc/nope/home', '/dev/null/home', '/dev/null'].map((home) => ({
    line: 'candidates',
    environment: { RATCHET_HOME: home },
    says: `RATCHET_HOME: found ${home}, which cannot be made or written`,
  })),
  { line: 'candidates', environment: { DATABASE_URL: NOBODY }, says: 'ECONNREFUSED', code: 6 },
];

describe('what cannot be done is refused with the reason', () => {
  test.each(CASES)('$line', async ({ line, says, environment, code }) => {
    const ran = await runCommandLine(line.split(' '), environment, directory);

    expect(ran.error).toContain(says);
    expect(ran.code).toBe(code ?? 2);
    expect(ran.out).toBe('');
    expect(ran.error).not.toMatch(/\n\s+at /);
  });
});

test.each([
  '--help',
  'up --help',
  '--tenant sing up --help',
  'help up',
  'bench gate --help',
  'why sing -h',
])('help that is there is shown: %s', async (line) => {
  const ran = await runCommandLine(line.split(' '));

  expect(ran).toMatchObject({ code: 0, error: '' });
  expect(ran.out).toContain('Usage: ratchet');
});

test.each(['--version', '-V'])('%s says the version of the package', async (flag) => {
  const manifest = new URL('../../package.json', import.meta.url);
  const { version } = z
    .object({ version: z.string() })
    .parse(JSON.parse(await readFile(manifest, 'utf8')));

  expect(await runCommandLine([flag])).toEqual({ code: 0, out: `${version}\n`, error: '' });
});

test('tells every wrong variable of the environment at once', async () => {
  const ran = await runCommandLine(['candidates'], { RATCHET_PORT: 'high', DATABASE_URL: 'x' });

  expect(ran.error).toContain('RATCHET_PORT');
  expect(ran.error).toContain('DATABASE_URL');
});

test('never repeats a secret of the environment', async () => {
  const ran = await runCommandLine(['candidates'], { DATABASE_URL: 'mysql://me:hunter2@here' });

  expect(ran.error).not.toContain('hunter2');
});

test('shows the stack only where it was asked for', async () => {
  const ran = await runCommandLine(['run', '--agent', 'a', '--input', '{'], {
    RATCHET_LOG: 'debug',
  });

  expect(ran.error).toMatch(/\n\s+at /);
});

test.each([
  ['export const agents = [];', 'no default export'],
  ['export default { agents: [] };', '.agents: found []'],
  ['export default { agents: [{ id: "x" }] };', 'expected what defineAgent returns'],
  ['export default {', 'a file that fails to load'],
])('a configuration file of %s is refused by its path', async (text, says) => {
  // Another name a case: a module that was loaded once is not read again.
  const path = join(directory, `wrong-${String(text.length)}.config.ts`);
  await writeFile(path, text);

  const ran = await runCommandLine(['up'], { RATCHET_CONFIG: path });

  expect(ran).toMatchObject({ code: 2, out: '' });
  expect(ran.error).toContain(path);
  expect(ran.error).toContain(says);
});

test('a configuration outside of any package finds ratchet and zod, and is told what else to install', async () => {
  const path = join(directory, 'alone.config.ts');
  await writeFile(path, await readFile(ORDER_DESK, 'utf8'));
  const wanting = join(directory, 'wanting.config.ts');
  await writeFile(wanting, "import 'left-padded-nowhere/x';\nexport default {};\n");

  const run = ['run', '--agent', 'order-desk', '--input', '{"question":3}'];
  const loaded = await runCommandLine(run, { RATCHET_CONFIG: path });
  const refused = await runCommandLine(run, { RATCHET_CONFIG: wanting });

  expect(loaded.error).toContain('input.question: found 3, expected');
  expect(refused).toMatchObject({ code: 2 });
  expect(refused.error).toContain(`run \`npm install left-padded-nowhere\` in ${directory}`);
});

test('a file that can be written is asked of before the work, and not left behind empty', async () => {
  const path = join(directory, 'report.json');
  const port = 'http://127.0.0.1:1/v1';

  const ran = await runCommandLine(['demo', '--once', '--report', path], { OPENAI_BASE_URL: port });

  expect(ran.code).toBe(6);
  expect(existsSync(path)).toBe(false);
});

test('help goes to stdout and loads no command', async () => {
  const ran = await runCommandLine(['--help']);

  expect(ran).toMatchObject({ code: 0, error: '' });
  expect(ran.out).toContain('reproduce');
});
