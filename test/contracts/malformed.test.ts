import { expect, test } from 'vitest';
import { z } from 'zod';

import { feedbackFor } from '../../src/contracts/feedback.js';
import { readReflection } from '../../src/contracts/reflection-reply.js';
import { parseToolArguments } from '../../src/contracts/tool-arguments.js';
import type { ImportFormat } from '../../src/domain/imported-run.js';
import { createModelClient } from '../../src/model/openai-client.js';
import {
  anInterCodeRun,
  itemsIn,
  linesOf,
  MESSAGES,
  readOptions,
} from '../support/import-lines.js';
import { sendJson, startModelEndpoint } from '../support/model-endpoint.js';

const deep = (levels: number): unknown => (levels === 0 ? 1 : { in: deep(levels - 1) });
const span = (changes: Record<string, unknown> = {}) => ({
  trace_id: 't1',
  span_id: 's1',
  start_time: '2026-01-01T00:00:00Z',
  attributes: {},
  ...changes,
});
const memory = (changes: Record<string, unknown> = {}) => ({
  dataset: 'd',
  model: 'm',
  method: 'x',
  order: 0,
  item: 'i',
  success: 1,
  memory_version: 'v1',
  changed: true,
  memory_text: 'know this',
  ...changes,
});
const toolResult = { role: 'tool', tool_call_id: 'nobody', content: '1' };

const imports: readonly (readonly [ImportFormat, string, unknown, string, RegExp])[] = [
  ['intercode', 'half a line', '{"run_id": "ic/', 'NOT_JSON', /line/],
  ['intercode', 'no JSON at all', 'SELECT 1', 'NOT_JSON', /line/],
  ['intercode', 'a number', 7, 'MALFORMED', /run/],
  ['intercode', 'null', null, 'MALFORMED', /run/],
  ['intercode', 'no run_id', anInterCodeRun({ run_id: undefined }), 'MALFORMED', /run\.run_id/],
  ['intercode', 'an empty run_id', anInterCodeRun({ run_id: '' }), 'MALFORMED', /run\.run_id/],
  ['intercode', 'a newline in run_id', anInterCodeRun({ run_id: 'a\nb' }), 'MALFORMED', /run_id/],
  [
    'intercode',
    'a long run_id',
    anInterCodeRun({ run_id: 'r'.repeat(513) }),
    'MALFORMED',
    /run_id/,
  ],
  ['intercode', 'no task', anInterCodeRun({ task_id: null }), 'MALFORMED', /run\.task_id/],
  ['intercode', 'an empty config', anInterCodeRun({ config: '' }), 'MALFORMED', /run\.config/],
  ['intercode', 'success 2', anInterCodeRun({ success: 2 }), 'MALFORMED', /run\.success/],
  ['intercode', 'success yes', anInterCodeRun({ success: 'yes' }), 'MALFORMED', /run\.success/],
  [
    'intercode',
    'a reward in words',
    anInterCodeRun({ reward: 'high' }),
    'MALFORMED',
    /run\.reward/,
  ],
  ['intercode', 'negative turns', anInterCodeRun({ turns: -1 }), 'MALFORMED', /run\.turns/],
  ['intercode', 'slices as a list', anInterCodeRun({ slices: ['a'] }), 'MALFORMED', /run\.slices/],
  ['intercode', 'a nested slice', anInterCodeRun({ slices: { a: {} } }), 'MALFORMED', /slices\.a/],
  ['intercode', 'no steps', anInterCodeRun({ steps: undefined }), 'MALFORMED', /run\.steps/],
  [
    'intercode',
    'a step without observation',
    anInterCodeRun({ steps: [{ i: 0, action: 'a' }] }),
    'MALFORMED',
    /run\.steps\.0\.observation/,
  ],
  [
    'intercode',
    'steps out of order',
    anInterCodeRun({ steps: [{ i: 1, action: 'a', observation: 'b' }] }),
    'MALFORMED',
    /run\.steps\.0\.i: found 1, expected 0/,
  ],
  ['intercode', 'values too deep', deep(200), 'TOO_DEEP', /levels/],
  ['tau-bench', 'no messages', { task_id: 1 }, 'MALFORMED', /run\.traj/],
  ['tau-bench', 'empty messages', { task_id: 1, messages: [] }, 'MALFORMED', /run\.messages/],
  ['tau-bench', 'no task', { messages: MESSAGES }, 'MALFORMED', /run\.task_id/],
  [
    'tau-bench',
    'a result of no call',
    { task_id: 1, messages: [MESSAGES[0], toolResult] },
    'CALL_UNKNOWN',
    /run\.messages\.1\.tool_call_id: found nobody/,
  ],
  ['openai-chat', 'a text', '"hello"', 'MALFORMED', /transcript/],
  ['openai-chat', 'only the person', [MESSAGES[0]], 'EMPTY_RUN', /transcript\.messages/],
  ['openai-chat', 'another role', [{ role: 'robot', content: 'x' }], 'MALFORMED', /0\.role/],
  ['openai-chat', 'content 3', [{ role: 'user', content: 3 }], 'MALFORMED', /0\.content/],
  [
    'openai-chat',
    'a call without a name',
    [{ role: 'assistant', content: '', tool_calls: [{ id: 'c' }] }],
    'MALFORMED',
    /tool_calls\.0\.name/,
  ],
  ['altk-evolve', 'another key', { messages: MESSAGES, score: 1 }, 'MALFORMED', /score/],
  [
    'altk-evolve',
    'a batch without revision',
    { messages: MESSAGES, batch: { source: 's', conversation_id: 'c', batch_id: 'b' } },
    'MALFORMED',
    /batch\.revision/,
  ],
  [
    'altk-evolve',
    'a fact',
    { id: '1', type: 'fact', content: 'x' },
    'NOT_IMPORTABLE',
    /entity\.type: found "fact"/,
  ],
  [
    'altk-evolve',
    'a guideline of nobody',
    { id: '1', type: 'guideline', content: 'Ask first.' },
    'MALFORMED',
    /agent_id.*--agent/,
  ],
  ['openinference', 'no trace', span({ trace_id: undefined }), 'MALFORMED', /span\.trace_id/],
  ['openinference', 'no start', span({ start_time: undefined }), 'MALFORMED', /span\.start_time/],
  ['openinference', 'start soon', span({ start_time: 'soon' }), 'MALFORMED', /span\.start_time/],
  ['openinference', 'a trace of nothing', span(), 'EMPTY_RUN', /trace t1/],
  [
    'otel-genai',
    'messages that are no JSON',
    span({
      attributes: { 'gen_ai.operation.name': 'chat', 'gen_ai.input.messages': '[{' },
    }),
    'MALFORMED',
    /gen_ai\.input\.messages/,
  ],
  [
    'otel-genai',
    'an export without spans',
    { resourceSpans: [{ scopeSpans: [{ spans: 4 }] }] },
    'MALFORMED',
    /spans/,
  ],
  ['cheatsheet-memory', 'no order', memory({ order: null }), 'MALFORMED', /row\.order/],
  [
    'cheatsheet-memory',
    'a text nobody has seen',
    memory({ memory_text: null }),
    'MALFORMED',
    /row\.memory_text: found none for version v1/,
  ],
  ['lessons', 'a secret', '- the password is hunter2!x', 'SECRET', /key or password/],
  ['lessons', 'an order to widen', `- ${'Say it. '.repeat(200)}`, 'LESSON_TOO_LONG', /tokens/],
  ['lessons', 'half a slice', '- [database] count rows', 'MALFORMED', /slice=value/],
];

