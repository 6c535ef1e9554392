import { expect, test } from 'vitest';
import { z } from 'zod';

import { createAgentRegistry } from '../../src/activities/agent-registry.js';
import type { ToolRequest } from '../../src/activities/task-activities.js';
import { createCallAnswers, createToolActivities } from '../../src/activities/tool-activities.js';
import type { Agent } from '../../src/contracts/agent.js';
import { taskId } from '../../src/contracts/ids.js';
import { RetryableToolError } from '../../src/contracts/tool-errors.js';
import type { AnyTool } from '../../src/contracts/tool.js';
import { createToolRuntime } from '../../src/tools/tool-runtime.js';
import { anActivityEnvironment, runIn } from '../support/activity-environment.js';
import { AGENT, EPISODE, FakeStore, TASK, TENANT } from '../support/fake-store.js';
import { anAgent, CountingTool } from '../support/tools.js';

const REQUEST: ToolRequest = {
  tenant: TENANT,
  agent: AGENT,
  episode: EPISODE,
  task: TASK,
  mode: 'live',
  step: 1,
  call: { id: 'c1', tool: 'add_row', arguments: '{"name":"a"}' },
  effectKey: 'acme:t-1:1:c1',
};

/** An activity environment and store around a counting tool that is changed as the test says. */
function arrange(more: Partial<AnyTool> = {}, agents: readonly Agent[] = []) {
  const store = new FakeStore();
  const counter = new CountingTool();
  const own = anAgent({ tools: [counter.tool(more)], scratchpad: true });
  const activities = createToolActivities({
    store,
    agents: createAgentRegistry([own, ...agents]),
    runtime: createToolRuntime(),
  });
  const run = async (request: Partial<ToolRequest> = {}, info: { attempt?: number } = {}) => {
    const complete = { ...REQUEST, ...request };
    const activity = activities[complete.call.tool];
    if (activity === undefined) throw new Error(`no activity ${complete.call.tool}`);
    return runIn(anActivityEnvironment(info), activity, complete);
  };
  const result = () => {
    const step = store.stepsOf(EPISODE).find(({ index }) => index === 1);
    return step?.kind === 'tool' ? step.result : undefined;
  };
  return { store, counter, activities, run, result };
}

/** What a worker leaves behind that died after the effect was begun. */
async function begunBefore(store: FakeStore, run: () => Promise<unknown>): Promise<void> {
  const finish = store.finishEffect.bind(store);
  store.finishEffect = () => Promise.reject(new Error('the worker died'));
  await expect(run()).rejects.toThrow('the worker died');
  store.finishEffect = finish;
}

test('runs a tool with its parsed arguments and stores what it answered', async () => {
  const { store, counter, run } = arrange();

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
    const { counter, run } = arrange(
      kind === 'failed' ? { run: () => Promise.reject(new Error('no')) } : {},
    );
    const call = { ...REQUEST.call, ...(kind === 'refused' && { arguments: '{"name":1}' }) };
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

  await runIn(anActivityEnvironment(), activity, REQUEST);

  expect(told).toEqual({
    effectKey: 'acme:t-1:1:c1',
    callId: 'c1',
    task: { id: TASK, input: { question: 'how many?' } },
    resources: { db: 'pool' },
  });
});

test('one activity serves the tools of one name of all agents, each its own', async () => {
  const other = anAgent({
    id: 'other',
    tools: [new CountingTool().tool({ run: async () => 'by the other' })],
  });
  const { activities, run, result } = arrange({}, [other]);

  await run();

  expect(Object.keys(activities)).toEqual(['add_row', 'scratchpad']);
  expect(result()).toEqual({ ok: true, content: 'added' });
});

test('a tool of another agent is not found', async () => {
  const other = anAgent({ id: 'other', tools: [{ ...new CountingTool().tool(), name: 'theirs' }] });
  const { run } = arrange({}, [other]);

  await expect(run({ call: { ...REQUEST.call, tool: 'theirs' } })).rejects.toMatchObject({
    name: 'NotFoundError',
  });
});

test('a task that was not accepted runs no tool', async () => {
  const { counter, run } = arrange();

  await expect(run({ task: taskId('unheard-of') })).rejects.toMatchObject({
    name: 'NotFoundError',
  });

  expect(counter.effects).toEqual([]);
});

