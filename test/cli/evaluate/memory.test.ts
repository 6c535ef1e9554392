import { spawn } from 'node:child_process';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

import { expect, test, vi } from 'vitest';

import { compiled } from '../../support/compiled.js';
import { outcomeLine, pairLine } from './gate-lines.js';

// A process that reads 300,000 lines, on a machine that may be busy.
vi.setConfig({ testTimeout: 480_000 });

const root = new URL('../../../', import.meta.url);

/** Megabytes of heap a process may have: enough for the command itself, far from enough for the lines. */
const HEAP_MB = 22;

const FEW = 10_000;
const MANY = 300_000;

/** Runs Node with a small heap on these lines; answers its exit code and what it said. */
const runOn = async (args: readonly string[], lines: Iterable<string>) => {
  // With a young generation of its usual size V8 collects such a heap from end to end all the time.
  const heap = [`--max-old-space-size=${String(HEAP_MB)}`, '--max-semi-space-size=1'];
  const child = spawn(process.execPath, [...heap, ...args], {
    cwd: root,
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  const exited = new Promise<number | null>((resolve) => child.once('exit', resolve));
  let out = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text));
  // One that dies of its memory closes the pipe.
  await pipeline(Readable.from(lines), child.stdin).catch(() => undefined);
  return { code: await exited, out };
};

function* inBlocks(count: number, line: (at: number) => string): Generator<string> {
  const block = 1000;
  for (let from = 0; from < count; from += block) {
    yield `${Array.from({ length: block }, (_, at) => line(from + at)).join('\n')}\n`;
  }
}

const SLICES = ['easy', 'medium', 'hard', 'extra'];
const slice = (at: number) => ({
  hardness: SLICES[at % SLICES.length],
  db: `db${String(at % 50)}`,
});

/** A gain of ten points that is found soon; the slice that comes last keeps the gate waiting to the end. */
const pair = (at: number): string =>
  pairLine(at, { candidate: at % 3 === 0 ? 1 : 0, slice: { ...slice(at), tier: 'silver' } });

const outcome = (at: number): string =>
  outcomeLine(at, {
    success: at % 3 === 0 ? 0 : 1,
    version: at < 500 ? 'v1' : 'v2',
    slice: slice(at),
  });

test.each([
  { command: 'gate', line: pair },
  { command: 'monitor', line: outcome },
])(
  '$command evaluate reads 300,000 lines with the heap that 10,000 take',
  async ({ command, line }) => {
    const main = await compiled(new URL('src/cli/main.ts', root));
    const args = [main, command, 'evaluate', '--json'];

    const few = await runOn(args, inBlocks(FEW, line));
    const many = await runOn(args, inBlocks(MANY, line));

    expect([few.code, many.code]).toEqual([0, 0]);
    expect(many.out).toMatch(/^\{.*\}\n$/);
  },
);

test('a process that keeps the lines does not live with that heap', async () => {
  const keeper = `
    const kept = [];
    require('node:readline').createInterface({ input: process.stdin })
      .on('line', (line) => kept.push(JSON.parse(line)))
      .on('close', () => console.log(kept.length));`;

  const { code } = await runOn(['-e', keeper], inBlocks(MANY, pair));

  expect(code).not.toBe(0);
});
