import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Move } from '../../../../src/model/simulated/chat-protocol.js';
import {
  isCallerPrompt,
  readCallerConversation,
} from '../../../../src/model/simulated/http/caller-conversation.js';
import { nextCallerMove } from '../../../../src/model/simulated/http/caller.js';
import { parseRequest } from '../../../../src/model/simulated/http/request-grammar.js';

/** An API of nothing that the product knows. */
const document = {
  openapi: '3.1.0',
  paths: {
    '/boats': {
      get: {
        summary: 'All boats',
        parameters: [{ name: 'harbour', in: 'query', description: 'harbour it lies in' }],
        responses: {
          '200': {
            content: {
              'application/json': {
                schema: {
                  properties: {
                    boats: {
                      type: 'array',
                      items: { properties: { boat: {}, seats: { description: 'seats on board' } } },
                    },
                  },
                },
              },
            },
          },
        },
      },
    },
    '/rides': {
      post: {
        summary: 'Order a ride',
        requestBody: {
          content: {
            'application/json': {
              schema: {
                properties: {
                  boat: { type: 'string', description: 'boat' },
                  length: { type: 'number', description: 'length, in hours' },
                },
              },
            },
          },
        },
        responses: {
          '201': {
            content: {
              'application/json': { schema: { properties: { ticket: { description: 'ticket' } } } },
            },
          },
        },
      },
    },
  },
};

const offered = {
  open_spec: [],
  fetch_it: ['path', 'query', 'headers'],
  check_entry: ['method', 'path', 'headers', 'body'],
  put_entry: ['method', 'path', 'headers', 'body'],
  sit: ['seconds'],
  scratchpad: ['key', 'value'],
};
const tools = Object.entries(offered).map(([name, keys]) => ({
  type: 'function' as const,
  function: {
    name,
    parameters: { properties: Object.fromEntries(keys.map((key) => [key, {}])) },
  },
}));

interface Parts {
  readonly request?: string;
  readonly lessons?: readonly string[];
  readonly notes?: readonly string[];
  readonly calls?: readonly (readonly [tool: string, given: object, result: string])[];
  readonly system?: string;
}

const READ = ['open_spec', {}, JSON.stringify(document)] as const;
const RIDE = 'Make a ride with boat B7 and length 2 and tell me its ticket.';
const COUNT = 'At pier north, how many boats have harbour Bay?';

function moveOf({
  request = RIDE,
  lessons = [],
  notes = [],
  calls = [READ],
  system = 'Do it.',
}: Parts): Move {
  const prompt = [
    system,
    ...(lessons.length === 0 ? [] : ['', '# Lessons']),
    ...lessons.map((text, at) => `- [l${String(at)}@1] ${text}`),
    ...(notes.length === 0 ? [] : ['', '# Scratchpad']),
    ...notes.map((line) => `- ${line}`),
  ].join('\n');
  const messages = [
    { role: 'system' as const, content: prompt },
    { role: 'user' as const, content: `request: ${request}` },
    ...calls.flatMap(([tool, given, result], at) => [
      {
        role: 'assistant' as const,
        content: null,
        tool_calls: [
          {
            id: `c${String(at)}`,
            type: 'function' as const,
            function: { name: tool, arguments: JSON.stringify(given) },
          },
        ],
      },
      { role: 'tool' as const, tool_call_id: `c${String(at)}`, content: result },
    ]),
  ];
  return nextCallerMove(readCallerConversation({ model: 'any', tools, messages }));
}

/** The call of a move that is no note to itself. */
function callOf(move: Move) {
  return move.kind === 'call' ? move.calls.find(({ tool }) => tool !== 'scratchpad') : undefined;
}

function noteOf(move: Move) {
  return move.kind === 'call' ? move.calls.find(({ tool }) => tool === 'scratchpad') : undefined;
}

const rode = { method: 'POST', path: '/rides', body: { boat: 'B7', length: 2 } };

test('reads the document first, whatever the tools are called', () => {
  expect(callOf(moveOf({ calls: [] }))).toEqual({ tool: 'open_spec', arguments: {} });
});

