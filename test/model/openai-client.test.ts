import { afterEach, expect, test } from 'vitest';

import type { CompletionInput } from '../../src/activities/model-activities.js';
import { createModelClient } from '../../src/model/openai-client.js';
import {
  aCall,
  aCompletion,
  sendJson,
  startModelEndpoint,
  type ModelEndpoint,
} from '../support/model-endpoint.js';

type Answer = Parameters<typeof startModelEndpoint>[0];

const NOW = Date.parse('2026-01-01T00:00:00Z');
const endpoints: ModelEndpoint[] = [];
afterEach(async () => {
  for (const endpoint of endpoints.splice(0)) await endpoint.close();
});

async function aModel(answer: Answer) {
  const endpoint = await startModelEndpoint(answer);
  endpoints.push(endpoint);
  const client = createModelClient({ baseUrl: endpoint.url, apiKey: 'key', now: () => NOW });
  return {
    endpoint,
    complete: (more: Partial<CompletionInput> = {}) => client.complete(anInput(more)),
  };
}

function anInput(more: Partial<CompletionInput> = {}): CompletionInput {
  return {
    model: 'gpt-test',
    messages: [
      { role: 'system', content: 'Answer.' },
      { role: 'user', content: 'question: how many?' },
    ],
    functions: [],
    temperature: 0,
    timeoutMs: 5_000,
    signal: new AbortController().signal,
    ...more,
  };
}

test('asks in the form of the protocol and reads text, model and usage', async () => {
  const { endpoint, complete } = await aModel((response) => sendJson(response, aCompletion()));

  const reply = await complete({
    functions: [{ name: 'count', description: 'Counts.', parameters: { type: 'object' } }],
    messages: [
      { role: 'user', content: 'how many?' },
      {
        role: 'assistant',
        content: '',
        toolCalls: [{ id: 'c1', tool: 'count', arguments: '{}' }],
      },
      { role: 'tool', callId: 'c1', content: '3' },
    ],
  });

  expect(reply).toEqual({
    model: 'gpt-test-2026',
    text: 'three',
    toolCalls: [],
    usage: { inputTokens: 100, outputTokens: 20 },
  });
  expect(endpoint.requests[0]).toMatchObject({
    path: '/v1/chat/completions',
    headers: { authorization: 'Bearer key' },
    body: {
      model: 'gpt-test',
      temperature: 0,
      tools: [{ type: 'function', function: { name: 'count', description: 'Counts.' } }],
      messages: [
        { role: 'user', content: 'how many?' },
        {
          role: 'assistant',
          content: null,
          tool_calls: [
            { id: 'c1', type: 'function', function: { name: 'count', arguments: '{}' } },
          ],
        },
        { role: 'tool', tool_call_id: 'c1', content: '3' },
      ],
    },
  });
});

test('sends no tools at all where none are offered', async () => {
  const { endpoint, complete } = await aModel((response) => sendJson(response, aCompletion()));

  await complete({ functions: [] });

  expect(endpoint.requests[0]?.body).not.toHaveProperty('tools');
});

const RATE_LIMITS: readonly (readonly [string, Record<string, string>, object])[] = [
  ['seconds', { 'retry-after': '7' }, { retryable: true, retryAfterMs: 7_000 }],
  [
    'an HTTP date',
    { 'retry-after': 'Thu, 01 Jan 2026 00:00:30 GMT' },
    { retryable: true, retryAfterMs: 30_000 },
  ],
  [
    'milliseconds, which win over seconds',
    { 'retry-after-ms': '250', 'retry-after': '9' },
    { retryable: true, retryAfterMs: 250 },
  ],
  ['a date in the past', { 'retry-after': 'Thu, 01 Jan 2015 00:00:30 GMT' }, { retryable: true }],
  ['nothing that can be read', { 'retry-after': 'soon' }, { retryable: true }],
  [
    'a day, which is cut to fifteen minutes',
    { 'retry-after': '86400' },
    { retryable: true, retryAfterMs: 900_000 },
  ],
  [
    'seconds, but x-should-retry says no',
    { 'retry-after': '7', 'x-should-retry': 'false' },
    { retryable: false },
  ],
];
test.each(RATE_LIMITS)(
  'a 429 with %s is one call and one rate limit',
  async (_, headers, facts) => {
    const { endpoint, complete } = await aModel((response) =>
      sendJson(response, { error: { message: 'slow down' } }, 429, headers),
    );

    await expect(complete()).rejects.toMatchObject({ name: 'ModelRateLimitedError', ...facts });

    expect(endpoint.requests).toHaveLength(1);
  },
);

