import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { runCommandLine } from '../run-command.js';
import { outcomeLine, pairLine } from './gate-lines.js';

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'ratchet-bad-lines-'));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

interface BadLine {
  readonly kind: string;
  /** What stands where line 2 should. */
  readonly line: string | Uint8Array;
  readonly says: string;
}

/** What no line of either command may be; `made` makes one of its lines from what is wrong with it. */
const either = (made: (overrides: Record<string, unknown>) => string): readonly BadLine[] => [
  { kind: 'no JSON', line: '{"i": 1,', says: 'text: found text that is no JSON' },
  { kind: 'a list', line: '[1]', says: 'text: found [1], expected one JSON object' },
  { kind: 'a number', line: '1', says: 'text: found 1, expected one JSON object' },
  { kind: 'null', line: 'null', says: 'text: found null, expected one JSON object' },
  { kind: 'a blank line', line: '', says: 'text: found a blank line, expected one JSON object' },
  { kind: 'a byte order mark', line: `\uFEFF${made({})}`, says: 'text: found a byte order mark' },
  {
    kind: 'bytes that are no UTF-8',
    line: Uint8Array.from([...Buffer.from(made({}).slice(0, -2)), 0xc3, 0x28, 0x22, 0x7d]),
    says: 'text: found bytes that are no UTF-8',
  },
  {
    kind: 'a line over 1 MiB',
    line: made({ task: 'x'.repeat(1_048_577) }),
    says: 'text: found more than 1048576 bytes, expected a line of 1 MiB at most',
  },
  {
    kind: 'an unknown key',
    line: made({ score: 1 }),
    says: 'score: found a key that is not known',
  },
  {
    kind: 'a key twice',
    line: `{"task":"a",${made({}).slice(1)}`,
    says: 'task: found the key twice',
  },
  { kind: 'a slice that is a text', line: made({ slice: 'easy' }), says: 'slice: found "easy"' },
  { kind: 'a slice that is null', line: made({ slice: null }), says: 'slice: found null' },
  { kind: 'a slice that is a list', line: made({ slice: ['a'] }), says: 'slice: found ["a"]' },
  {
    kind: 'a slice key that no record of slices can hold',
    line: made({ slice: 'easy' }).replace('"easy"', '{"__proto__":"easy"}'),
    says: 'slice.__proto__: found',
  },
  {
    kind: 'a slice value that is a number',
    line: made({ slice: { level: 3 } }),
    says: 'slice.level: found 3, expected a text of 1 to 256 characters',
  },
  {
    kind: 'a slice value that is a flag',
    line: made({ slice: { level: true } }),
    says: 'slice.level: found true',
  },
  {
    kind: 'a slice value without a character',
    line: made({ slice: { a: '' } }),
    says: 'slice.a: found ""',
  },
  {
    kind: 'a slice key without a character',
    line: made({ slice: { '': 'a' } }),
    says: 'slice.: found',
  },
  {
    kind: 'a slice value as long as a page',
    line: made({ slice: { level: 'x'.repeat(257) } }),
    says: 'slice.level: found "xxx',
  },
  {
    kind: 'a task that is a number',
    line: made({ task: 7 }),
    says: 'task: found 7, expected a text',
  },
  { kind: 'a task without a character', line: made({ task: '' }), says: 'task: found ""' },
];

const BAD_PAIRS: readonly BadLine[] = [
  ...either((overrides) => pairLine(1, overrides)),
  {
    kind: 'no i',
    line: pairLine(1, { i: undefined }),
    says: 'i: found nothing, expected the whole',
  },
  { kind: 'an i that is a text', line: pairLine(1, { i: '1' }), says: 'i: found "1"' },
  { kind: 'an i with a fraction', line: pairLine(1, { i: 1.5 }), says: 'i: found 1.5' },
  { kind: 'an i below 0', line: pairLine(1, { i: -1 }), says: 'i: found -1' },
  {
    kind: 'a gap',
    line: pairLine(2),
    says: 'i: found 2, expected 1, as lines are numbered 0, 1, 2',
  },
  { kind: 'an i twice', line: pairLine(0), says: 'i: found 0, expected 1' },
  { kind: 'no task', line: pairLine(1, { task: undefined }), says: 'task: found nothing' },
  {
    kind: 'no baseline',
    line: pairLine(1, { baseline: undefined }),
    says: 'baseline: found nothing',
  },
  {
    kind: 'no candidate',
    line: pairLine(1, { candidate: undefined }),
    says: 'candidate: found nothing',
  },
  {
    kind: 'an outcome above 1',
    line: pairLine(1, { candidate: 1.01 }),
    says: 'candidate: found 1.01, expected a number from 0 to 1, or null where it is missing',
  },
  {
    kind: 'an outcome below 0',
    line: pairLine(1, { baseline: -0.1 }),
    says: 'baseline: found -0.1',
  },
  {
    kind: 'an outcome that is a text',
    line: pairLine(1, { baseline: '1' }),
    says: 'baseline: found "1"',
  },
  {
    kind: 'an outcome that is a flag',
    line: pairLine(1, { baseline: true }),
    says: 'baseline: found true',
  },
  {
    kind: 'an outcome beyond all numbers',
    line: pairLine(1).replace('"candidate":0', '"candidate":1e999'),
    says: 'candidate: found Infinity',
  },
  {
    kind: 'an outcome that is no number',
    line: pairLine(1).replace('"candidate":0', '"candidate":NaN'),
    says: 'text: found text that is no JSON',
  },
  {
    kind: 'null without a reason',
    line: pairLine(1, { candidate: null }),
    says: 'missing: found nothing, expected "infrastructure" or "arm" where an outcome is null',
  },
  {
    kind: 'a reason without null',
    line: pairLine(1, { missing: 'arm' }),
    says: 'missing: found "arm", expected',
  },
  {
    kind: 'an unknown reason',
    line: pairLine(1, { candidate: null, missing: 'weather' }),
    says: 'missing: found "weather"',
  },
  {
    kind: 'a reason that is null',
    line: pairLine(1, { candidate: null, missing: null }),
    says: 'missing: found null',
  },
  {
    kind: 'a category of one arm alone',
    line: pairLine(1, { candidateCategory: 'crash' }),
    says: 'baselineCategory: found nothing, expected the categories of both arms or of neither',
  },
  {
    kind: 'a category that is a number',
    line: pairLine(1, { baselineCategory: 5, candidateCategory: 'ok' }),
    says: 'baselineCategory: found 5',
  },
];

