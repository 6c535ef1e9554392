import { afterEach, expect, test } from 'vitest';

import { createAgentRegistry } from '../../src/activities/agent-registry.js';
import { createModelActivities } from '../../src/activities/model-activities.js';
import type { ModelAnswer } from '../../src/activities/task-activities.js';
import { createCallAnswers, createToolActivities } from '../../src/activities/tool-activities.js';
import type { Step } from '../../src/domain/episode.js';
import { NOTHING_SPENT, planTurn, type TaskTally } from '../../src/domain/turn.js';
import { createModelClient } from '../../src/model/openai-client.js';
import { createToolRuntime } from '../../src/tools/tool-runtime.js';
import { anActivityEnvironment, runIn } from '../support/activity-environment.js';
import { AGENT, EPISODE, FakeStore, TASK, TENANT } from '../support/fake-store.js';
import {
  aCall,
  aCompletion,
  sendJson,
  startModelEndpoint,
  type ModelEndpoint,
} from '../support/model-endpoint.js';
import { anAgent, CountingTool } from '../support/tools.js';

/**
 * What a model may send, through the real client, the real activities and the plan of a turn. The tool
 * is an effect: whatever is malformed must not reach it.
 */

const endpoints: ModelEndpoint[] = [];
afterEach(async () => {
  for (const endpoint of endpoints.splice(0)) await endpoint.close();
});

interface Heard {
  /** Codes of the answers to the calls, `done` for one that ran. */
  readonly codes: readonly string[];
  readonly effects: readonly unknown[];
  /** Name of the error that the model call ended with. */
  readonly error: string | null;
  readonly tally: TaskTally;
}

/** One turn of a task: the reply is read, planned, and its calls run or are refused. */
async function hear(body: unknown, before: TaskTally = NOTHING_SPENT): Promise<Heard> {
  const endpoint = await startModelEndpoint((response) => sendJson(response, body));
  endpoints.push(endpoint);
  const store = new FakeStore();
  const counter = new CountingTool();
  const agent = anAgent({ tools: [counter.tool({ effect: 'unsafe' })], scratchpad: true });
  const agents = createAgentRegistry([agent]);
  const models = createModelClient({ baseUrl: endpoint.url, apiKey: 'key' });
  const { callModel } = createModelActivities({ store, agents, models });
  const tools = createToolActivities({ store, agents, runtime: createToolRuntime() });
  const { answerCall } = createCallAnswers(store);
  const of = { tenant: TENANT, agent: AGENT, episode: EPISODE, task: TASK, mode: 'live' } as const;

  const step = before.nextStep;
  const request = { ...of, step, temperature: 0, tools: 'offered' } as const;
  let reply: ModelAnswer;
  try {
    reply = await runIn(anActivityEnvironment(), callModel, request);
  } catch (error) {
    const name = error instanceof Error ? error.name : String(error);
    return { codes: [], effects: counter.effects, error: name, tally: before };
  }
  const limits = { ...agent.limits, costMicroUsd: null };
  const { planned, tally } = planTurn(
    reply.toolCalls,
    Object.keys(tools),
    { ...before, nextStep: step + 1 },
    limits,
  );
  for (const each of planned) {
    const answer = { ...of, step: each.step, call: each.call };
    if (each.kind === 'refuse') {
      await answerCall({
        ...answer,
        result: { ok: false, code: each.code, content: each.message },
      });
      continue;
    }
    const activity = tools[each.call.tool];
    if (activity === undefined) throw new Error(`no activity ${each.call.tool}`);
    const effectKey = `${TENANT}:${TASK}:${String(each.step)}:${each.call.id}`;
    await runIn(anActivityEnvironment(), activity, { ...answer, effectKey });
  }
  const codes = store.stepsOf(EPISODE).flatMap(codeOf);
  return { codes, effects: counter.effects, error: null, tally };
}

function codeOf(step: Step): readonly string[] {
  if (step.kind === 'model') return [];
  return [step.result.ok ? 'done' : step.result.code];
}

const call = (args: unknown): object => aCompletion(aCall(args));
const deep = (levels: number): string => '['.repeat(levels) + ']'.repeat(levels);
const id = (value: unknown): string => JSON.stringify({ name: 'a', tags: [{ id: value }] });