test('gives up where there is no document to read', () => {
  const move = moveOf({ calls: [['open_spec', {}, 'Error HTTP_500: gone']] });

  expect(move).toEqual({ kind: 'answer', text: 'unknown' });
});

test('tries an entry as the document has it before it sends it', () => {
  expect(callOf(moveOf({}))).toEqual({ tool: 'check_entry', arguments: rode });
});

test('sends an entry that it has tried, as its scratchpad says, and answers with what it got', () => {
  const tried = moveOf({ notes: ['tried POST /rides: accepted'] });
  const sent = moveOf({
    notes: ['tried POST /rides: accepted'],
    calls: [READ, ['put_entry', rode, '{"ticket":"T-1"}']],
  });

  expect(callOf(tried)?.tool).toBe('put_entry');
  expect(sent).toEqual({ kind: 'answer', text: 'T-1' });
});

test.each([
  [
    'unknown field "length": it is called "duration"',
    'send `body.duration` instead of `body.length`',
    { boat: 'B7', duration: 2 },
  ],
  ['unknown field "length"', 'leave `body.length` out', { boat: 'B7' }],
  ['"length" is in minutes', 'send `body.length` times 60', { boat: 'B7', length: 120 }],
])('learns from %j, writes it down and does so', (message, said, body) => {
  const move = moveOf({ calls: [READ, ['check_entry', rode, `Error HTTP_422: ${message}`]] });

  expect(noteOf(move)?.arguments['value']).toBe(said);
  expect(callOf(move)).toEqual({ tool: 'check_entry', arguments: { ...rode, body } });
});

test('finds the value of a header in the words of its request, and nowhere else', () => {
  const asked = ['fetch_it', { path: '/boats' }] as const;
  const wanting = (header: string) =>
    moveOf({
      request: COUNT,
      calls: [READ, [...asked, `Error HTTP_400: header ${header} is missing`]],
    });

  expect(callOf(wanting('X-Pier'))?.arguments).toEqual({
    path: '/boats',
    query: { harbour: 'Bay' },
    headers: { 'X-Pier': 'north' },
  });
  expect(callOf(wanting('X-Colour'))?.arguments).toEqual({
    path: '/boats',
    query: { harbour: 'Bay' },
  });
});

test('makes the same call again no third time: what it does not understand ends the goal', () => {
  const known = moveOf({
    notes: ['POST /rides added headers.X-Moon: send `headers.X-Moon` too'],
    calls: [READ, ['check_entry', rode, 'Error HTTP_400: header X-Moon is missing']],
  });
  const strange = moveOf({
    calls: [READ, ['check_entry', rode, 'Error HTTP_400: computer says no']],
  });

  expect([known, strange]).toEqual([
    { kind: 'answer', text: 'unknown' },
    { kind: 'answer', text: 'unknown' },
  ]);
});

test('believes a note before the document, a wrong one too', () => {
  const note =
    'When `check_entry` on `POST /rides` fails with HTTP_422, send `body.pier` instead of `body.boat`.';

  expect(callOf(moveOf({ lessons: [note] }))).toEqual({
    tool: 'put_entry',
    arguments: { ...rode, body: { pier: 'B7', length: 2 } },
  });
});

test('believes what it found out in this task before a note', () => {
  const note =
    'When `check_entry` on `POST /rides` fails with HTTP_400, send `body.length` times 1000.';
  const own = 'POST /rides unit body.length: send `body.length` times 60';

  expect(callOf(moveOf({ lessons: [note], notes: [own] }))?.arguments['body']).toEqual({
    boat: 'B7',
    length: 120,
  });
});

test('a note on another place or in other words tells it nothing', () => {
  const lessons = [
    'When `put_entry` on `POST /boats` fails with HTTP_400, send `body.length` times 60.',
    'Always send the length in minutes.',
  ];

  expect(callOf(moveOf({ lessons }))).toEqual({ tool: 'check_entry', arguments: rode });
});

const page = (next: string | null) =>
  JSON.stringify({ boats: [{ boat: 'a' }, { boat: 'b' }], next });

