import { expect, test, vi } from 'vitest';

import { createAgentRegistry } from '../../src/activities/agent-registry.js';
import {
  createModelActivities,
  type CompletedReply,
  type CompletionInput,
} from '../../src/activities/model-activities.js';
import type { ModelRequest } from '../../src/activities/task-activities.js';
import type { Agent } from '../../src/contracts/agent.js';
import type { Step } from '../../src/domain/episode.js';
import { anActivityEnvironment, runIn } from '../support/activity-environment.js';
import { AGENT, anEpisodeHead, EPISODE, FakeStore, TENANT } from '../support/fake-store.js';
import { anAgent, CountingTool } from '../support/tools.js';

/** A model that says the same thing each time and remembers what it was asked. */
class FakeModel {
  readonly asked: CompletionInput[] = [];
  readonly #reply: CompletedReply;

  constructor(reply: Partial<CompletedReply> = {}) {
    const usage = { inputTokens: 1_000, outputTokens: 100 };
    this.#reply = { model: 'gpt-test-2026', text: 'three', toolCalls: [], usage, ...reply };
  }

  async complete(input: CompletionInput): Promise<CompletedReply> {
    this.asked.push(input);
    return this.#reply;
  }
}

const REQUEST: ModelRequest = {
  tenant: TENANT,
  agent: AGENT,
  episode: EPISODE,
  step: 0,
  temperature: 0,
  tools: 'offered',
};

interface Arrangement {
  readonly agent?: Agent;
  readonly model?: FakeModel;
  readonly steps?: readonly Step[];
  readonly store?: FakeStore;
}

async function arrange({ agent = anAgent(), model = new FakeModel(), ...more }: Arrangement = {}) {
  const store = more.store ?? new FakeStore();
  for (const step of more.steps ?? []) await store.putStep(TENANT, EPISODE, step);
  const agents = createAgentRegistry([agent]);
  const { callModel } = createModelActivities({ store, agents, models: model });
  const run = (request: Partial<ModelRequest> = {}, info: { attempt?: number } = {}) =>
    runIn(anActivityEnvironment(info), callModel, { ...REQUEST, ...request });
  return { store, model, run };
}

function aModelStep(index: number, toolCalls: Extract<Step, { kind: 'model' }>['toolCalls']): Step {
  const usage = { inputTokens: 1, outputTokens: 1 };
  return { index, kind: 'model', model: 'm', text: '', toolCalls, usage };
}

function aToolStep(index: number, more: Partial<Extract<Step, { kind: 'tool' }>>): Step {
  const result = { ok: true, content: 'fine' } as const;
  return { index, kind: 'tool', callId: 'c', tool: 'add_row', arguments: '{}', result, ...more };
}

test('stores what the model said and answers it', async () => {
  const call = { id: 'c1', tool: 'add_row', arguments: '{"name":"a"}' };
  const { store, run } = await arrange({ model: new FakeModel({ toolCalls: [call] }) });

  const answer = await run();

  expect(answer).toEqual({
    model: 'gpt-test-2026',
    text: 'three',
    toolCalls: [call],
    tokens: 1_100,
    costMicroUsd: 0,
  });
  expect(store.stepsOf(EPISODE)).toMatchObject([{ index: 0, kind: 'model', toolCalls: [call] }]);
});

test('a step that is stored is answered without asking the model again', async () => {
  const { store, model, run } = await arrange();
  const first = await run();

  const second = await run({}, { attempt: 2 });

  expect(second).toEqual(first);
  expect(model.asked).toHaveLength(1);
  expect(store.stepsOf(EPISODE)).toHaveLength(1);
});

test('a step that a tool has taken is a conflict', async () => {
  const { model, run } = await arrange({ steps: [aToolStep(0, {})] });

  await expect(run()).rejects.toThrow("found a call of add_row, expected a model's reply");

  expect(model.asked).toHaveLength(0);
});