/** What arguments are malformed, the code that answers them, and words that help the model. */
const ARGUMENTS: readonly (readonly [string, unknown, string])[] = [
  ['no JSON', 'name: a', 'TOOL_ARGS_INVALID'],
  ['nothing', '', 'TOOL_ARGS_INVALID'],
  ['left out', undefined, 'TOOL_ARGS_INVALID'],
  ['cut off', '{"name":"a"', 'TOOL_ARGS_INVALID'],
  ['cut off within a fence', '```json\n{"name":"a"', 'TOOL_ARGS_INVALID'],
  ['two objects', '{"name":"a"}{"name":"b"}', 'TOOL_ARGS_INVALID'],
  ['single quotes', "{'name':'a'}", 'TOOL_ARGS_INVALID'],
  ['a comma too many', '{"name":"a",}', 'TOOL_ARGS_INVALID'],
  ['null', 'null', 'TOOL_ARGS_INVALID'],
  ['a list', '["a"]', 'TOOL_ARGS_INVALID'],
  ['a string', '"a"', 'TOOL_ARGS_INVALID'],
  ['encoded three times', JSON.stringify(JSON.stringify('{"name":"a"}')), 'TOOL_ARGS_INVALID'],
  ['a missing argument', '{}', 'TOOL_ARGS_INVALID'],
  ['an argument too many', '{"name":"a","admin":true}', 'TOOL_ARGS_INVALID'],
  ['an argument of another type', '{"name":7}', 'TOOL_ARGS_INVALID'],
  ['an argument out of range', JSON.stringify({ name: 'x'.repeat(21) }), 'TOOL_ARGS_INVALID'],
  ['a wrong type deep inside', id(7), 'TOOL_ARGS_INVALID'],
  ['a prototype', '{"name":"a","__proto__":{"admin":true}}', 'TOOL_ARGS_INVALID'],
  ['a prototype deep inside', '{"name":"a","x":[{"__proto__":1}]}', 'TOOL_ARGS_INVALID'],
  ['nesting of a hundred levels', `{"name":${deep(100)}}`, 'TOOL_ARGS_INVALID'],
  ['nesting of fifty thousand levels', `{"name":${deep(50_000)}}`, 'TOOL_ARGS_INVALID'],
  ['NaN', '{"name":"a","amount":NaN}', 'TOOL_ARGS_INVALID'],
  ['a number that overflows', '{"name":"a","amount":1e400}', 'NUMBER_UNSAFE'],
  ['an integer beyond 2^53', '{"name":"a","amount":1152921504606846976}', 'NUMBER_UNSAFE'],
  ['such an integer deep inside', id(2 ** 60), 'NUMBER_UNSAFE'],
];
test.each(ARGUMENTS)('arguments that are %s have no effect', async (_, written, code) => {
  const heard = await hear(call(written));

  expect(heard).toMatchObject({ codes: [code], effects: [], error: null });
});

/** What tool calls are malformed, and what answers each of them. */
const CALLS: readonly (readonly [string, object, readonly string[]])[] = [
  ['a tool that does not exist', aCall('{"name":"a"}', 'drop_table'), ['TOOL_UNKNOWN']],
  ['a name with a prefix', aCall('{"name":"a"}', 'functions.add_row'), ['TOOL_UNKNOWN']],
  ['a name of an object', aCall('{"name":"a"}', 'constructor'), ['TOOL_UNKNOWN']],
  ['no name', { tool_calls: [{ id: 'c1', function: { arguments: '{}' } }] }, ['TOOL_UNKNOWN']],
  ['no function', { tool_calls: [{ id: 'c1', type: 'function' }] }, ['TOOL_UNKNOWN']],
  [
    'a function that is no object',
    { tool_calls: [{ id: 'c1', function: 'add_row' }] },
    ['TOOL_UNKNOWN'],
  ],
  [
    'five hundred calls',
    {
      tool_calls: Array.from({ length: 500 }, (_, index) => ({
        id: `c${String(index)}`,
        function: { name: 'add_row', arguments: '{"name":"a"}' },
      })),
    },
    // None beyond these is kept: no agent allows half as many.
    Array.from({ length: 128 }, () => 'TOO_MANY_TOOL_CALLS'),
  ],
];
test.each(CALLS)('a reply with %s has no effect', async (_, message, codes) => {
  const heard = await hear(aCompletion(message));

  expect(heard).toMatchObject({ codes, effects: [], error: null });
});

const LONG = 'x'.repeat(3_000_000);

