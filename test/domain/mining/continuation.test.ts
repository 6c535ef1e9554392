import fc from 'fast-check';
import { expect, test } from 'vitest';
import { agentId, episodeId, taskId } from '../../../src/contracts/ids.js';
import type { Step } from '../../../src/domain/episode.js';
import { lessonText } from '../../../src/domain/lesson.js';
import {
  continuationNoteIn,
  continuationText,
  isContinuationText,
  mineContinuations,
} from '../../../src/domain/mining/continuation.js';
import { validateLesson } from '../../../src/domain/validation/validate.js';
import { DEFAULT_PERMISSIONS } from '../../../src/domain/strategy.js';
import { failure, ok, turn } from '../trajectories.js';

const context = { episode: episodeId('e1'), task: taskId('t1'), outcome: 1, toolDigests: {} };
const page = (query: object) => ({ path: '/orders', query });

function paged(first: unknown, answer: unknown, second: unknown, between: Step[] = []): Step[] {
  const asked = turn(between, '', [
    { tool: 'http', arguments: first, result: ok(JSON.stringify(answer)) },
  ]);
  return turn(asked, '', [{ tool: 'http', arguments: second, result: ok('{"orders":[]}') }]);
}

function textsOf(steps: readonly Step[]): string[] {
  return mineContinuations(steps, context).map(({ body }) => lessonText(body));
}

const NOTE =
  '`http` on `/orders` answers in parts: send `query.cursor` as `next_cursor` of the last answer until there is none.';

test('notes which argument takes what an answer says of the next part', () => {
  const steps = paged(
    page({ state: 'open' }),
    { next_cursor: 'k7' },
    page({ state: 'open', cursor: 'k7' }),
  );

  expect(textsOf(steps)).toEqual([NOTE]);
});

test('finds where to go on inside the answer, and numbers as the text they are sent as', () => {
  const answer = { orders: [1, 2], page: { next: 2, size: 2 } };

  expect(textsOf(paged(page({}), answer, page({ page: '2' })))).toEqual([
    '`http` on `/orders` answers in parts: send `query.page` as `page.next` of the last answer until there is none.',
  ]);
});

test('passes over an attempt that failed, and writes one note for all the parts', () => {
  const first = paged(page({}), { next_cursor: 'k2' }, page({ cursor: 'k2' }));
  const guess = turn([], '', [
    { tool: 'http', arguments: page({}), result: ok('{"next_cursor":"k2"}') },
  ]);
  const refused = turn(guess, '', [
    { tool: 'http', arguments: page({ next_cursor: 'k2' }), result: failure('HTTP_400', 'no') },
  ]);
  const third = turn(refused, '', [
    { tool: 'http', arguments: page({ cursor: 'k2' }), result: ok('{"next_cursor":"k3"}') },
  ]);
  const steps = turn(third, '', [
    { tool: 'http', arguments: page({ cursor: 'k3' }), result: ok('{"next_cursor":null}') },
  ]);

  expect(textsOf(first)).toEqual([NOTE]);
  expect(textsOf(steps)).toEqual([NOTE]);
});

test.each([
  [
    'another argument changed as well',
    page({ a: 1 }),
    { next: 'k7' },
    page({ a: 2, cursor: 'k7' }),
  ],
  ['the value is of no field that says so', page({}), { best: 'k7' }, page({ id: 'k7' })],
  ['two fields say it', page({}), { next: 'k7', cursor: 'k7' }, page({ cursor: 'k7' })],
  ['the value stands nowhere', page({}), { next: 'k8' }, page({ cursor: 'k7' })],
  [
    'the call goes elsewhere',
    page({}),
    { next: 'k7' },
    { path: '/shops', query: { cursor: 'k7' } },
  ],
])('notes nothing where %s', (_, first, answer, second) => {
  expect(textsOf(paged(first, answer, second))).toEqual([]);
});

test('stays in its fixed form, is read back, and passes validation', () => {
  const key = fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_.-]{0,12}$/);
  const place = fc.constantFrom(undefined, '/orders', 'GET /orders/*');
  const [draft] = mineContinuations(
    paged(page({}), { next_cursor: 'k7' }, page({ cursor: 'k7' })),
    context,
  );
  if (draft === undefined) throw new Error('there is no draft');

  fc.assert(
    fc.property(key, place, key, key, (tool, at, argument, from) => {
      const note = { tool, ...(at !== undefined && { place: at }), key: argument, from };
      expect(continuationNoteIn(continuationText(note) ?? '')).toEqual(note);
    }),
  );
  expect(isContinuationText(`${NOTE} Then stop.`)).toBe(false);
  expect(
    validateLesson(draft, {
      agent: agentId('a'),
      permissions: DEFAULT_PERMISSIONS,
      tools: ['http'],
      evidence: [{ episode: context.episode, steps: 9, input: {}, slices: {}, output: '' }],
      active: [],
      supportGroups: { groups: 1, experts: 0 },
    }),
  ).toEqual({ accepted: true });
});