test.each(imports)('%s: %s is answered by its code', async (format, _, record, code, says) => {
  const items = await itemsIn(linesOf(record), readOptions(format));

  expect(items.filter(({ kind }) => kind === 'run' || kind === 'lesson')).toEqual([]);
  expect(items.filter(({ kind }) => kind === 'bad')).toMatchObject([{ line: 1, code }]);
  expect(items.find(({ kind }) => kind === 'bad')).toMatchObject({
    message: expect.stringMatching(says) as unknown,
  });
});

test('bytes that are no UTF-8 are answered by their line, and the next one is read', async () => {
  const good = Buffer.from(`\n${linesOf(anInterCodeRun())}`);

  const items = await itemsIn(
    Buffer.concat([Buffer.from([0xff, 0xfe]), good]),
    readOptions('intercode'),
  );

  expect(items.map(({ kind }) => kind)).toEqual(['record', 'bad', 'record', 'run']);
  expect(items[1]).toMatchObject({ line: 1, code: 'NOT_UTF8' });
});

const feedback = (changes: Record<string, unknown>) => ({
  id: 'f1',
  episode: 'e-1',
  actor: 'ann',
  role: 'user',
  score: 1,
  correction: null,
  comment: null,
  ...changes,
});

const feedbacks: readonly (readonly [string, unknown, string, RegExp])[] = [
  ['nothing at all', undefined, 'InvalidInputError', /feedback/],
  ['an empty id', feedback({ id: '' }), 'InvalidInputError', /feedback\.id/],
  ['no episode', feedback({ episode: undefined }), 'InvalidInputError', /feedback\.episode/],
  ['a path as episode', feedback({ episode: '../e' }), 'InvalidInputError', /episode/],
  ['no actor', feedback({ actor: '' }), 'InvalidInputError', /feedback\.actor/],
  ['a role of its own', feedback({ role: 'root' }), 'InvalidInputError', /feedback\.role/],
  ['a score over 1', feedback({ score: 1.5 }), 'InvalidInputError', /feedback\.score/],
  ['a score as text', feedback({ score: '1' }), 'InvalidInputError', /feedback\.score/],
  ['a score that is no number', feedback({ score: NaN }), 'InvalidInputError', /feedback\.score/],
  ['a NUL', feedback({ comment: 'a\0b' }), 'InvalidInputError', /feedback\.comment/],
  ['a book', feedback({ comment: 'x'.repeat(20_001) }), 'InvalidInputError', /feedback\.comment/],
  ['another key', feedback({ weight: 9 }), 'InvalidInputError', /weight/],
  ['nothing said', feedback({ score: null }), 'InvalidInputError', /nothing said/],
  ['a veto of a user', feedback({ act: 'veto' }), 'DeniedError', /veto by a user/],
];

