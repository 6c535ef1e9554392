import OpenAI from 'openai';
import { afterEach, expect, test } from 'vitest';
import { startCompletionServer } from '../../src/model/completion-server.js';
import { drawFault, FAULT_KINDS, type FaultKind } from '../../src/model/fault-injection.js';

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

/** Asks a server that always has this fault, once. */
async function askWith(kind: FaultKind): Promise<unknown> {
  const server = await startCompletionServer({
    answer: () => ({
      ok: true,
      model: 'stub',
      text: null,
      toolCalls: [{ id: 'c1', name: 'look', arguments: '{}' }],
    }),
    models: ['stub'],
    faults: { seed: 1, rates: { [kind]: 1 }, retryAfterSeconds: 7 },
  });
  closers.push(server.close);
  const client = new OpenAI({ apiKey: 'none', baseURL: server.url, maxRetries: 0, timeout: 300 });
  const messages = [{ role: 'user' as const, content: 'hello' }];
  return client.chat.completions
    .create({ model: 'stub', messages })
    .catch((error: unknown) => error);
}

test('draws faults at the rates of the plan, the same ones again for the same seed', () => {
  const plan = { seed: 3, rates: { 'rate-limit': 0.1, 'half-body': 0.05 } };
  const draw = (): (FaultKind | undefined)[] =>
    Array.from({ length: 4_000 }, (_, at) => drawFault(plan, `request ${String(at)}`, 0));

  const drawn = draw();

  const share = (kind: FaultKind): number => drawn.filter((each) => each === kind).length / 4_000;
  expect(drawn).toEqual(draw());
  expect(share('rate-limit')).toBeCloseTo(0.1, 1);
  expect(share('half-body')).toBeCloseTo(0.05, 1);
  expect(share('timeout')).toBe(0);
});

test('draws anew for a retry of the same request', () => {
  const plan = { seed: 3, rates: { 'server-error': 0.5 } };

  const drawn = Array.from({ length: 64 }, (_, attempt) => drawFault(plan, 'request', attempt));

  expect(new Set(drawn).size).toBe(2);
});

test('has every fault it knows a client notice', async () => {
  const seen = new Map<FaultKind, unknown>();
  for (const kind of FAULT_KINDS) seen.set(kind, await askWith(kind));

  expect(seen.get('rate-limit')).toMatchObject({ status: 429 });
  expect(seen.get('server-error')).toMatchObject({ status: 500 });
  expect(seen.get('timeout')).toBeInstanceOf(OpenAI.APIConnectionTimeoutError);
  expect(seen.get('half-body')).toBeInstanceOf(Error);
  expect(seen.get('duplicate-reply')).toMatchObject({
    choices: [{ message: { tool_calls: [{ id: 'c1' }, { id: 'c1' }] } }],
  });
});

test('says in a 429 when to come back', async () => {
  const error = await askWith('rate-limit');

  expect(error).toBeInstanceOf(OpenAI.RateLimitError);
  expect(error instanceof OpenAI.RateLimitError && error.headers.get('retry-after')).toBe('7');
});