test('the conversation is rebuilt from steps, a failure as an error with its code', async () => {
  const steps = [
    aModelStep(0, [
      { id: 'a', tool: 'add_row', arguments: '{"name":"x"}' },
      { id: 'b', tool: 'add_row', arguments: '{"name":' },
    ]),
    aToolStep(1, { callId: 'a' }),
    aToolStep(2, { callId: 'b', result: { ok: false, code: 'NOPE', content: 'not so' } }),
    aModelStep(4, []),
  ];
  const { model, run } = await arrange({ steps });

  await run({ step: 3 });

  expect(model.asked[0]?.messages).toEqual([
    { role: 'system', content: 'Answer.' },
    { role: 'user', content: 'question: how many?' },
    {
      role: 'assistant',
      content: '',
      toolCalls: [
        { id: 'a', tool: 'add_row', arguments: '{"name":"x"}' },
        { id: 'b', tool: 'add_row', arguments: '{"malformed":"{\\"name\\":"}' },
      ],
    },
    { role: 'tool', callId: 'a', content: 'fine' },
    { role: 'tool', callId: 'b', content: 'Error NOPE: not so' },
  ]);
});

test('calls that share an id are told apart, each with its own answer', async () => {
  const call = { id: 'a', tool: 'add_row', arguments: '{}' };
  const refusal = { ok: false, code: 'CALL_ID_DUPLICATE', content: 'used before' } as const;
  const steps = [
    aModelStep(0, [call, call]),
    aToolStep(1, { callId: 'a' }),
    aToolStep(2, { callId: 'a', result: refusal }),
  ];
  const { model, run } = await arrange({ steps });

  await run({ step: 3 });

  expect(model.asked[0]?.messages.slice(3)).toEqual([
    { role: 'tool', callId: 'a', content: 'fine' },
    { role: 'tool', callId: 'a_2', content: 'Error CALL_ID_DUPLICATE: used before' },
  ]);
});

test('the scratchpad stands below the system message, the latest note of a key alone', async () => {
  const note = (index: number, key: string, value: string): Step =>
    aToolStep(index, { tool: 'scratchpad', arguments: JSON.stringify({ key, value }) });
  const refused = aToolStep(3, {
    tool: 'scratchpad',
    arguments: '{"key":""}',
    result: { ok: false, code: 'TOOL_ARGS_INVALID', content: '' },
  });
  const { model, run } = await arrange({
    steps: [note(0, 'tables', 'a, b'), note(1, 'plan', 'look'), note(2, 'tables', 'c\nd'), refused],
  });

  await run({ step: 4 });

  expect(model.asked[0]?.messages[0]).toEqual({
    role: 'system',
    content: 'Answer.\n\n# Scratchpad\n- tables: c\n  d\n- plan: look',
  });
});

test('offers the tools of the agent with their schemas, and those its settings allow', async () => {
  const agent = anAgent({ tools: [new CountingTool().tool()], mayAsk: true, scratchpad: true });
  const { model, run } = await arrange({ agent });

  await run();

  const functions = model.asked[0]?.functions ?? [];
  expect(functions.map(({ name }) => name)).toEqual(['add_row', 'ask_person', 'scratchpad']);
  expect(functions[0]?.parameters).toMatchObject({
    type: 'object',
    required: ['name'],
    additionalProperties: false,
  });
  expect(functions[0]?.parameters).not.toHaveProperty('$schema');
});

test('a run that serves nobody may not ask anybody', async () => {
  const agent = anAgent({ tools: [new CountingTool().tool()], mayAsk: true, scratchpad: true });
  const store = new FakeStore([anEpisodeHead({ mode: 'shadow' })]);
  const { model, run } = await arrange({ agent, store });

  await run();

  const names = model.asked[0]?.functions.map(({ name }) => name);
  expect(names).toEqual(['add_row', 'scratchpad']);
});

test('offers nothing where an answer in words is asked for', async () => {
  const agent = anAgent({ tools: [new CountingTool().tool()], mayAsk: true });
  const { model, run } = await arrange({ agent });

  await run({ tools: 'none' });

  expect(model.asked[0]?.functions).toEqual([]);
});

