import fc from 'fast-check';
import { expect, test } from 'vitest';
import { episodeId, taskId } from '../../../src/contracts/ids.js';
import type { Step } from '../../../src/domain/episode.js';
import { lessonText } from '../../../src/domain/lesson.js';
import { isRecoveryText } from '../../../src/domain/mining/recovery-note.js';
import { mineRecoveries } from '../../../src/domain/mining/recovery.js';
import { failure, ok, turn } from '../trajectories.js';

const context = {
  episode: episodeId('e1'),
  task: taskId('t1'),
  outcome: 1,
  toolDigests: { refund: 'd1' },
};

/** A call of `refund` that failed and the next one that did not. */
function recovered(
  before: unknown,
  after: unknown,
  error = 'is wrong',
  code = 'BAD_INPUT',
): Step[] {
  const failed = turn([], '', [
    { tool: 'refund', arguments: before, result: failure(code, error) },
  ]);
  return turn(failed, '', [{ tool: 'refund', arguments: after, result: ok('done') }]);
}

function textsOf(trajectory: readonly Step[]): string[] {
  return mineRecoveries(trajectory, context).map(({ body }) => lessonText(body));
}

test.each([
  [
    { id: 'x', amount: '12' },
    { id: 'x', amount: 12 },
    'When `refund` fails with BAD_INPUT, send `amount` as number, not as string.',
  ],
  [
    { id: 'x' },
    { id: 'x', currency: 'EUR' },
    'When `refund` fails with BAD_INPUT, send `currency` too.',
  ],
  [{ id: 'x', note: 'hi' }, { id: 'x' }, 'When `refund` fails with BAD_INPUT, leave `note` out.'],
  [
    { orderId: 'A7' },
    { order_id: 'A7' },
    'When `refund` fails with BAD_INPUT, send `order_id` instead of `orderId`.',
  ],
  [
    { day: '31.12.2024' },
    { day: '2024-12-31' },
    'When `refund` fails with BAD_INPUT, send `day` in the form YYYY-MM-DD, not DD.MM.YYYY.',
  ],
  [
    { state: 'open' },
    { state: 'OPEN' },
    'When `refund` fails with BAD_INPUT, send `state` as `OPEN`, not as `open`.',
  ],
  [
    { amount: '12' },
    { amount: 12, currency: 'EUR' },
    'When `refund` fails with BAD_INPUT, send `amount` as number, not as string, and send `currency` too.',
  ],
])('turns the change from %j to %j into a note', (before, after, text) => {
  expect(textsOf(recovered(before, after))).toEqual([text]);
});

test('copies a word only where the tool says that it is one of a list', () => {
  const before = { mode: 'partly' };
  const after = { mode: 'partial' };

  expect(textsOf(recovered(before, after, 'mode must be one of: full, partial'))).toEqual([
    'When `refund` fails with BAD_INPUT, send `mode` as `partial`, not as `partly`.',
  ]);
  expect(textsOf(recovered(before, after, 'mode is unknown'))).toEqual([]);
});

test('names what the error shows at an end of the value that got through', () => {
  // The order desk of README.md.
  const error = 'No order 1001; numbers look like SO-1001.';

  expect(textsOf(recovered({ number: '1001' }, { number: 'SO-1001' }, error))).toEqual([
    'When `refund` fails with BAD_INPUT, send `number` with `SO-` before it.',
  ]);
  expect(textsOf(recovered({ number: '7' }, { number: '7-EU' }, 'expected 12-EU'))).toEqual([]);
  expect(textsOf(recovered({ number: '7' }, { number: '7/' }, 'expected a path, as 12/'))).toEqual([
    'When `refund` fails with BAD_INPUT, send `number` with `/` after it.',
  ]);
  expect(textsOf(recovered({ number: '1001' }, { number: 'SO-1001' }, 'unknown'))).toEqual([]);
  expect(textsOf(recovered({ name: 'berg' }, { name: 'Lindberg' }, 'Lindberg?'))).toEqual([]);
});

test.each([
  ['nothing changed', { id: 'x' }, { id: 'x' }],
  ['only values changed', { id: 'alice' }, { id: 'bob' }],
  ['three keys changed', { a: 1, b: 2, c: 3 }, { a: '1', b: '2', c: '3' }],
  ['a free text changed', { sql: 'SELECT a FROM t WHERE b' }, { sql: 'SELECT b FROM t WHERE a' }],
  ['a free text changed too', { n: '1', q: 'a b c d e' }, { n: 1, q: 'f g h i j' }],
  ['a list changed', { ids: [1] }, { ids: [2] }],
  ['the arguments are no object', 'a', 'b'],
])('writes nothing where %s', (_, before, after) => {
  expect(textsOf(recovered(before, after))).toEqual([]);
});

