import { expect, test } from 'vitest';

import { startCompletionServer } from '../../src/model/completion-server.js';
import { createModelClient } from '../../src/model/openai-client.js';

const TASKS = 200;
const MOST_ATTEMPTS = 5;
const LANES = 20;

test('two hundred calls at 28 % faults all end within five attempts, each failure of a known kind', async () => {
  const server = await startCompletionServer({
    answer: ({ messages }) => ({
      ok: true,
      model: 'stand-in',
      text: `answer to ${messages[0]?.content ?? ''}`,
      toolCalls: [],
    }),
    models: ['stand-in'],
    faults: {
      seed: 7,
      rates: { 'rate-limit': 0.1, 'server-error': 0.1, timeout: 0.03, 'half-body': 0.05 },
    },
  });
  const client = createModelClient({ baseUrl: server.url, apiKey: 'none' });
  const failures = new Map<string, number>();

  const call = async (task: number): Promise<{ text: string; attempts: number }> => {
    for (let attempts = 1; ; attempts += 1) {
      try {
        const { text } = await client.complete({
          model: 'stand-in',
          messages: [{ role: 'user', content: `task ${String(task)}` }],
          functions: [],
          temperature: 0,
          timeoutMs: 4_000,
          signal: new AbortController().signal,
        });
        return { text, attempts };
      } catch (error) {
        const name = error instanceof Error ? error.name : String(error);
        failures.set(name, (failures.get(name) ?? 0) + 1);
        if (attempts === MOST_ATTEMPTS) throw error;
      }
    }
  };
  const ended: { text: string; attempts: number }[] = [];
  const queue = Array.from({ length: TASKS }, (_, task) => task).values();
  const lane = async (): Promise<void> => {
    for (const task of queue) ended[task] = await call(task);
  };
  // More at once than a busy machine serves in time would be faults of the test's own making.
  await Promise.all(Array.from({ length: LANES }, lane));
  await server.close();

  expect(ended.map(({ text }) => text)).toEqual(
    Array.from({ length: TASKS }, (_, task) => `answer to task ${String(task)}`),
  );
  expect([...failures.keys()].sort()).toEqual(['ModelRateLimitedError', 'ModelUnavailableError']);
  const failed = [...failures.values()].reduce((sum, count) => sum + count, 0);
  expect(ended.reduce((sum, { attempts }) => sum + attempts, 0)).toBe(TASKS + failed);
}, 60_000);