test.each(feedbacks)('feedback: %s is answered by its error', (_, given, name, says) => {
  expect(() => feedbackFor(given)).toThrow(
    expect.objectContaining({ name, message: expect.stringMatching(says) as unknown }) as Error,
  );
});

const lesson = (changes: Record<string, unknown> = {}) => ({
  kind: 'rule',
  title: 'count once',
  text: 'Count each order once.',
  steps: [1],
  ...changes,
});
const replied = (lessons: unknown): string => JSON.stringify({ lessons });

const reflections: readonly (readonly [string, string, string, RegExp])[] = [
  ['nothing', '', 'NOT_JSON', /no JSON object/],
  ['prose', 'I learned to count orders once.', 'NOT_JSON', /no JSON object/],
  ['cut off', replied([lesson()]).slice(0, -9), 'NOT_JSON', /no JSON object/],
  ['no lessons', '{}', 'MALFORMED', /lessons/],
  ['a number for lessons', replied(7), 'MALFORMED', /lessons/],
  ['one lesson without a list', replied(lesson()), 'MALFORMED', /lessons/],
  ['a lesson as text', replied(['count once']), 'MALFORMED', /lessons\.0/],
  ['a lesson without title', replied([lesson({ title: undefined })]), 'MALFORMED', /0\.title/],
  ['a lesson without text', replied([lesson({ text: null })]), 'MALFORMED', /lessons\.0\.text/],
  ['a text that is a list', replied([lesson({ text: ['a'] })]), 'MALFORMED', /lessons\.0\.text/],
  ['a book', replied([lesson({ text: 'x'.repeat(4_001) })]), 'MALFORMED', /lessons\.0\.text/],
  ['nine lessons', replied(Array.from({ length: 9 }, () => lesson())), 'MALFORMED', /lessons/],
];

test.each(reflections)(
  'reflection: a reply of %s is answered by its code',
  (_, reply, code, says) => {
    expect(readReflection(reply)).toMatchObject({
      ok: false,
      code,
      fault: expect.stringMatching(says) as unknown,
    });
  },
);

const replies: readonly (readonly [string, unknown])[] = [
  ['no choices', {}],
  ['an empty list of choices', { choices: [] }],
  ['a choice without a message', { choices: [{}] }],
  ['content that is a number', { choices: [{ message: { content: 3 } }] }],
  ['calls that are no list', { choices: [{ message: { content: '', tool_calls: {} } }] }],
];

test.each(replies)('model reply: %s is told by its error', async (_, reply) => {
  const endpoint = await startModelEndpoint((response) => sendJson(response, reply));
  const client = createModelClient({ baseUrl: endpoint.url, apiKey: 'key' });

  const asked = client.complete({
    model: 'm',
    messages: [{ role: 'user', content: 'how many?' }],
    functions: [],
    temperature: 0,
    timeoutMs: 5_000,
    signal: new AbortController().signal,
  });

  await expect(asked).rejects.toMatchObject({ name: 'ModelProtocolError' });
  await endpoint.close();
});

test('there are sixty of them at least, no two alike', () => {
  const all = [imports, feedbacks, reflections, replies].flatMap((cases, at) =>
    cases.map((one) => JSON.stringify([at, ...one.slice(0, 3)])),
  );

  expect(new Set(all).size).toBe(all.length);
  expect(imports.length).toBeGreaterThanOrEqual(40);
  expect(feedbacks.length).toBeGreaterThanOrEqual(10);
  expect(all.length).toBeGreaterThanOrEqual(60);
});

test.each([
  ['no JSON', '{"sql": ', 'TOOL_ARGS_INVALID'],
  ['a list', '[]', 'TOOL_ARGS_INVALID'],
  ['another key', '{"sql": "select 1", "force": true}', 'TOOL_ARGS_INVALID'],
  ['a reserved name', '{"sql": "x", "__proto__": {}}', 'TOOL_ARGS_INVALID'],
  ['a number that loses its value', '{"sql": "x", "limit": 9007199254740993}', 'NUMBER_UNSAFE'],
])('tool arguments: %s is answered by its code', async (_, text, code) => {
  const schema = z.strictObject({ sql: z.string(), limit: z.number().optional() });

  expect(await parseToolArguments(schema, text)).toMatchObject({ ok: false, code });
});
