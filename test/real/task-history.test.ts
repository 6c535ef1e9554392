import { createServer, type Server } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';

import type {
  CompletedReply,
  CompletionInput,
  ModelClient,
} from '../../src/activities/model-activities.js';
import { startHouseWorkers, type House } from '../../src/cli/house.js';
import { defineAgent } from '../../src/contracts/agent.js';
import { taskId } from '../../src/contracts/ids.js';
import { defineTool } from '../../src/contracts/tool.js';
import { createModelClient } from '../../src/model/openai-client.js';
import { until } from '../support/poll.js';
import { openRealHouse, runTasks, scopeOf, startRealServers } from '../support/real-house.js';
import { workflowBundle } from '../support/workflow-bundle.js';

/** In the instructions, the task, a tool's result, long arguments and a long answer: five secrets to look for. */
const MARKS = [
  'mark-prompt',
  'mark-input',
  'mark-result',
  'mark-arguments',
  'mark-answer',
] as const;
const [PROMPT, INPUT, RESULT, ARGUMENTS, ANSWER] = MARKS;
const long = (mark: string): string => `${'long text '.repeat(30_000)}${mark}`;

/** What became of the slow tool, in order. */
const slow: string[] = [];

/** What became of the request to a model that never answers, in order. */
const thinking: string[] = [];

function startThinkingModel(): Promise<Server> {
  const server = createServer((request, response) => {
    request.resume();
    request.on('end', () => thinking.push('asked'));
    response.on('close', () => thinking.push('hung up'));
  });
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      resolve(server);
    });
  });
}

const file = defineTool({
  name: 'file_report',
  description: 'Files a report.',
  input: z.strictObject({ title: z.string(), text: z.string() }),
  effect: 'read',
  sandbox: 'same',
  summarize: ({ title }) => `files "${title}"`,
  run: async ({ text }) => `${RESULT}: ${String(text.length)} characters`,
});

const charge = defineTool({
  name: 'charge_card',
  description: 'Charges a card.',
  input: z.strictObject({}),
  effect: 'unsafe',
  run: async (_args, { signal }) => {
    slow.push('began');
    try {
      await sleep(60_000, undefined, { signal });
    } finally {
      // What cleans up takes a moment, as it does in life.
      await sleep(1_000);
      slow.push('cleaned up');
    }
    return 'charged';
  },
});

const writer = defineAgent({
  id: 'writer',
  instructions: `Write what you are told. ${PROMPT}`,
  model: { name: 'writer' },
  tools: [file, charge],
  evaluators: [
    {
      name: 'says-it-all',
      source: 'checker',
      evaluate: async ({ output }) => ({ score: output.endsWith(ANSWER) ? 1 : 0 }),
    },
  ],
  learning: { reflect: 'never' },
});

/** Files a long report and repeats a long answer; charges a card or thinks for ever where the task says so. */
class LongModel {
  readonly #thinking: ModelClient;

  constructor(thinker: ModelClient) {
    this.#thinking = thinker;
  }

  async complete(input: CompletionInput): Promise<CompletedReply> {
    const { model, messages } = input;
    const asked = JSON.stringify(messages);
    if (asked.includes('think for ever')) return this.#thinking.complete(input);
    const answered = messages.filter(({ role }) => role === 'tool').length;
    const say = (text: string, tool = '', args: unknown = null): CompletedReply => ({
      model,
      text,
      toolCalls: tool === '' ? [] : [{ id: 'c1', tool, arguments: JSON.stringify(args) }],
      usage: { inputTokens: 1, outputTokens: 1 },
    });
    if (asked.includes('charge the card')) return say('', 'charge_card', {});
    const report = { title: 'a report', text: long(ARGUMENTS) };
    return answered === 0 ? say('', 'file_report', report) : say(long(ANSWER));
  }
}

const closers: (() => Promise<void>)[] = [];
let house: House;

beforeAll(async () => {
  const servers = await startRealServers();
  closers.push(() => servers.stop());
  house = await openRealHouse(servers);
  closers.push(() => house.close());
  const thinker = await startThinkingModel();
  closers.push(async () => void thinker.close());
  const address = z.object({ port: z.number() }).parse(thinker.address());
  const baseUrl = `http://127.0.0.1:${String(address.port)}/v1`;
  await startHouseWorkers(house, {
    agents: [writer],
    models: new LongModel(createModelClient({ baseUrl, apiKey: 'none' })),
    hasLocalModel: true,
    workflowBundle: await workflowBundle(),
  });
});