test('a quota that is used up is not worth another attempt', async () => {
  const { complete } = await aModel((response) =>
    sendJson(response, { error: { message: 'quota', code: 'insufficient_quota' } }, 429),
  );

  await expect(complete()).rejects.toMatchObject({
    name: 'ModelRateLimitedError',
    retryable: false,
  });
});

test.each([408, 500, 502, 503, 529])('HTTP %i may pass', async (status) => {
  const { endpoint, complete } = await aModel((response) =>
    sendJson(response, { error: { message: 'overloaded' } }, status),
  );

  await expect(complete()).rejects.toMatchObject({
    name: 'ModelUnavailableError',
    retryable: true,
  });

  expect(endpoint.requests).toHaveLength(1);
});

test('a 503 that says when to come back is heard', async () => {
  const { complete } = await aModel((response) =>
    sendJson(response, 'busy', 503, { 'retry-after': '2' }),
  );

  await expect(complete()).rejects.toMatchObject({ retryAfterMs: 2_000 });
});

test.each([400, 404, 409, 413, 422])('HTTP %i is a refusal that stays', async (status) => {
  const { endpoint, complete } = await aModel((response) =>
    sendJson(response, { error: { message: 'no', type: 'invalid_request_error' } }, status),
  );

  await expect(complete()).rejects.toMatchObject({
    name: 'ModelRefusedRequestError',
    retryable: false,
  });

  expect(endpoint.requests).toHaveLength(1);
});

test('a 409 that is a lock may pass', async () => {
  const { complete } = await aModel((response) =>
    sendJson(response, { error: { message: 'locked', type: 'conflict' } }, 409),
  );

  await expect(complete()).rejects.toMatchObject({
    name: 'ModelUnavailableError',
    retryable: true,
  });
});

test.each([401, 403])(
  'HTTP %i keeps what the server said about the key to itself',
  async (status) => {
    const { complete } = await aModel((response) =>
      sendJson(response, { error: { message: 'wrong key sk-secret' } }, status),
    );

    const error: unknown = await complete().catch((reason: unknown) => reason);

    expect(error).toMatchObject({ name: 'ModelAuthError', retryable: false });
    expect(JSON.stringify(error) + String(error)).not.toContain('sk-secret');
    expect(error).not.toHaveProperty('cause');
  },
);

test('a server that hangs frees the caller at the deadline', async () => {
  const { complete } = await aModel(() => undefined);
  const before = performance.now();

  await expect(complete({ timeoutMs: 200 })).rejects.toMatchObject({
    name: 'ModelUnavailableError',
    message: expect.stringContaining('200 ms'),
  });

  expect(performance.now() - before).toBeLessThan(1_200);
});

test('a server that trickles frees the caller at the same deadline', async () => {
  const { complete } = await aModel((response) => {
    response.writeHead(200, { 'content-type': 'application/json' });
    const drip = setInterval(() => response.write(' '), 20);
    response.on('close', () => {
      clearInterval(drip);
    });
  });
  const before = performance.now();

  await expect(complete({ timeoutMs: 200 })).rejects.toMatchObject({
    name: 'ModelUnavailableError',
  });

  expect(performance.now() - before).toBeLessThan(1_200);
});

