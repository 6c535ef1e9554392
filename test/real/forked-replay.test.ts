import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';

import type { CompletedReply, CompletionInput } from '../../src/activities/model-activities.js';
import { startHouseWorkers, type House } from '../../src/cli/house.js';
import { defineAgent } from '../../src/contracts/agent.js';
import { defineTool } from '../../src/contracts/tool.js';
import {
  openRealHouse,
  runTasks,
  scopeOf,
  startRealServers,
  workflowBundle,
} from '../support/real-house.js';

const ran: string[] = [];

const look = defineTool({
  name: 'look',
  description: 'Which rooms are free.',
  input: z.strictObject({}),
  effect: 'read',
  sandbox: 'same',
  run: async () => {
    ran.push('look');
    return 'the blue one';
  },
});

const book = defineTool({
  name: 'book',
  description: 'Books a room.',
  input: z.strictObject({ room: z.string(), date: z.string().optional() }),
  effect: 'read',
  sandbox: 'same',
  run: async ({ date }) => {
    ran.push(`book ${date ?? 'without a date'}`);
    if (date === undefined) throw new Error('no date was given');
    return 'booked';
  },
});

const clerk = defineAgent({
  id: 'room-clerk',
  instructions: 'Book a room.',
  model: { name: 'clerk' },
  tools: [look, book],
  evaluators: [
    {
      name: 'is-booked',
      source: 'checker',
      evaluate: async ({ output }) => ({ score: output === 'It is booked.' ? 1 : 0 }),
    },
  ],
  learning: { replays: 3, reflectionModel: 'thinker' },
});

/** Forgets the date and gives up; the thinker knows what was missing. */
class ForgetfulModel {
  readonly asked: string[] = [];
  /** How often it was asked for the step to blame, and not for lessons. */
  blamed = 0;

  async complete({ model, messages }: CompletionInput): Promise<CompletedReply> {
    this.asked.push(model);
    const answers = messages.flatMap((message) =>
      message.role === 'tool' ? [message.content] : [],
    );
    const say = (text: string, tool = '', args = ''): CompletedReply => ({
      model,
      text,
      toolCalls: tool === '' ? [] : [{ id: `c${String(answers.length)}`, tool, arguments: args }],
      usage: { inputTokens: 1, outputTokens: 1 },
    });
    if (model === 'thinker') {
      const [system] = messages;
      if (system?.role === 'system' && system.content.includes('lessons')) {
        return say(JSON.stringify({ lessons: [] }));
      }
      this.blamed += 1;
      const instead = { tool: 'book', arguments: { room: 'blue', date: '1 May' } };
      return say(JSON.stringify({ step: 2, confidence: 0.9, reason: 'no date', instead }));
    }
    if (answers.length === 0) return say('let me look', 'look', '{}');
    if (answers.length === 1) return say('booking', 'book', '{"room":"blue"}');
    return say(answers[1] === 'booked' ? 'It is booked.' : 'I could not book.');
  }
}

const closers: (() => Promise<void>)[] = [];
const model = new ForgetfulModel();
let house: House;

beforeAll(async () => {
  const servers = await startRealServers();
  closers.push(() => servers.stop());
  house = await openRealHouse(servers);
  closers.push(() => house.close());
  await startHouseWorkers(house, {
    agents: [clerk],
    models: model,
    hasLocalModel: true,
    workflowBundle: await workflowBundle(),
  });
});

afterAll(async () => {
  for (const close of closers.reverse()) await close();
});

test('a failed episode runs again from the blamed step, and the changed step alone turns it', async () => {
  const scope = scopeOf('replays', clerk);

  const [result] = await runTasks(house, clerk, scope, [
    { id: 'may', input: { wish: 'a room on 1 May' } },
  ]);
  const episode = result?.episode ?? '';
  const reflected: unknown = await house.temporal.workflow.getHandle(`reflect/${episode}`).result();

  expect(result?.score).toBe(0);
  expect(reflected).toMatchObject({
    end: 'nothing-learned',
    reason:
      'nothing to propose (blame: run again from step 2 with it changed: ' +
      '3 wins and 0 losses against no change, in 3 pairs)',
  });
  const times = (what: string): number => ran.filter((each) => each === what).length;
  // The live task looked once; no fork looked again.
  expect(times('look')).toBe(1);
  expect(times('book 1 May')).toBe(3);
  expect(times('book without a date')).toBe(1 + 3);
  // Live: three calls. A patched run: the answer. A control: the booking and the answer.
  expect(model.asked.filter((name) => name === 'clerk')).toHaveLength(3 + 3 * 1 + 3 * 2);
  expect(model.blamed).toBe(1);
});
