import { expect, test } from 'vitest';

import type { ModelAnswer } from '../../src/activities/task-activities.js';
import { textOfStep, travelling, wholeCall } from '../../src/activities/travelling-reply.js';
import type { ModelStep, ToolCall } from '../../src/domain/episode.js';
import { EPISODE, FakeStore, TENANT } from '../support/fake-store.js';

const LIMIT = 64 * 1024;
const usage = { inputTokens: 1, outputTokens: 1 };

function aStep(text: string, toolCalls: readonly ToolCall[] = []): ModelStep {
  return { index: 0, kind: 'model', model: 'm', text, toolCalls, usage };
}

function travelled({ text, toolCalls }: ModelStep): ModelAnswer {
  return travelling({ model: 'm', text, toolCalls, tokens: 2, costMicroUsd: 0 });
}

const bytesOf = (value: unknown): number => Buffer.byteLength(JSON.stringify(value));
const calls = (count: number, id: (index: number) => string, args: string): ToolCall[] =>
  Array.from({ length: count }, (_, index) => ({ id: id(index), tool: 't', arguments: args }));

test('a small reply travels whole', () => {
  const step = aStep('so be it', calls(3, String, '{"a":1}'));

  expect(travelled(step)).toMatchObject({ text: step.text, toolCalls: step.toolCalls });
  expect(travelled(step).isTextStored).toBeUndefined();
});

test.each([
  ['a long text', aStep('x'.repeat(1_000_000))],
  ['a text that is longer in JSON', aStep('\u0001'.repeat(200_000))],
  ['long arguments', aStep('', calls(1, String, JSON.stringify({ a: 'x'.repeat(500_000) })))],
  ['many calls', aStep('', calls(128, String, JSON.stringify({ a: 'x'.repeat(5_000) })))],
  [
    'long ids',
    aStep(
      '',
      calls(128, (index) => 'i'.repeat(5_000) + String(index), '{}'),
    ),
  ],
  ['quotes alone', aStep('"'.repeat(40_000), calls(16, String, '"'.repeat(40_000)))],
])('of %s no more than 64 KB travel, and the whole is found by its step', async (_, step) => {
  const store = new FakeStore();
  await store.putStep(TENANT, EPISODE, step);

  const reply = travelled(step);

  expect(bytesOf(reply)).toBeLessThanOrEqual(LIMIT);
  const text = reply.isTextStored === true ? textOfStep([step], 0) : reply.text;
  expect(text).toBe(step.text);
  const whole = await Promise.all(
    reply.toolCalls.map((call, index) =>
      wholeCall(store, { tenant: TENANT, episode: EPISODE, step: index + 1, call }),
    ),
  );
  expect(whole).toEqual(step.toolCalls);
});

test('calls that differ only at their end stay apart where they travel short', () => {
  const long = 'x'.repeat(60_000);
  const step = aStep('', [
    { id: 'a', tool: 't', arguments: `${long}1` },
    { id: 'b', tool: 't', arguments: `${long}2` },
  ]);

  const [one, other] = travelled(step).toolCalls.map((call) => call.arguments);

  expect(one).not.toBe(other);
});