test('half a body may pass', async () => {
  const body = JSON.stringify(aCompletion());
  const { complete } = await aModel((response) => {
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': body.length });
    response.write(body.slice(0, 40), () => response.destroy());
  });

  await expect(complete()).rejects.toMatchObject({
    name: 'ModelUnavailableError',
    retryable: true,
  });
});

test('a connection that is refused names the reason', async () => {
  const endpoint = await startModelEndpoint(() => undefined);
  await endpoint.close();
  const client = createModelClient({ baseUrl: endpoint.url, apiKey: 'key' });

  await expect(client.complete(anInput())).rejects.toMatchObject({
    name: 'ModelUnavailableError',
    message: expect.stringContaining('ECONNREFUSED'),
  });
});

test('a cancellation is thrown as it was given', async () => {
  const cancelled = new AbortController();
  const { complete } = await aModel(() => {
    cancelled.abort(new Error('cancelled by a person'));
  });

  await expect(complete({ signal: cancelled.signal })).rejects.toThrow('cancelled by a person');
});

const NO_COMPLETIONS: readonly (readonly [string, string])[] = [
  ['an HTML page', '<html><body>Bad gateway</body></html>'],
  ['nothing', ''],
  ['a JSON string', '"hello"'],
  ['no choices', '{"choices":[]}'],
  ['choices that are no list', '{"choices":"one"}'],
  ['a choice without message', '{"choices":[{"index":0}]}'],
  ['content that is a number', '{"choices":[{"message":{"content":7}}]}'],
  ['tool calls that are no list', '{"choices":[{"message":{"tool_calls":"run"}}]}'],
  ['an error with status 200', '{"error":{"message":"overloaded"}}'],
  ['JSON that ends early', '{"choices":[{"message":{"content":"th'],
];
test.each(NO_COMPLETIONS)('HTTP 200 with %s is no completion', async (_, body) => {
  const { complete } = await aModel((response) => sendJson(response, body));

  await expect(complete()).rejects.toMatchObject({ name: 'ModelProtocolError', retryable: true });
});

const THRICE = JSON.stringify(JSON.stringify('{"n":1}'));
const CALLS: readonly (readonly [string, unknown, string])[] = [
  ['stay as they were written', '{"n": 1}', '{"n": 1}'],
  ['encoded twice are decoded once', JSON.stringify('{"n":1}'), '{"n":1}'],
  ['in a fence are taken out of it', 'Sure:\n```json\n{"n":1}\n```\nDone.', '{"n":1}'],
  ['in a fence without language are taken out of it', '```\n{"n":1}\n```', '{"n":1}'],
  ['given as an object become text', { n: 1 }, '{"n":1}'],
  ['left out are none', undefined, '{}'],
  ['of white space are none', ' \n', '{}'],
  ['encoded three times stay as they are', THRICE, THRICE],
  ['cut off stay as they are', '{"n":', '{"n":'],
  ['in a fence that is cut off stay as they are', '```json\n{"n":1', '```json\n{"n":1'],
  ['with NUL lose it', '{"n":\0 1}', '{"n": 1}'],
];
test.each(CALLS)('arguments %s', async (_, written, expected) => {
  const { complete } = await aModel((response) => sendJson(response, aCompletion(aCall(written))));

  const { toolCalls } = await complete();

  expect(toolCalls).toEqual([{ id: 'c1', tool: 'add_row', arguments: expected }]);
});

test('a call without id or name is passed on for refusal, a duplicate id too', async () => {
  const call = { id: 'c1', function: { name: 'add_row', arguments: '{}' } };
  const { complete } = await aModel((response) =>
    sendJson(response, aCompletion({ tool_calls: [call, call, { type: 'function' }] })),
  );

  const { toolCalls } = await complete();

  expect(toolCalls.map(({ id, tool }) => [id, tool])).toEqual([
    ['c1', 'add_row'],
    ['c1', 'add_row'],
    ['', ''],
  ]);
});

