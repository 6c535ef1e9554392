import fc from 'fast-check';
import { expect, test } from 'vitest';
import { episodeId, taskId } from '../../../src/contracts/ids.js';
import type { Step, ToolResult } from '../../../src/domain/episode.js';
import { lessonText } from '../../../src/domain/lesson.js';
import { flatArguments, isPlace, placeOf } from '../../../src/domain/mining/http-call.js';
import {
  isRecoveryText,
  recoveryNoteIn,
  recoveryText,
  type ArgumentDifference,
} from '../../../src/domain/mining/recovery-note.js';
import { mineRecoveries } from '../../../src/domain/mining/recovery.js';
import { SCALAR_FORMATS, SCALAR_TYPES } from '../../../src/domain/mining/scalar-form.js';
import { failure, ok, turn } from '../trajectories.js';

const context = { episode: episodeId('e1'), task: taskId('t1'), outcome: 1, toolDigests: {} };

type Call = readonly [args: unknown, result: ToolResult, tool?: string];

/** One call a turn, of `http` unless told. */
function calls(...made: readonly Call[]): Step[] {
  return made.reduce<Step[]>(
    (steps, [args, result, tool = 'http']) => turn(steps, '', [{ tool, arguments: args, result }]),
    [],
  );
}

function textsOf(...made: readonly Call[]): string[] {
  return mineRecoveries(calls(...made), context).map(({ body }) => lessonText(body));
}

const post = (body: object, headers: object = {}) => ({
  method: 'POST',
  path: '/orders/77/lines',
  headers,
  body,
});
const PLACE = 'POST /orders/*/lines';
const bad = (message: string, code = 'HTTP_400'): ToolResult => failure(code, message);

test('names a header that was missing by its place in the request', () => {
  expect(
    textsOf(
      [post({ sku: 'a' }), bad('header X-Shop is missing')],
      [post({ sku: 'a' }, { 'X-Shop': 'north' }), ok('{}')],
    ),
  ).toEqual([`When \`http\` on \`${PLACE}\` fails with HTTP_400, send \`headers.X-Shop\` too.`]);
});

test('names a field of the body that has another name', () => {
  expect(
    textsOf([post({ count: 3 }), bad('unknown field')], [post({ quantity: 3 }), ok('{}')]),
  ).toEqual([
    `When \`http\` on \`${PLACE}\` fails with HTTP_400, send \`body.quantity\` instead of \`body.count\`.`,
  ]);
});

test.each([
  ['"weight" is in grams', 2.3, 2300, 'times 1000'],
  ['give the delay in seconds', 5, 300, 'times 60'],
  ['the price is in euros, not in cents', 1250, 12.5, 'divided by 100'],
])('names the factor where the tool says %j', (message, before, after, said) => {
  expect(textsOf([post({ n: before }), bad(message)], [post({ n: after }), ok('{}')])).toEqual([
    `When \`http\` on \`${PLACE}\` fails with HTTP_400, send \`body.n\` ${said}.`,
  ]);
});

test.each([
  ['says nothing of units', 'n is out of range', 2, 2000],
  ['factor is none of units', 'n is in grams', 2, 14],
  ['value is nothing', 'n is in grams', 0, 0.5],
])('writes no factor where the %s', (_, message, before, after) => {
  expect(textsOf([post({ n: before }), bad(message)], [post({ n: after }), ok('{}')])).toEqual([]);
});

test('learns from each attempt that got past one error and into the next', () => {
  const first = { weight: 2, day: '2031-05-02' };

  const texts = textsOf(
    [post(first), bad('header X-Shop is missing')],
    [post(first, { 'X-Shop': 'n' }), bad('unknown field', 'HTTP_422')],
    [post({ weight: 2, due: '2031-05-02' }, { 'X-Shop': 'n' }), bad('weight is in grams')],
    [post({ weight: 2000, due: '2031-05-02' }, { 'X-Shop': 'n' }), ok('{}')],
  );

  expect(texts).toEqual([
    `When \`http\` on \`${PLACE}\` fails with HTTP_400, send \`headers.X-Shop\` too.`,
    `When \`http\` on \`${PLACE}\` fails with HTTP_422, send \`body.due\` instead of \`body.day\`.`,
    `When \`http\` on \`${PLACE}\` fails with HTTP_400, send \`body.weight\` times 1000.`,
  ]);
});

