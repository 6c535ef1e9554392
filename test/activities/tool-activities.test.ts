import { expect, test } from 'vitest';
import { z } from 'zod';

import { createAgentRegistry } from '../../src/activities/agent-registry.js';
import { createCallAnswers, createToolActivities } from '../../src/activities/tool-activities.js';
import { taskId } from '../../src/contracts/ids.js';
import { RetryableToolError } from '../../src/contracts/tool-errors.js';
import { createToolRuntime } from '../../src/tools/tool-runtime.js';
import { anActivityEnvironment, runIn } from '../support/activity-environment.js';
import { EPISODE, FakeStore, TASK } from '../support/fake-store.js';
import { anAgent, CountingTool } from '../support/tools.js';
import { aToolBench, TOOL_REQUEST } from '../support/tool-bench.js';

test('runs a tool with its parsed arguments and stores what it answered', async () => {
  const { store, counter, run } = aToolBench();

  const answer = await run();

  expect(answer).toEqual({ kind: 'done', code: null, characters: 5 });
  expect(counter.effects).toEqual([{ args: { name: 'a' }, effectKey: 'acme:t-1:1:c1' }]);
  expect(store.stepsOf(EPISODE)).toEqual([
    {
      index: 1,
      kind: 'tool',
      callId: 'c1',
      tool: 'add_row',
      arguments: '{"name":"a"}',
      result: { ok: true, content: 'added' },
    },
  ]);
});

test.each(['done', 'failed', 'refused'] as const)(
  'a stored step is answered without running: %s',
  async (kind) => {
    const { counter, run } = aToolBench(
      kind === 'failed' ? { run: () => Promise.reject(new Error('no')) } : {},
    );
    const call = { ...TOOL_REQUEST.call, ...(kind === 'refused' && { arguments: '{"name":1}' }) };
    const first = await run({ call });
    const ran = counter.effects.length;

    const second = await run({ call }, { attempt: 2 });

    expect(first.kind).toBe(kind);
    expect(second).toEqual(first);
    expect(counter.effects).toHaveLength(ran);
  },
);

test('a tool is told its key, its task and what the agent has at its disposal', async () => {
  let told: unknown;
  const tool = new CountingTool().tool({
    run: async (_args, { signal: _signal, ...context }) => {
      told = context;
    },
  });
  const agent = anAgent({ tools: [tool], resources: async () => ({ db: 'pool' }) });
  const activities = createToolActivities({
    store: new FakeStore(),
    agents: createAgentRegistry([agent]),
    runtime: createToolRuntime(),
  });
  const { add_row: activity } = activities;
  if (activity === undefined) throw new Error('no activity');

  await runIn(anActivityEnvironment(), activity, TOOL_REQUEST);

  expect(told).toEqual({
    effectKey: 'acme:t-1:1:c1',
    callId: 'c1',
    episode: EPISODE,
    task: { id: TASK, input: { question: 'how many?' } },
    resources: { db: 'pool' },
  });
});

test('one activity serves the tools of one name of all agents, each its own', async () => {
  const other = anAgent({
    id: 'other',
    tools: [new CountingTool().tool({ run: async () => 'by the other' })],
  });
  const { activities, run, result } = aToolBench({}, [other]);

  await run();

  expect(Object.keys(activities)).toEqual(['add_row', 'scratchpad']);
  expect(result()).toEqual({ ok: true, content: 'added' });
});

test('a tool of another agent is not found', async () => {
  const other = anAgent({ id: 'other', tools: [{ ...new CountingTool().tool(), name: 'theirs' }] });
  const { run } = aToolBench({}, [other]);

  await expect(run({ call: { ...TOOL_REQUEST.call, tool: 'theirs' } })).rejects.toMatchObject({
    name: 'NotFoundError',
  });
});

test('a task that was not accepted runs no tool', async () => {
  const { counter, run } = aToolBench();

  await expect(run({ task: taskId('unheard-of') })).rejects.toMatchObject({
    name: 'NotFoundError',
  });

  expect(counter.effects).toEqual([]);
});

test.each(['shadow', 'explore'] as const)('in %s a tool runs its sandbox alone', async (mode) => {
  const { store, counter, run, result } = aToolBench({
    effect: 'unsafe',
    sandbox: async () => 'simulated',
  });

  await run({ mode });

  expect(result()).toEqual({ ok: true, content: 'simulated' });
  expect(counter.effects).toEqual([]);
  expect(store.effects.size).toBe(0);
});