const BAD_OUTCOMES: readonly BadLine[] = [
  ...either((overrides) => outcomeLine(1, overrides)),
  { kind: 'no t', line: outcomeLine(1, { t: undefined }), says: 't: found nothing' },
  { kind: 'a t that is a text', line: outcomeLine(1, { t: '1' }), says: 't: found "1"' },
  { kind: 'a t with a fraction', line: outcomeLine(1, { t: 0.5 }), says: 't: found 0.5' },
  { kind: 'a gap', line: outcomeLine(3), says: 't: found 3, expected 1' },
  { kind: 'a t twice', line: outcomeLine(0), says: 't: found 0, expected 1' },
  {
    kind: 'no success',
    line: outcomeLine(1, { success: undefined }),
    says: 'success: found nothing',
  },
  {
    kind: 'a success that is null',
    line: outcomeLine(1, { success: null }),
    says: 'success: found null',
  },
  {
    kind: 'a success that is a flag',
    line: outcomeLine(1, { success: false }),
    says: 'success: found false',
  },
  {
    kind: 'a success above 1',
    line: outcomeLine(1, { success: 2 }),
    says: 'success: found 2, expected a number from 0 to 1',
  },
  { kind: 'a success below 0', line: outcomeLine(1, { success: -1 }), says: 'success: found -1' },
  {
    kind: 'no version',
    line: outcomeLine(1, { version: undefined }),
    says: 'version: found nothing',
  },
  {
    kind: 'a version that is a number',
    line: outcomeLine(1, { version: 2 }),
    says: 'version: found 2',
  },
  {
    kind: 'a version without a character',
    line: outcomeLine(1, { version: '' }),
    says: 'version: found ""',
  },
];

const evaluate = (command: string, input: string | Uint8Array, ...options: readonly string[]) =>
  runCommandLine([command, 'evaluate', ...options], {}, directory, input);

describe.each([
  { command: 'gate', first: pairLine(0), third: pairLine(2), cases: BAD_PAIRS },
  { command: 'monitor', first: outcomeLine(0), third: outcomeLine(2), cases: BAD_OUTCOMES },
])(
  '$command evaluate refuses, by line and field and with no verdict,',
  ({ command, first, third, cases }) => {
    test.each(cases)('$kind', async ({ line, says }) => {
      const input = Buffer.concat([
        Buffer.from(`${first}\n`),
        Buffer.from(line),
        Buffer.from(`\n${third}\n`),
      ]);

      const ran = await evaluate(command, input);

      expect(ran).toMatchObject({ code: 2, out: '' });
      expect(ran.error).toMatch(/^line 2: [^:]*: found .+, expected .+\n$/);
      expect(ran.error).toContain(`line 2: ${says}`);
    });

    test('more than 25 kinds of line', () => {
      expect(new Set(cases.map(({ kind }) => kind)).size).toBe(cases.length);
      expect(cases.length).toBeGreaterThan(25);
    });

    test('no input at all', async () => {
      expect(await evaluate(command, '')).toEqual({
        code: 2,
        out: '',
        error: 'line 1: text: found no input, expected one JSON object a line\n',
      });
    });

    test('a bad line long after its verdict has been found', async () => {
      const make = command === 'gate' ? pairLine : outcomeLine;
      const lines = Array.from({ length: 2000 }, (_, at) => make(at));

      const ran = await evaluate(command, [...lines, make(1999)].join('\n'));

      expect(ran).toMatchObject({ code: 2, out: '' });
      expect(ran.error).toContain('line 2001: ');
    });

    test('more than the slices it can tell apart', async () => {
      const make = command === 'gate' ? pairLine : outcomeLine;
      const lines = Array.from({ length: 1002 }, (_, at) =>
        make(at, { slice: { [`k${String(at)}`]: 'a' } }),
      );

      const ran = await evaluate(command, lines.join('\n'));

      expect(ran).toMatchObject({ code: 2, out: '' });
      expect(ran.error).toMatch(/^line (101|1001): slice: found more than/);
    });
  },
);