test('content in parts is one text, a refusal is an answer, and half a character is replaced', async () => {
  const contents = [
    {
      content: [
        { type: 'text', text: 'thr' },
        { type: 'text', text: 'ee' },
      ],
    },
    { content: null, refusal: 'I cannot.' },
    { content: 'a\ud800b\0' },
  ];
  const { complete } = await aModel((response, call) =>
    sendJson(response, aCompletion(contents[call - 1])),
  );

  const replies = [await complete(), await complete(), await complete()];

  expect(replies.map(({ text }) => text)).toEqual(['three', 'I cannot.', 'a\ufffdb']);
  expect(replies.map(({ isRefusal }) => isRefusal)).toEqual([undefined, true, undefined]);
});

test('usage that is missing or wrong is estimated by four characters a token', async () => {
  const { usage: _usage, ...uncounted } = { usage: null, ...aCompletion() };
  const { complete } = await aModel((response, call) =>
    sendJson(response, call === 1 ? uncounted : { ...uncounted, usage: { prompt_tokens: -1 } }),
  );
  const input = anInput();
  const inputTokens = Math.ceil(JSON.stringify([input.messages, input.functions]).length / 4);

  const usages = [await complete(), await complete()].map(({ usage }) => usage);

  const estimate = { inputTokens, outputTokens: Math.ceil('three[]'.length / 4) };
  expect(usages).toEqual([estimate, estimate]);
});

test('a model that knows no temperature is asked without, once and for all', async () => {
  const refusal = { error: { message: 'Unsupported value', param: 'temperature' } };
  const { endpoint, complete } = await aModel((response, call) => {
    if (call === 1) sendJson(response, refusal, 400);
    else sendJson(response, aCompletion());
  });

  await complete();
  await complete();

  const asked = endpoint.requests.map(({ body }) => JSON.stringify(body).includes('temperature'));
  expect(asked).toEqual([true, false, false]);
});

const replySchema = { name: 'answer', schema: { type: 'object', required: ['answer'] } };

test('the schema of a reply is sent as one, and nothing where there is none', async () => {
  const { endpoint, complete } = await aModel((response) => sendJson(response, aCompletion()));

  await complete({ replySchema });
  await complete();

  const [first, second] = endpoint.requests.map(({ body }) => body as Record<string, unknown>);
  expect(first?.['response_format']).toEqual({
    type: 'json_schema',
    json_schema: { ...replySchema, strict: true },
  });
  expect(second).not.toHaveProperty('response_format');
});

test.each([
  { message: 'Unsupported parameter', param: 'response_format' },
  { message: "'response_format.type' must be 'text'", param: null },
  { message: 'json_schema is not supported by this model', param: null },
])('an endpoint that knows no schema is asked without, once and for all: %j', async (error) => {
  const { endpoint, complete } = await aModel((response, call) => {
    if (call === 1) sendJson(response, { error }, 400);
    else sendJson(response, aCompletion());
  });

  await complete({ replySchema });
  await complete({ replySchema });

  const asked = endpoint.requests.map(({ body }) => JSON.stringify(body).includes('json_schema'));
  expect(asked).toEqual([true, false, false]);
});

test('a model that knows neither temperature nor schema is asked without both', async () => {
  const { endpoint, complete } = await aModel((response, call) => {
    if (call === 1) sendJson(response, { error: { message: 'no', param: 'temperature' } }, 400);
    else if (call === 2)
      sendJson(response, { error: { message: 'no', param: 'response_format' } }, 400);
    else sendJson(response, aCompletion());
  });

  await complete({ replySchema });

  expect(endpoint.requests).toHaveLength(3);
});

test('a body without end is cut off', async () => {
  const { complete } = await aModel((response) => {
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(Buffer.alloc(17 * 1024 * 1024, ' '));
  });

  await expect(complete()).rejects.toMatchObject({ name: 'ModelProtocolError' });
});