test('goes on where an answer says so, guessing the name of the parameter', () => {
  const move = moveOf({
    request: COUNT,
    calls: [READ, ['fetch_it', { path: '/boats' }, page('k2')]],
  });

  expect(noteOf(move)?.arguments).toEqual({ key: 'part 1', value: 'count 2, sum 0, next k2' });
  expect(callOf(move)?.arguments['query']).toEqual({ harbour: 'Bay', next: 'k2' });
});

test('takes the name of the parameter from a note, and adds up to the last part', () => {
  const lessons = [
    '`fetch_it` on `/boats` answers in parts: send `query.from` as `next` of the last answer until there is none.',
  ];
  const notes = ['part 1: count 2, sum 0, next k2'];
  const first = moveOf({ request: COUNT, lessons, notes });
  const last = moveOf({
    request: COUNT,
    notes,
    calls: [READ, ['fetch_it', { path: '/boats', query: { from: 'k2' } }, page(null)]],
  });

  expect(callOf(first)?.arguments['query']).toEqual({ harbour: 'Bay', from: 'k2' });
  expect(last).toEqual({ kind: 'answer', text: '4' });
});

test('waits where it was too fast, and before it is where a note tells how often it may read', () => {
  const read = ['fetch_it', { path: '/boats' }, page('k2')] as const;
  const tooFast = 'Error HTTP_429: too many requests: retry after 3 seconds';
  const lesson = 'When `fetch_it` on `/boats` fails with HTTP_429, call `sit` after every 2 calls.';
  const refused = moveOf({
    request: COUNT,
    calls: [READ, read, read, ['fetch_it', { path: '/boats' }, tooFast]],
  });
  const told = (calls: Parts['calls']) =>
    callOf(moveOf({ request: COUNT, lessons: [lesson], ...(calls && { calls }) }));

  expect(callOf(refused)).toEqual({ tool: 'sit', arguments: { seconds: 3 } });
  expect(noteOf(refused)?.arguments['value']).toBe('call `sit` after every 2 calls');
  expect(told([READ, read, read])?.tool).toBe('sit');
  expect(told([READ, read])?.tool).toBe('fetch_it');
});

test('answers when its turns are used up, with what it has', () => {
  const move = moveOf({
    request: `${RIDE} Then make a ride with boat B8 and length 3 and tell me its ticket.`,
    notes: ['result 1: T-1'],
    system: 'You have 2 turns.',
  });

  expect(move).toEqual({ kind: 'answer', text: 'T-1, unknown' });
});

test('is asked only where a task is a request', () => {
  const prompt = (content: string) => ({
    model: 'm',
    messages: [{ role: 'user' as const, content }],
  });

  expect(isCallerPrompt(prompt(`request: ${RIDE}`))).toBe(true);
  expect(isCallerPrompt(prompt('question: How many boats are there?'))).toBe(false);
});

test('reads requests of the kinds it knows and no others', () => {
  expect(
    parseRequest('At pier north, what is the total seats of the boats with harbour Bay?'),
  ).toEqual({
    around: [{ noun: 'pier', value: 'north' }],
    goals: [
      { kind: 'total', of: 'boats', field: 'seats', slots: [{ noun: 'harbour', value: 'Bay' }] },
    ],
  });
  expect(parseRequest('What is the length of the ride T-1?')?.goals).toEqual([
    { kind: 'field', of: 'ride', field: 'length', id: 'T-1' },
  ]);
  expect(parseRequest('Tell me a story.')).toBeUndefined();
});

test('never falls over, whatever a tool answered or a note says', () => {
  const text = fc.oneof(fc.string(), fc.json(), fc.constant('Error HTTP_400: header X is missing'));

  fc.assert(
    fc.property(text, text, fc.constantFrom(RIDE, COUNT), (result, lesson, request) => {
      const move = moveOf({
        request,
        lessons: [lesson],
        notes: [`part 1: ${lesson}`],
        calls: [READ, ['check_entry', rode, result], ['fetch_it', { path: '/boats' }, result]],
      });
      expect(['call', 'answer']).toContain(move.kind);
    }),
  );
});