test.each(['TOOL_TIMEOUT', 'RATE_LIMITED', 'TOOL_UNKNOWN', 'CONNECTION_LOST'])(
  'learns nothing about arguments from %s',
  (code) => {
    expect(textsOf(recovered({ n: '1' }, { n: 1 }, 'later', code))).toEqual([]);
  },
);

test('writes nothing where no later call of the same tool succeeded', () => {
  const failed = turn([], '', [
    { tool: 'refund', arguments: { n: '1' }, result: failure('BAD_INPUT') },
  ]);

  expect(
    textsOf(turn(failed, '', [{ tool: 'other', arguments: { n: 1 }, result: ok('') }])),
  ).toEqual([]);
});

test('points at both steps, names the tool as its source and stays of low trust', () => {
  const [draft] = mineRecoveries(recovered({ n: '1' }, { n: 1 }), context);

  expect(draft).toMatchObject({
    kind: 'tool-note',
    trust: 'low',
    evidence: [{ episode: 'e1', steps: [1, 3], role: 'observation' }],
    sources: [{ channel: 'tool_output', principal: 'refund' }],
    toolVersions: { refund: 'd1' },
  });
});

test('has one key for the same error, whatever its numbers and quotations', () => {
  const keyOf = (error: string): string | undefined =>
    mineRecoveries(recovered({ n: '1' }, { n: 1 }, error), context)[0]?.key;

  expect(keyOf('"12" at 7 is no number')).toBe(keyOf('"99" at 31 is no number'));
  expect(keyOf('"12" at 7 is no number')).not.toBe(keyOf('the field is missing'));
});

test('tells the same recovery once, with all its evidence', () => {
  const first = recovered({ n: '1' }, { n: 1 });
  const failed = turn(first, '', [
    { tool: 'refund', arguments: { n: '2' }, result: failure('BAD_INPUT', 'is wrong') },
  ]);
  const trajectory = turn(failed, '', [
    { tool: 'refund', arguments: { n: 2 }, result: ok('done') },
  ]);

  const drafts = mineRecoveries(trajectory, context);

  expect(drafts).toHaveLength(1);
  expect(drafts[0]?.evidence.map(({ steps }) => steps)).toEqual([
    [1, 3],
    [5, 7],
  ]);
});

test('writes notes in the fixed form alone and copies no value into them', () => {
  const value = fc.oneof(
    fc.integer(),
    fc.boolean(),
    fc.constant(null),
    fc.stringMatching(/^secret[0-9]{6}$/),
    fc.string(),
  );
  const args = fc.dictionary(fc.stringMatching(/^[a-z]{1,3}$/), value, { maxKeys: 3 });

  fc.assert(
    fc.property(args, args, fc.string(), (before, after, error) => {
      for (const text of textsOf(recovered(before, after, error))) {
        expect(isRecoveryText(text)).toBe(true);
        expect(text).not.toMatch(/secret\d/);
      }
    }),
  );
});

/** A call that failed, calls of other tools, and the call that did not fail. */
function afterOthers(
  error: string,
  others: readonly { tool: string; result: ReturnType<typeof ok> }[],
  before: unknown = { id: 'x' },
  after: unknown = before,
): Step[] {
  const failed = turn([], '', [
    { tool: 'refund', arguments: before, result: failure('REFUSED', error) },
  ]);
  const between = others.reduce<Step[]>(
    (steps, { tool, result }) => turn(steps, '', [{ tool, arguments: {}, result }]),
    failed,
  );
  return turn(between, '', [{ tool: 'refund', arguments: after, result: ok('done') }]);
}

test('notes the only call that came before the same call succeeded', () => {
  const steps = afterOthers('not now', [{ tool: 'open_session', result: ok('open') }]);

  expect(textsOf(steps)).toEqual(['When `refund` fails with REFUSED, call `open_session` first.']);
});

test('of several calls in between it notes the one that the error speaks of', () => {
  const others = [
    { tool: 'list_orders', result: ok('3') },
    { tool: 'open_session', result: ok('open') },
  ];

  expect(textsOf(afterOthers('a session is needed', others))).toEqual([
    'When `refund` fails with REFUSED, call `open_session` first.',
  ]);
  expect(textsOf(afterOthers('not now', others))).toEqual([]);
});

test('notes nothing of a call that succeeded when it was simply made again', () => {
  expect(textsOf(afterOthers('not now', []))).toEqual([]);
  expect(textsOf(afterOthers('no', [{ tool: 'look', result: failure('BAD') }]))).toEqual([]);
});

test('names the tool whose answer held the value that succeeded, and not the value', () => {
  const others = [{ tool: 'find_order', result: ok('{"order": "SO-77123", "state": "open"}') }];

  expect(textsOf(afterOthers('no such order', others, { id: '77' }, { id: 'SO-77123' }))).toEqual([
    'When `refund` fails with REFUSED, send `id` as `find_order` gives it.',
  ]);
  expect(textsOf(afterOthers('no such order', others, { id: '77' }, { id: 'SO-7712' }))).toEqual(
    [],
  );
});
