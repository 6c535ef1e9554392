import { z } from 'zod';

import type { CompletedReply, CompletionInput } from '../../src/activities/model-activities.js';
import { defineAgent } from '../../src/contracts/agent.js';
import { defineTool } from '../../src/contracts/tool.js';

/** Which tools ran, in order. */
export const ran: string[] = [];

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

export const clerk = defineAgent({
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
export class ForgetfulModel {
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