afterAll(async () => {
  for (const close of closers.reverse()) await close();
});

const scope = scopeOf('history', writer);

async function eventsOf(task: string) {
  const workflowId = `task/${scope.tenant}/${scope.agent}/${task}`;
  const { events } = await house.temporal.workflow.getHandle(workflowId).fetchHistory();
  return events ?? [];
}

/** Every payload of a history, wherever it stands. */
function payloadsIn(value: unknown): Buffer[] {
  if (typeof value !== 'object' || value === null) return [];
  if ('data' in value && value.data instanceof Uint8Array) return [Buffer.from(value.data)];
  return Object.values(value).flatMap(payloadsIn);
}

test('what is long or said stays in the store: the history holds none of it, and nothing above 64 KB', async () => {
  const [result] = await runTasks(house, writer, scope, [
    { id: 'long', input: { wish: long(INPUT) } },
  ]);

  const payloads = payloadsIn(await eventsOf('long'));
  const text = Buffer.concat(payloads).toString('utf8');
  expect(result).toMatchObject({ end: 'done', score: 1, toolCalls: 1 });
  expect(payloads.length).toBeGreaterThan(5);
  expect(Math.max(...payloads.map(({ length }) => length))).toBeLessThanOrEqual(64 * 1024);
  expect(MARKS.filter((mark) => text.includes(mark))).toEqual([]);
  const episode = await house.store.episode(scope.tenant, result?.episode ?? ('' as never));
  expect(episode?.output?.endsWith(ANSWER)).toBe(true);
});

test('a tool stands in the history under its own name, with the summary it gives of the call', async () => {
  const scheduled = (await eventsOf('long')).flatMap((event) => {
    const type = event.activityTaskScheduledEventAttributes?.activityType?.name;
    const summary = event.userMetadata?.summary?.data;
    return type == null
      ? []
      : [{ type, summary: JSON.parse(Buffer.from(summary ?? []).toString()) }];
  });

  expect(scheduled).toEqual([
    { type: 'callModel', summary: 'model: writer' },
    { type: 'file_report', summary: 'files "a report"' },
    { type: 'callModel', summary: 'model: writer' },
  ]);
});

test('a task links back to the dashboard', async () => {
  const workflowId = `task/${scope.tenant}/${scope.agent}/long`;
  const { memo } = await house.temporal.workflow.getHandle(workflowId).describe();

  expect(memo).toEqual({ page: '/?tenant=history' });
});

test('a task that is cancelled ends after the tool that ran has cleaned up, and nothing is written later', async () => {
  const request = { ...scope, task: taskId('charge'), input: { wish: 'charge the card' } };
  const { episode } = await house.client.startTask(writer, request);
  await until('the tool runs', () => Promise.resolve(slow.includes('began') ? true : undefined));

  await house.client.cancelTask(request, { actor: 'ann', reason: 'a mistake' });
  const result = await house.client.result(request);
  const atEnd = [...slow];
  const steps = async () => (await house.store.conversation(scope.tenant, episode)).steps.length;
  const stepsAtEnd = await steps();
  await sleep(3_000);

  expect(result.end).toBe('cancelled');
  expect(atEnd).toEqual(['began', 'cleaned up']);
  expect(slow).toEqual(atEnd);
  expect(await steps()).toBe(stepsAtEnd);
}, 60_000);

test('a task that is cancelled while its model thinks hangs up, ends after that, and writes nothing later', async () => {
  const request = { ...scope, task: taskId('think'), input: { wish: 'think for ever' } };
  const { episode } = await house.client.startTask(writer, request);
  await until('the model is asked', () => Promise.resolve(thinking.length > 0 || undefined));

  await house.client.cancelTask(request, { actor: 'ann', reason: 'a mistake' });
  const result = await house.client.result(request);
  const atEnd = [...thinking];
  const steps = async () => (await house.store.conversation(scope.tenant, episode)).steps.length;
  const stepsAtEnd = await steps();
  await sleep(1_000);

  expect(result.end).toBe('cancelled');
  // Asked once, and hung up before the end: nothing is left that could still answer.
  expect(atEnd).toEqual(['asked', 'hung up']);
  expect(thinking).toEqual(atEnd);
  expect(await steps()).toBe(stepsAtEnd);
}, 60_000);