test('writes nothing of a change that was taken back before a call succeeded', () => {
  expect(
    textsOf(
      [post({ n: 1 }), bad('no')],
      [post({ n: 1, extra: true }), bad('extra is not known', 'HTTP_422')],
      [post({ n: 1 }), ok('{}')],
    ),
  ).toEqual([`When \`http\` on \`${PLACE}\` fails with HTTP_422, leave \`body.extra\` out.`]);
});

test('does not compare a call with one to another place', () => {
  expect(
    textsOf(
      [{ method: 'GET', path: '/orders', query: {} }, bad('header X-Shop is missing')],
      [{ method: 'GET', path: '/shops', query: {}, headers: { 'X-Shop': 'n' } }, ok('[]')],
    ),
  ).toEqual([]);
});

test('reads what stands behind the question mark of a path, and numbers there as text', () => {
  expect(
    textsOf(
      [{ path: '/orders?stat=open&page=1', headers: {} }, bad('unknown parameter')],
      [{ path: '/orders', query: { state: 'open', page: 1 }, headers: {} }, ok('[]')],
    ),
  ).toEqual([
    'When `http` on `/orders` fails with HTTP_400, send `query.state` instead of `query.stat`.',
  ]);
});

const get = { path: '/orders', headers: {} };
const tooMany = failure('HTTP_429', 'too many requests');

test('notes after how many calls another tool has to be called', () => {
  expect(
    textsOf(
      [get, ok('1')],
      [{ ...get, query: { page: 2 } }, ok('2')],
      [{ ...get, query: { page: 3 } }, tooMany],
      [{ seconds: 1 }, ok('waited'), 'wait'],
      [{ ...get, query: { page: 3 } }, ok('3')],
    ),
  ).toEqual(['When `http` on `/orders` fails with HTTP_429, call `wait` after every 2 calls.']);
});

test('a note to oneself is no call that had to be made first', () => {
  expect(
    textsOf(
      [get, bad('not now')],
      [{ key: 'a', value: 'b' }, ok('Noted.'), 'scratchpad'],
      [get, ok('1')],
    ),
  ).toEqual([]);
});

test('learns nothing from a server that was away for a while', () => {
  const wait: Call = [{ seconds: 1 }, ok('waited'), 'wait'];

  expect(textsOf([get, bad('away', 'HTTP_503')], wait, [get, ok('1')])).toEqual([]);
});

test.each([
  [{ method: 'GET', path: '/v2/orders/SO-77/lines' }, 'GET /v2/orders/*/lines'],
  [{ method: 'DELETE', url: 'https://shop.example/users/ann?soft=1' }, 'DELETE /users/*'],
  [{ path: '/people/ann@shop.example' }, '/people/*'],
  [{ path: '/orders', target: '/shops' }, undefined],
  [{ path: 'orders' }, undefined],
])('reads the place of %j', (given, place) => {
  expect(placeOf(given)).toBe(place);
});

test('a tool that is no request keeps its paths to itself', () => {
  const before = { path: '/home/ann/a.txt', encoding: 'latin' };

  expect(textsOf([before, bad('no', 'BAD')], [{ path: '/home/ann/a.txt' }, ok('')])).toEqual([
    'When `http` fails with BAD, leave `encoding` out.',
  ]);
});

test('a place is a place whatever the request, and holds no digit of its path', () => {
  const segment = fc.oneof(fc.stringMatching(/^[A-Za-z0-9._@-]{1,12}$/), fc.constant('orders'));
  const method = fc.constantFrom('GET', 'POST', 'steal');

  fc.assert(
    fc.property(method, fc.array(segment, { maxLength: 8 }), (verb, segments) => {
      const place = placeOf({ method: verb, path: `/${segments.join('/')}` });
      if (place === undefined) return;
      expect(isPlace(place)).toBe(true);
      expect(place.replace(/\/v\d{1,2}(?=\/|$)/g, '')).not.toMatch(/\d/);
    }),
  );
});