test('model and temperature are those of the version, the time limit that of the agent', async () => {
  const agent = anAgent({ model: { name: 'other', temperature: 0.5, timeoutSeconds: 7 } });
  const { model, run } = await arrange({
    agent,
    store: new FakeStore([anEpisodeHead({ model: 'pinned' })]),
  });

  await run({ temperature: 0.9 });

  expect(model.asked[0]).toMatchObject({ model: 'pinned', temperature: 0.9, timeoutMs: 7_000 });
});

test('a call costs its tokens at the prices of the agent, rounded up', async () => {
  const agent = anAgent({ model: { name: 'm', inputCost: 150_000, outputCost: 600_001 } });
  const { run } = await arrange({ agent });

  const { costMicroUsd } = await run();

  expect(costMicroUsd).toBe(211);
});

test('an empty reply is asked for once more, then taken as it is', async () => {
  const { store, run } = await arrange({ model: new FakeModel({ text: ' \n' }) });

  await expect(run({}, { attempt: 1 })).rejects.toMatchObject({
    name: 'ModelEmptyError',
    retryable: true,
  });
  expect(store.stepsOf(EPISODE)).toEqual([]);
  const answer = await run({}, { attempt: 2 });

  expect(answer).toMatchObject({ text: ' \n', toolCalls: [] });
});

test('calls without an id get one of their own, the same on every attempt', async () => {
  const call = { id: '', tool: 'add_row', arguments: '{}' };
  const model = new FakeModel({ toolCalls: [call, { ...call, id: 'mine' }, call] });
  const { run } = await arrange({ model });

  const { toolCalls } = await run({ step: 5 });

  expect(toolCalls.map(({ id }) => id)).toEqual(['call-5-0', 'mine', 'call-5-2']);
});

test('a long call sends heartbeats, but not as a local activity', async () => {
  vi.useFakeTimers();
  try {
    const beats = { regular: 0, local: 0 };
    for (const kind of ['regular', 'local'] as const) {
      const store = new FakeStore();
      const model = {
        complete: async () => {
          await vi.advanceTimersByTimeAsync(11_000);
          return new FakeModel().complete({ ...NO_INPUT });
        },
      };
      const agents = createAgentRegistry([anAgent()]);
      const { callModel } = createModelActivities({ store, agents, models: model });
      const environment = anActivityEnvironment({ isLocal: kind === 'local' });
      environment.on('heartbeat', () => (beats[kind] += 1));

      await runIn(environment, callModel, REQUEST);
    }

    expect(beats).toEqual({ regular: 2, local: 0 });
  } finally {
    vi.useRealTimers();
  }
});

const NO_INPUT: CompletionInput = {
  model: 'm',
  messages: [],
  functions: [],
  temperature: 0,
  timeoutMs: 1,
  signal: new AbortController().signal,
};

test.each([
  { mode: 'shadow', spent: [{ tokens: 1_100, microUsd: 1_200 }] },
  { mode: 'explore', spent: [{ tokens: 1_100, microUsd: 1_200 }] },
  { mode: 'live', spent: [] },
] as const)('a $mode run pays from the learning budget what it has to', async ({ mode, spent }) => {
  const model = { name: 'gpt-test', inputCost: 1_000_000, outputCost: 2_000_000 };
  const agent = anAgent({ model, learning: { tokensPerDay: 10_000 } });
  const store = new FakeStore([anEpisodeHead({ mode })]);
  const { run } = await arrange({ agent, store });

  await run();

  expect(store.spent).toEqual(spent);
});

test('a shadow run whose budget is spent asks no model; a live one does', async () => {
  const agent = anAgent({ learning: { tokensPerDay: 10_000 } });
  const arranged = async (mode: 'shadow' | 'live') => {
    const store = new FakeStore([anEpisodeHead({ mode })]);
    store.hasRoom = false;
    return arrange({ agent, store });
  };
  const shadow = await arranged('shadow');
  const live = await arranged('live');

  await expect(shadow.run()).rejects.toThrow('nothing left today of 10000 tokens for learning');
  await live.run();

  expect(shadow.model.asked).toEqual([]);
  expect(live.model.asked).toHaveLength(1);
});