/** What replies are malformed, and the error the attempt ends with. */
const REPLIES: readonly (readonly [string, unknown, string])[] = [
  ['an HTML page', '<html>Bad gateway</html>', 'ModelProtocolError'],
  ['no choices', { choices: [] }, 'ModelProtocolError'],
  ['a list', [call('{"name":"a"}')], 'ModelProtocolError'],
  ['calls that are no list', aCompletion({ tool_calls: { 0: 'add_row' } }), 'ModelProtocolError'],
  ['a call that is no object', aCompletion({ tool_calls: ['add_row'] }), 'ModelProtocolError'],
  ['three million characters', aCompletion({ content: LONG }), 'ModelProtocolError'],
  ['arguments as long', call(JSON.stringify({ name: LONG })), 'ModelProtocolError'],
  [
    'a hundred calls that are long together',
    aCompletion({
      tool_calls: Array.from({ length: 100 }, (_, index) => ({
        id: `c${String(index)}`,
        function: { name: 'add_row', arguments: JSON.stringify({ name: LONG.slice(0, 20_000) }) },
      })),
    }),
    'ModelProtocolError',
  ],
  ['an empty text', aCompletion({ content: '' }), 'ModelEmptyError'],
  ['white space', aCompletion({ content: ' \n\t' }), 'ModelEmptyError'],
  ['no text and no calls', aCompletion({ content: null, tool_calls: [] }), 'ModelEmptyError'],
];
test.each(REPLIES)('a reply of %s ends the attempt without effect', async (_, body, error) => {
  expect(await hear(body)).toMatchObject({ codes: [], effects: [], error });
});

test('two calls of one id take effect once', async () => {
  const { tool_calls: calls } = { tool_calls: [], ...aCall('{"name":"a"}') };

  const heard = await hear(aCompletion({ tool_calls: [...calls, ...calls] }));

  expect(heard.codes).toEqual(['done', 'CALL_ID_DUPLICATE']);
  expect(heard.effects).toHaveLength(1);
  expect(heard.tally.badCalls).toBe(1);
});

test('an id of an earlier turn has no effect again', async () => {
  const before = { ...NOTHING_SPENT, callIds: ['c1'], nextStep: 2 };

  const heard = await hear(call('{"name":"a"}'), before);

  expect(heard).toMatchObject({ codes: ['CALL_ID_DUPLICATE'], effects: [] });
});

test('the same call for the fifth time has no effect again', async () => {
  const calls = Array.from({ length: 6 }, (_, index) => ({
    id: `c${String(index)}`,
    function: { name: 'add_row', arguments: '{"name":"a"}' },
  }));

  const heard = await hear(aCompletion({ tool_calls: calls }));

  expect(heard.codes).toEqual(['done', 'done', 'done', 'done', 'LOOP_DETECTED', 'LOOP_DETECTED']);
  expect(heard.effects).toHaveLength(4);
});

test.each([
  ['encoded twice', JSON.stringify('{"name":"a"}')],
  ['in a fence with words around', 'Here:\n```json\n{"name":"a"}\n```\nDone.'],
  ['given as an object', { name: 'a' }],
  ['negative zero', '{"name":"a","amount":-0}'],
])('arguments %s are understood and take effect once', async (_, written) => {
  const heard = await hear(call(written));

  expect(heard.codes).toEqual(['done']);
  expect(heard.effects).toHaveLength(1);
});

test('malformed arguments are answered with the path of every fault', async () => {
  const store = new FakeStore();
  const agent = anAgent({ tools: [new CountingTool().tool()] });
  const { add_row: activity } = createToolActivities({
    store,
    agents: createAgentRegistry([agent]),
    runtime: createToolRuntime(),
  });
  if (activity === undefined) throw new Error('no activity');

  await runIn(anActivityEnvironment(), activity, {
    tenant: TENANT,
    agent: AGENT,
    episode: EPISODE,
    task: TASK,
    mode: 'live',
    step: 1,
    call: { id: 'c1', tool: 'add_row', arguments: '{"amount":"7","tags":[{"id":1}],"extra":1}' },
    effectKey: 'key',
  });

  const [step] = store.stepsOf(EPISODE);
  const content = step?.kind === 'tool' ? step.result.content : '';
  for (const path of ['arguments.name:', 'arguments.amount:', 'arguments.tags.0.id:', '"extra"']) {
    expect(content).toContain(path);
  }
});

test('a reply of too many bytes says so, is not asked for again, and nothing of it is stored', async () => {
  const endpoint = await startModelEndpoint((response) => {
    sendJson(response, aCompletion({ content: LONG }));
  });
  endpoints.push(endpoint);
  const store = new FakeStore();
  const { callModel } = createModelActivities({
    store,
    agents: createAgentRegistry([anAgent()]),
    models: createModelClient({ baseUrl: endpoint.url, apiKey: 'key' }),
  });
  const of = { tenant: TENANT, agent: AGENT, episode: EPISODE, step: 0, temperature: 0 } as const;

  const asked = runIn(anActivityEnvironment(), callModel, { ...of, tools: 'offered' });

  await expect(asked).rejects.toMatchObject({
    message: expect.stringMatching(/a reply of 30000\d\d bytes, at most 1048576/) as string,
    retryable: false,
  });
  expect(store.stepsOf(EPISODE)).toEqual([]);
});