test('a tool without a sandbox voids the run outside of live tasks', async () => {
  const { sandbox: _sandbox, ...tool } = new CountingTool().tool();
  let ran = false;
  const own = anAgent({
    tools: [{ ...tool, run: async () => (ran = true) }],
  });
  const { add_row: activity } = createToolActivities({
    store: new FakeStore(),
    agents: createAgentRegistry([own]),
    runtime: createToolRuntime(),
  });
  if (activity === undefined) throw new Error('no activity');

  const running = runIn(anActivityEnvironment(), activity, { ...TOOL_REQUEST, mode: 'shadow' });

  await expect(running).rejects.toMatchObject({
    type: 'SHADOW_UNMOCKED',
    nonRetryable: true,
  });

  expect(ran).toBe(false);
});

test('a result is cut at the limit of the agent', async () => {
  const tool = new CountingTool().tool({ run: async () => 'x'.repeat(150) });
  const store = new FakeStore();
  const activities = createToolActivities({
    store,
    agents: createAgentRegistry([anAgent({ tools: [tool], limits: { resultCharacters: 100 } })]),
    runtime: createToolRuntime(),
  });
  const { add_row: activity } = activities;
  if (activity === undefined) throw new Error('no activity');

  await runIn(anActivityEnvironment(), activity, TOOL_REQUEST);

  expect(store.stepsOf(EPISODE)).toMatchObject([
    { result: { content: `${'x'.repeat(100)}…[+50 characters]` } },
  ]);
});

test('a tool that asks for another attempt gets five, then has failed', async () => {
  const { store, run } = aToolBench({
    run: () => Promise.reject(new RetryableToolError('locked', { code: 'LOCKED' })),
  });

  for (const attempt of [1, 2, 3, 4]) {
    await expect(run({}, { attempt })).rejects.toMatchObject({ name: 'RetryableToolError' });
  }
  expect(store.stepsOf(EPISODE)).toEqual([]);
  const last = await run({}, { attempt: 5 });

  expect(last).toEqual({ kind: 'failed', code: 'LOCKED', characters: 6 });
});

test('a reading tool out of time has failed, whatever the attempt', async () => {
  const { run } = aToolBench({ run: () => new Promise(() => undefined), timeoutSeconds: 0.05 });

  expect(await run()).toMatchObject({ kind: 'failed', code: 'TOOL_TIMEOUT' });
});

test('a cancelled call ends as cancelled and stores nothing', async () => {
  const { store, activities } = aToolBench({ run: () => new Promise(() => undefined) });
  const { add_row: activity } = activities;
  if (activity === undefined) throw new Error('no activity');
  const environment = anActivityEnvironment();

  const running = runIn(environment, activity, TOOL_REQUEST);
  environment.cancel();

  await expect(running).rejects.toMatchObject({ name: 'CancelledFailure' });
  expect(store.stepsOf(EPISODE)).toEqual([]);
});

test('the arguments reach the tool as its schema makes them', async () => {
  let seen: unknown;
  const { run } = aToolBench({
    input: z.strictObject({ name: z.string(), limit: z.int().default(50) }),
    run: async (args) => {
      seen = args;
    },
  });

  await run();

  expect(seen).toEqual({ name: 'a', limit: 50 });
});

test.each([
  ['{"key":"tables","value":"a, b"}', { kind: 'done', code: null }],
  ['{"key":"","value":"x"}', { kind: 'refused', code: 'TOOL_ARGS_INVALID' }],
  ['{"key":"two\\nlines","value":"x"}', { kind: 'refused', code: 'TOOL_ARGS_INVALID' }],
  [
    JSON.stringify({ key: 'k'.repeat(65), value: 'x' }),
    { kind: 'refused', code: 'TOOL_ARGS_INVALID' },
  ],
  [
    JSON.stringify({ key: 'k', value: 'x'.repeat(2_001) }),
    { kind: 'refused', code: 'TOOL_ARGS_INVALID' },
  ],
])('scratchpad %.30s', async (args, expected) => {
  const { run } = aToolBench();

  const answer = await run({ call: { id: 'c1', tool: 'scratchpad', arguments: args } });

  expect(answer).toMatchObject(expected);
});

test('an answered call is stored once, without NUL and not longer than twenty thousand characters', async () => {
  const store = new FakeStore();
  const { answerCall } = createCallAnswers(store);
  const { tenant, episode, step, call } = TOOL_REQUEST;
  const content = `no\0${'x'.repeat(20_000)}`;

  await answerCall({ tenant, episode, step, call, result: { ok: false, code: 'DENIED', content } });
  await answerCall({ tenant, episode, step, call, result: { ok: true, content: 'second' } });

  expect(store.stepsOf(EPISODE)).toEqual([
    {
      index: 1,
      kind: 'tool',
      callId: 'c1',
      tool: 'add_row',
      arguments: '{"name":"a"}',
      result: {
        ok: false,
        code: 'DENIED',
        content: `no${'x'.repeat(19_998)}…[+2 characters]`,
      },
    },
  ]);
});