describe('an option at fault is named instead of a line:', () => {
  const LEVEL = 'expected a number above 0 and up to 0.5';
  const COUNT = 'expected a whole number from 1 to 1000000';

  test.each([
    ['--alpha', '0', `--alpha: found 0, ${LEVEL}`],
    ['--alpha', '0.6', `--alpha: found 0.6, ${LEVEL}`],
    ['--alpha', '-0.05', `--alpha: found -0.05, ${LEVEL}`],
    ['--alpha', 'NaN', `--alpha: found "NaN", ${LEVEL}`],
    ['--alpha', 'Infinity', '--alpha: found "Infinity"'],
    ['--alpha', '1e999', '--alpha: found Infinity'],
    ['--alpha', '5%', '--alpha: found "5%"'],
    ['--alpha', '0x1', '--alpha: found "0x1"'],
    ['--alpha', '', '--alpha: found ""'],
    ['--max-pairs', '0', `--max-pairs: found 0, ${COUNT}`],
    ['--max-pairs', '1.5', `--max-pairs: found 1.5, ${COUNT}`],
    ['--max-pairs', '-5', `--max-pairs: found -5, ${COUNT}`],
    ['--max-pairs', 'all', `--max-pairs: found "all", ${COUNT}`],
    ['--max-pairs', '1000001', `--max-pairs: found 1000001, ${COUNT}`],
    ['--slice-key', '', '--slice-key: 0: found "", expected a list of slice keys, each once'],
    ['--config', 'gone.json', '--config: found no file'],
    ['--config', '.', 'unreadable (EISDIR), expected a file with one JSON object'],
  ])('%s %j', async (option, value, says) => {
    const ran = await evaluate('gate', `${pairLine(0)}\n`, option, value);

    expect(ran).toMatchObject({ code: 2, out: '' });
    expect(ran.error).toContain(says);
  });

  test('a slice key that is asked for twice', async () => {
    const keys = ['--slice-key', 'a', '--slice-key', 'a'];

    expect((await evaluate('gate', pairLine(0), ...keys)).error).toMatch(
      /^--slice-key: found \["a","a"\]/,
    );
  });

  test.each([
    ['{', '--config: found text that is no JSON'],
    ['[]', '--config: found []'],
    [
      '{"alpha": 0.05, "beta": 0.1}',
      '--config: beta: found a key that is not known, expected one of',
    ],
    ['{"alpha": "0.05"}', `--config: alpha: found "0.05", ${LEVEL}`],
    ['{"alpha": null}', `--config: alpha: found null, ${LEVEL}`],
    ['{"minPairs": 0}', `--config: minPairs: found 0, ${COUNT}`],
    ['{"maxPairs": 1.5}', `--config: maxPairs: found 1.5, ${COUNT}`],
    ['{"m0": 1}', '--config: m0: found 1, expected a number from 0 and below 1'],
    ['{"m0": 0.95}', '--config: m0: found 0.95, expected a number below 0.9'],
    ['{"deltaMin": -0.1}', '--config: deltaMin: found -0.1'],
    ['{"sliceMargin": 1}', '--config: sliceMargin: found 1'],
    ['{"sliceLevel": 0.9}', `--config: sliceLevel: found 0.9, ${LEVEL}`],
    ['{"sliceCap": 0}', `--config: sliceCap: found 0, ${COUNT}`],
    ['{"sliceKeys": "hardness"}', '--config: sliceKeys: found "hardness"'],
    [
      '{"criticalSlices": ["hard"]}',
      '--config: criticalSlices.0: found "hard", expected a list of slices, key=value',
    ],
    ['{"criticalCategories": ["ok"]}', '--config: criticalCategories.0: found "ok"'],
    ['{"criticalCategories": ["a", "a"]}', '--config: criticalCategories: found ["a","a"]'],
    [
      '{"discordance": 1.2}',
      '--config: discordance: found 1.2, expected a number from 0 and up to 1',
    ],
  ])('--config with %s', async (text, says) => {
    await writeFile(join(directory, 'settings.json'), text);

    const ran = await evaluate('gate', `${pairLine(0)}\n`, '--config', 'settings.json');

    expect(ran).toMatchObject({ code: 2, out: '' });
    expect(ran.error).toContain(says);
  });
});
