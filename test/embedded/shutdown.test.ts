import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readlinkSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';

import { freePort } from '../../src/embedded/ports.js';
import { commandLineOf, processesWithArgument } from '../../src/embedded/process-identity.js';
import { until } from '../support/poll.js';
import { aHome, aTemporalCli, killHard } from './temporary-home.js';

const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
const EXAMPLE = fileURLToPath(new URL('../../examples/order-desk', import.meta.url));

interface Up {
  readonly child: ChildProcess;
  /** What it has said so far. */
  readonly said: { out: string; error: string };
}

/** `ratchet up` as built, with servers of a home of its own. */
function up(home: string, more: NodeJS.ProcessEnv = {}): Promise<Up> {
  return ratchet(['--json', 'up', '--port', '0'], home, more);
}

async function ratchet(args: string[], home: string, more: NodeJS.ProcessEnv = {}): Promise<Up> {
  const { PATH, HOME } = process.env;
  const child = spawn(process.execPath, [MAIN, ...args], {
    cwd: EXAMPLE,
    env: { PATH, HOME, RATCHET_HOME: home, TEMPORAL_CLI_PATH: await aTemporalCli(), ...more },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const said = { out: '', error: '' };
  child.stdout.on('data', (chunk: Buffer) => (said.out += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (said.error += chunk.toString()));
  return { child, said };
}

const Document = z.object({ dashboard: z.url(), temporal: z.object({ ui: z.url() }) });

/** Waits until it has told its addresses, and both answer. */
async function serving({ child, said }: Up): Promise<void> {
  const text = await until('the house is up', () => {
    if (child.exitCode !== null) throw new Error(`it ended: ${said.error}`);
    return Promise.resolve(said.out.includes('\n') ? said.out : undefined);
  });
  const { dashboard, temporal } = Document.parse(JSON.parse(text));
  for (const url of [dashboard, temporal.ui]) expect((await fetch(url)).status).toBe(200);
}

async function interrupt({ child }: Up): Promise<unknown> {
  const ended = once(child, 'exit');
  child.kill('SIGINT');
  const [code] = await ended;
  return code;
}

/** Whatever names the home in its command line, or works in it as every process of Postgres does. */
function processesOf(home: string): readonly string[] {
  const named = processesWithArgument((argument) => argument.startsWith(home));
  const within = process.platform === 'linux' ? workingIn(home) : [];
  return [...new Set([...named, ...within])].map(
    (pid) => `${String(pid)} ${commandLineOf(pid)?.join(' ') ?? ''}`,
  );
}

function workingIn(home: string): readonly number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        return readlinkSync(`/proc/${pid}/cwd`).startsWith(home);
      } catch {
        // It has ended, or belongs to somebody else.
        return false;
      }
    })
    .map(Number);
}

test('Ctrl-C ends the command and every process of its home', async () => {
  const home = await aHome();
  const house = await up(home);
  await serving(house);
  const running = processesOf(home);

  const code = await interrupt(house);

  // The server of Temporal, and those of Postgres.
  expect(running.length).toBeGreaterThan(2);
  expect({ code, left: processesOf(home) }).toEqual({ code: 0, left: [] });
});

test('Ctrl-C while it starts ends it as well', async () => {
  const home = await aHome();
  const house = await up(home);
  await until('a server of its own runs', () =>
    Promise.resolve(processesOf(home).length > 0 || undefined),
  );

  const code = await interrupt(house);

  expect({ code, left: processesOf(home) }).toEqual({ code: 130, left: [] });
  expect(house.said).toMatchObject({
    out: '',
    error: expect.stringMatching(/interrupted\n$/) as string,
  });
});

test('a second Ctrl-C ends it at once, and its servers with it', async () => {
  const home = await aHome();
  const house = await up(home);
  await serving(house);
  const running = processesOf(home);

  house.child.kill('SIGINT');
  await until('it has begun to stop', () =>
    Promise.resolve(house.said.error.includes('stopping') || undefined),
  );
  const begun = performance.now();
  const code = await interrupt(house);
  const took = performance.now() - begun;

  expect(running.length).toBeGreaterThan(2);
  expect(code).toBe(130);
  expect(took).toBeLessThan(5_000);
  // Postgres was told to end its own processes, and nobody waited for that.
  await until('nothing is left', () =>
    Promise.resolve(processesOf(home).length === 0 || undefined),
  );
});

test('Ctrl-C ends a bench, and every process of its home', async () => {
  const home = await aHome();
  const bench = await ratchet(['bench', 'novel-api', '--tasks', '200'], home);
  await until('its agent is about to work', () => {
    if (bench.child.exitCode !== null) throw new Error(`it ended: ${bench.said.error}`);
    return Promise.resolve(bench.said.error.includes('model: ') || undefined);
  });

  const begun = performance.now();
  const code = await interrupt(bench);
  const took = performance.now() - begun;

  expect({ code, left: processesOf(home) }).toEqual({ code: 130, left: [] });
  expect(bench.said.error).not.toMatch(/temporal error|panicked/);
  expect(took).toBeLessThan(30_000);
});

test('what a kill -9 left behind is taken over by the next start, and ends with it', async () => {
  const home = await aHome();
  const killed = await up(home);
  await serving(killed);
  await killHard(killed.child);
  const orphans = processesOf(home);

  const next = await up(home);
  await serving(next);
  const code = await interrupt(next);

  expect(orphans.length).toBeGreaterThan(0);
  expect({ code, left: processesOf(home) }).toEqual({ code: 0, left: [] });
});

test('what a kill -9 left behind is gone after a command that needs the database alone', async () => {
  const home = await aHome();
  const killed = await up(home);
  await serving(killed);
  await killHard(killed.child);
  const orphans = processesOf(home);

  const look = await ratchet(['candidates'], home);
  const [code] = await once(look.child, 'exit');

  expect(orphans.some((line) => line.includes('start-dev'))).toBe(true);
  expect({ code, left: processesOf(home), said: look.said.error }).toEqual({
    code: 0,
    left: [],
    said: '',
  });
});

test('a server that is not there ends the command, not only with a word', async () => {
  const { child, said } = await up(await aHome(), {
    DATABASE_URL: `postgres://nobody@127.0.0.1:${String(await freePort(0))}/none`,
  });

  const [code] = await once(child, 'exit');

  expect(code).toBe(6);
  expect(said.error).toContain('Postgres');
});
