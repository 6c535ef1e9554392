import { afterAll, beforeAll, expect, test } from 'vitest';

import type { ChatMessage } from '../../src/activities/conversation.js';
import {
  countingAgent,
  createBareActivities,
  modelNamed,
  startCountingModel,
  TOOL_CALLS,
} from '../../src/bench/overhead-arms.js';
import type { CompletionServer } from '../../src/model/completion-server.js';
import { createModelClient } from '../../src/model/openai-client.js';

let server: CompletionServer;

beforeAll(async () => {
  server = await startCountingModel([0, 60]);
});

afterAll(async () => {
  await server.close();
});

function bare() {
  return createBareActivities(createModelClient({ baseUrl: server.url, apiKey: 'none' }));
}

const opening: readonly ChatMessage[] = [{ role: 'user', content: 'aisle: a' }];

test('the stand-in asks for the agreed number of calls, one a turn, then answers', async () => {
  const { bareModelCall, bareToolCall } = bare();
  const messages = [...opening];
  let turns = 0;

  for (;;) {
    const { text, toolCalls } = await bareModelCall({ model: modelNamed(0), messages });
    const [call] = toolCalls;
    if (call === undefined) break;
    turns += 1;
    messages.push({ role: 'assistant', content: text, toolCalls });
    messages.push({ role: 'tool', callId: call.id, content: await bareToolCall(call) });
  }

  expect(turns).toBe(TOOL_CALLS);
});

test('the stand-in thinks as long as the name of the model says', async () => {
  const { bareModelCall } = bare();
  const startedMs = performance.now();

  await bareModelCall({ model: modelNamed(60), messages: opening });

  expect(performance.now() - startedMs).toBeGreaterThanOrEqual(59);
});

test('the tool answers the bare loop what it answers the agent', async () => {
  const [tool] = countingAgent(0).tools;
  const call = { id: 'call_0', tool: 'count_shelf', arguments: '{"shelf":3}' };

  const answered = await tool?.run(
    { shelf: 3 },
    {
      signal: new AbortController().signal,
      effectKey: 'key',
      callId: call.id,
      episode: 'e',
      task: { id: 'task', input: {} },
      resources: {},
    },
  );

  expect(await bare().bareToolCall(call)).toBe(answered);
});