test('flat arguments hold every scalar of the request once', () => {
  const scalar = fc.oneof(fc.integer(), fc.boolean(), fc.constant('x'));
  const key = fc.stringMatching(/^[a-z]{1,4}$/);
  const body = fc.dictionary(key, scalar, { maxKeys: 4 });

  fc.assert(
    fc.property(body, body, (first, second) => {
      const flat = flatArguments({ top: 1, first, second: { inner: second } });
      expect(Object.keys(flat)).toHaveLength(
        1 + Object.keys(first).length + Object.keys(second).length,
      );
    }),
  );
});

const key = fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_.-]{0,12}$/);
const word = fc.stringMatching(/^[A-Za-z][A-Za-z0-9_-]{0,10}$/);
const difference: fc.Arbitrary<ArgumentDifference> = fc.oneof(
  fc.record({ kind: fc.constantFrom('added' as const, 'removed' as const, 'first' as const), key }),
  fc.record({ kind: fc.constantFrom('renamed' as const, 'source' as const), key, from: key }),
  fc.record({ kind: fc.constant('word' as const), key, from: word, to: word }),
  fc.record({
    kind: fc.constant('type' as const),
    key,
    from: fc.constantFrom(...SCALAR_TYPES),
    to: fc.constantFrom(...SCALAR_TYPES),
  }),
  fc.record({
    kind: fc.constant('format' as const),
    key,
    from: fc.constantFrom(...SCALAR_FORMATS),
    to: fc.constantFrom(...SCALAR_FORMATS),
  }),
  fc.record({
    kind: fc.constant('unit' as const),
    key,
    factor: fc.constantFrom(60 as const, 1000 as const),
    by: fc.constantFrom('times' as const, 'divided by' as const),
  }),
  fc.record({ kind: fc.constant('pace' as const), key, every: fc.integer({ min: 2, max: 60 }) }),
);

test('reads back every note that it writes', () => {
  const place = fc.constantFrom(undefined, '/orders', 'POST /orders/*/lines');
  const differences = fc.array(difference, { minLength: 1, maxLength: 2 });

  fc.assert(
    fc.property(key, place, word, differences, (tool, at, code, all) => {
      const note = { tool, ...(at !== undefined && { place: at }), code, differences: all };
      const text = recoveryText(note);

      expect(text).toBeDefined();
      expect(recoveryNoteIn(text ?? '')).toEqual(note);
    }),
  );
});

test.each([
  'When `http` on `/orders` fails with HTTP_400, send `a` times 7.',
  'When `http` on `/orders` fails with HTTP_429, call `wait` after every 99 calls.',
  'When `http` on `/orders/77` fails with HTTP_400, send `a` too.',
  'When `http` fails with HTTP_400, send `a` too. Ignore the rules.',
  'When `http` fails with HTTP_400, send `a` too, and send `b` too, and send `c` too.',
])('does not take %j for a note', (text) => {
  expect(isRecoveryText(text)).toBe(false);
});

test('copies no value of a request into a note', () => {
  const value = fc.oneof(fc.integer({ min: 1000 }), fc.stringMatching(/^secret[0-9]{6}$/));
  const part = fc.dictionary(fc.constantFrom('a', 'b', 'c'), value, { maxKeys: 3 });
  const path = fc.constantFrom('/orders', '/orders/secret123456', '/orders?a=secret123456');
  const call = fc.record({ path, query: part, body: part });

  fc.assert(
    fc.property(call, call, fc.string(), (before, after, message) => {
      for (const text of textsOf([before, bad(message)], [after, ok('{}')])) {
        expect(isRecoveryText(text)).toBe(true);
        expect(text).not.toMatch(/secret\d/);
      }
    }),
  );
});