test.each(['shadow', 'explore'] as const)('in %s a tool runs its sandbox alone', async (mode) => {
  const { store, counter, run, result } = arrange({
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

  const running = runIn(anActivityEnvironment(), activity, { ...REQUEST, mode: 'shadow' });

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

  await runIn(anActivityEnvironment(), activity, REQUEST);

  expect(store.stepsOf(EPISODE)).toMatchObject([
    { result: { content: `${'x'.repeat(100)}…[+50 characters]` } },
  ]);
});

test('a tool that asks for another attempt gets five, then has failed', async () => {
  const { store, run } = arrange({
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
  const { run } = arrange({ run: () => new Promise(() => undefined), timeoutSeconds: 0.05 });

  expect(await run()).toMatchObject({ kind: 'failed', code: 'TOOL_TIMEOUT' });
});

test('an effect stands in the ledger before the tool runs and after', async () => {
  const states: unknown[] = [];
  const { store, run } = arrange({
    effect: 'keyed',
    run: async (_args, { effectKey }) => {
      states.push(store.effects.get(`${TENANT}/${effectKey}`)?.state);
      return 'booked';
    },
  });

  await run();

  states.push(store.effects.get(`${TENANT}/acme:t-1:1:c1`)?.state);
  expect(states).toEqual(['started', 'done']);
});

test('a reading tool leaves nothing in the ledger', async () => {
  const { store, run } = arrange();

  await run();

  expect(store.effects.size).toBe(0);
});

test.each(['keyed', 'queryable', 'unsafe'] as const)(
  'a %s effect that is done is not run again, though its step was not stored',
  async (effect) => {
    const query = async () => ({ happened: false });
    const { store, counter, run, result } = arrange({ effect, query });
    const putStep = store.putStep.bind(store);
    store.putStep = () => Promise.reject(new Error('the worker died'));
    await expect(run()).rejects.toThrow('the worker died');
    store.putStep = putStep;

    const answer = await run({}, { attempt: 2 });

    expect(answer).toEqual({ kind: 'done', code: null, characters: 5 });
    expect(result()).toEqual({ ok: true, content: 'added' });
    expect(counter.effects).toHaveLength(1);
  },
);

test('an effect that failed is answered from the ledger too', async () => {
  const { store, counter, run } = arrange({
    effect: 'unsafe',
    run: async () => {
      counter.effects.push({ args: null, effectKey: '' });
      throw Object.assign(new Error('refused'), { code: 'E1' });
    },
  });
  const putStep = store.putStep.bind(store);
  store.putStep = () => Promise.reject(new Error('the worker died'));
  await expect(run()).rejects.toThrow('the worker died');
  store.putStep = putStep;

  const answer = await run({}, { attempt: 2 });

  expect(answer).toEqual({ kind: 'failed', code: 'E1', characters: 7 });
  expect(counter.effects).toHaveLength(1);
});

test('a keyed effect that an earlier attempt began runs again under the same key', async () => {
  const { store, counter, run } = arrange({ effect: 'keyed' });
  await begunBefore(store, run);

  const answer = await run({}, { attempt: 2 });

  expect(answer.kind).toBe('done');
  expect(counter.effects.map(({ effectKey }) => effectKey)).toEqual([
    'acme:t-1:1:c1',
    'acme:t-1:1:c1',
  ]);
});

test('a queryable effect that happened is answered by what the query says', async () => {
  const { store, counter, run, result } = arrange({
    effect: 'queryable',
    query: async () => ({ happened: true, result: { row: 7 } }),
  });
  await begunBefore(store, run);

  await run({}, { attempt: 2 });

  expect(result()).toEqual({ ok: true, content: '{"row":7}' });
  expect(counter.effects).toHaveLength(1);
});

test('a queryable effect that did not happen runs', async () => {
  const asked: string[] = [];
  const { store, counter, run } = arrange({
    effect: 'queryable',
    query: async ({ effectKey }) => {
      asked.push(effectKey);
      return { happened: false };
    },
  });
  await begunBefore(store, run);

  const answer = await run({}, { attempt: 2 });

  expect(answer.kind).toBe('done');
  expect(asked).toEqual(['acme:t-1:1:c1']);
  expect(counter.effects).toHaveLength(2);
});

test('a queryable effect is not asked about before its first attempt', async () => {
  const { counter, run } = arrange({
    effect: 'queryable',
    query: () => Promise.reject(new Error('not to be asked')),
  });

  await run();

  expect(counter.effects).toHaveLength(1);
});

test('a query without an answer is asked again, and on the last attempt a person is', async () => {
  const { store, counter, run } = arrange({
    effect: 'queryable',
    query: () => Promise.reject(new Error('down')),
  });
  await begunBefore(store, run);

  await expect(run({}, { attempt: 2 })).rejects.toMatchObject({ name: 'UnknownEffectError' });
  const last = await run({}, { attempt: 5 });

  expect(last).toEqual({ kind: 'unknown-effect', code: null, characters: 0 });
  expect(counter.effects).toHaveLength(1);
  expect(store.stepsOf(EPISODE)).toEqual([]);
});

test('an unsafe effect that an earlier attempt began is left to a person', async () => {
  const { store, counter, run } = arrange({ effect: 'unsafe' });
  await begunBefore(store, run);

  const answer = await run({}, { attempt: 2 });

  expect(answer).toEqual({ kind: 'unknown-effect', code: null, characters: 0 });
  expect(counter.effects).toHaveLength(1);
  expect(store.stepsOf(EPISODE)).toEqual([]);
});

test('an unsafe effect out of time is left to a person at once', async () => {
  const { run } = arrange({
    effect: 'unsafe',
    run: () => new Promise(() => undefined),
    timeoutSeconds: 0.05,
  });

  expect(await run()).toMatchObject({ kind: 'unknown-effect' });
});

test('a keyed effect out of time is tried again under its key, and never shown as failed', async () => {
  const { store, run } = arrange({
    effect: 'keyed',
    run: () => new Promise(() => undefined),
    timeoutSeconds: 0.05,
  });

  await expect(run()).rejects.toMatchObject({ name: 'UnknownEffectError', retryable: true });
  const last = await run({}, { attempt: 5 });

  expect(last.kind).toBe('unknown-effect');
  expect(store.stepsOf(EPISODE)).toEqual([]);
});

test('a queryable effect that took place before its reply was lost happens once', async () => {
  const rows = new Set<string>();
  let applied = 0;
  const { run, result } = arrange({
    effect: 'queryable',
    timeoutSeconds: 0.05,
    run: (_args, { effectKey }) => {
      applied += 1;
      rows.add(effectKey);
      return new Promise(() => undefined);
    },
    query: async ({ effectKey }) => ({ happened: rows.has(effectKey), result: 'booked' }),
  });

  await expect(run()).rejects.toMatchObject({ name: 'UnknownEffectError' });
  await run({}, { attempt: 2 });

  expect(result()).toEqual({ ok: true, content: 'booked' });
  expect(applied).toBe(1);
});

test('one effect key stands for one request', async () => {
  const { counter, run } = arrange({ effect: 'keyed' });
  await run();

  const other = run({ step: 2, call: { ...REQUEST.call, arguments: '{"name":"b"}' } });

  await expect(other).rejects.toMatchObject({ name: 'ConflictError' });
  expect(counter.effects).toHaveLength(1);
});

test('a cancelled call ends as cancelled and stores nothing', async () => {
  const { store, activities } = arrange({ run: () => new Promise(() => undefined) });
  const { add_row: activity } = activities;
  if (activity === undefined) throw new Error('no activity');
  const environment = anActivityEnvironment();

  const running = runIn(environment, activity, REQUEST);
  environment.cancel();

  await expect(running).rejects.toMatchObject({ name: 'CancelledFailure' });
  expect(store.stepsOf(EPISODE)).toEqual([]);
});

test('the arguments reach the tool as its schema makes them', async () => {
  let seen: unknown;
  const { run } = arrange({
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
  const { run } = arrange();

  const answer = await run({ call: { id: 'c1', tool: 'scratchpad', arguments: args } });

  expect(answer).toMatchObject(expected);
});

test('an answered call is stored once, without NUL and not longer than twenty thousand characters', async () => {
  const store = new FakeStore();
  const { answerCall } = createCallAnswers(store);
  const { tenant, episode, step, call } = REQUEST;
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
