import { expect, test } from 'vitest';

import type { ToolRun } from '../../src/activities/tool-activities.js';
import { RetryableToolError, UnknownEffectError } from '../../src/contracts/tool-errors.js';
import { createToolRuntime } from '../../src/tools/tool-runtime.js';

function runOf(
  implementation: ToolRun['implementation'],
  more: Partial<ToolRun> = {},
  runtime = createToolRuntime(),
) {
  return runtime.run({
    name: 'dig',
    implementation,
    timeoutSeconds: 5,
    cancellation: new AbortController().signal,
    maxCharacters: 1_000,
    isLastAttempt: false,
    ...more,
  });
}

const CIRCULAR: Record<string, unknown> = {};
CIRCULAR['self'] = CIRCULAR;

const RETURNED: readonly (readonly [string, unknown, string])[] = [
  ['a string as it is', 'three\nrows', 'three\nrows'],
  ['an empty string as it is', '', ''],
  ['an object as JSON', { rows: [1, 2], none: undefined }, '{"rows":[1,2]}'],
  ['null as JSON', null, 'null'],
  ['a date as JSON', { at: new Date(0) }, '{"at":"1970-01-01T00:00:00.000Z"}'],
  ['text without NUL', 'a\0b', 'ab'],
  ['half a surrogate pair replaced', 'a\ud83d', 'a\ufffd'],
];
test.each(RETURNED)('shows %s', async (_, returned, content) => {
  expect(await runOf(async () => returned)).toEqual({ ok: true, content });
});

const UNREPRESENTABLE: readonly (readonly [string, unknown])[] = [
  ['nothing', undefined],
  ['NaN', Number.NaN],
  ['infinity deep inside', { rows: [{ sum: Number.POSITIVE_INFINITY }] }],
  ['a circle', CIRCULAR],
  ['a BigInt', { id: 10n }],
  ['a function', () => 1],
  ['a symbol', Symbol('s')],
  ['a Map', { rows: new Map([[1, 2]]) }],
  ['bytes', Buffer.from('abc')],
  ['bytes deep inside', { file: new Uint8Array(3) }],
  [
    'an object that refuses',
    {
      toJSON: () => {
        throw new Error('no');
      },
    },
  ],
];
test.each(UNREPRESENTABLE)('refuses %s as a result', async (_, returned) => {
  expect(await runOf(async () => returned)).toMatchObject({
    ok: false,
    code: 'TOOL_RESULT_INVALID',
  });
});

test('cuts a long result and says how much is missing', async () => {
  const result = await runOf(async () => 'x'.repeat(1_000) + 'y'.repeat(5_000_000));

  expect(result).toEqual({ ok: true, content: `${'x'.repeat(1_000)}…[+5000000 characters]` });
});

test('a cut through a surrogate pair leaves no half of it', async () => {
  const result = await runOf(async () => `${'x'.repeat(999)}😀`);

  expect(result.content).toBe(`${'x'.repeat(999)}\ufffd…[+1 characters]`);
});

const THROWN: readonly (readonly [string, unknown, string, string])[] = [
  ['an error', new Error('no such row'), 'TOOL_FAILED', 'no such row'],
  ['its own code', Object.assign(new Error('x'), { code: '42P01' }), '42P01', 'x'],
  ['a numeric code', Object.assign(new Error('x'), { code: 1146 }), '1146', 'x'],
  ['a code with spaces', Object.assign(new Error('x'), { code: 'not a code' }), 'TOOL_FAILED', 'x'],
  ['several lines', new Error('one\n  two\u0000'), 'TOOL_FAILED', 'one two'],
  ['no message', new Error(''), 'TOOL_FAILED', 'the tool gave no reason'],
  ['a string', 'broken', 'TOOL_FAILED', 'broken'],
];
test.each(THROWN)('a tool that throws %s has failed', async (_, thrown, code, content) => {
  const implementation = () => {
    throw thrown;
  };

  expect(await runOf(implementation)).toEqual({ ok: false, code, content });
});

test('a long message is cut', async () => {
  const result = await runOf(() => Promise.reject(new Error('x'.repeat(2_000))));

  expect(result.content).toBe(`${'x'.repeat(500)}…[+1500 characters]`);
});

test('a tool that throws before its first promise has failed too', async () => {
  const result = await runOf(() => {
    throw new Error('at once');
  });

  expect(result).toMatchObject({ ok: false, content: 'at once' });
});

test('a tool that does not listen to its signal is left at its time', async () => {
  const before = performance.now();

  const result = await runOf(() => new Promise(() => undefined), { timeoutSeconds: 0.1 });

  expect(result).toEqual({ ok: false, code: 'TOOL_TIMEOUT', content: 'no answer within 0.1 s' });
  expect(performance.now() - before).toBeLessThan(1_100);
});

test('a tool that listens is told of its time', async () => {
  let told = false;

  const result = await runOf(
    (signal) =>
      new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => {
          told = true;
          reject(new Error('aborted'));
        });
      }),
    { timeoutSeconds: 0.1 },
  );

  expect(told).toBe(true);
  expect(result).toMatchObject({ code: 'TOOL_TIMEOUT' });
});

test('a tool whose task is cancelled is waited for while it cleans up', async () => {
  const cancelled = new AbortController();
  let isClean = false;

  const running = runOf(
    (signal) =>
      new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => {
          setTimeout(() => {
            isClean = true;
            reject(new Error('aborted'));
          }, 50);
        });
        cancelled.abort(new Error('cancelled by a person'));
      }),
    { cancellation: cancelled.signal },
  );

  await expect(running).rejects.toThrow('cancelled by a person');
  expect(isClean).toBe(true);
});

test('a tool that does not heed its cancellation is left to itself, and named to the log', async () => {
  const cancelled = new AbortController();
  const lines: string[] = [];
  const forever = () => {
    cancelled.abort(new Error('the worker ends'));
    return new Promise(() => undefined);
  };

  const running = runOf(
    forever,
    { cancellation: cancelled.signal },
    createToolRuntime({ log: (line) => void lines.push(line), cleanUpMs: 50 }),
  );

  await expect(running).rejects.toThrow('the worker ends');
  expect(lines).toEqual([expect.stringMatching(/^tool dig: found it at work 0\.05 s after/)]);
});

test('what a tool still did after its task was cancelled is its answer', async () => {
  const cancelled = new AbortController();

  const result = await runOf(
    async () => {
      cancelled.abort(new Error('cancelled by a person'));
      return Promise.resolve('done all the same');
    },
    { cancellation: cancelled.signal },
  );

  expect(result).toEqual({ ok: true, content: 'done all the same' });
});

test('a task that was cancelled before runs nothing', async () => {
  let ran = false;
  const cancellation = AbortSignal.abort(new Error('cancelled before'));

  const running = runOf(
    async () => {
      ran = true;
    },
    { cancellation },
  );

  await expect(running).rejects.toThrow('cancelled before');
  expect(ran).toBe(false);
});

test('an error that asks for another attempt is thrown, and answered on the last one', async () => {
  const error = new RetryableToolError('locked', { code: 'LOCKED', retryAfterMs: 10 });

  await expect(runOf(() => Promise.reject(error))).rejects.toBe(error);
  const last = await runOf(() => Promise.reject(error), { isLastAttempt: true });

  expect(last).toEqual({ ok: false, code: 'LOCKED', content: 'locked' });
});

test('an effect that nobody can tell of is never an answer', async () => {
  const error = new UnknownEffectError('key', 'silence');

  await expect(runOf(() => Promise.reject(error), { isLastAttempt: true })).rejects.toBe(error);
});
