import { defineAgent } from 'ratchet';
import { z } from 'zod';
import { areas } from './requests.js';
import { gradeAnswer } from './right-answer.js';
import { tools } from './tools.js';
import type { Evaluator } from 'ratchet';

/** A task: one request, and the area of the depot it is about. */
const TaskInput = z.strictObject({ request: z.string().min(1), area: z.enum(areas) });

const rightAnswer: Evaluator = {
  name: 'right-answer',
  source: 'checker',
  evaluate: ({ task, output }) =>
    Promise.resolve(gradeAnswer(TaskInput.parse(task.input).request, output)),
};

/** Settings that a caller may want to change. */
type Settings = Partial<
  Pick<Parameters<typeof defineAgent>[0], 'id' | 'model' | 'learning' | 'resources'>
>;

/** The agent. `resources` must give it `depot`; ratchet.config.ts shows how. */
export function depotAgent(settings: Settings = {}): ReturnType<typeof defineAgent> {
  return defineAgent({
    id: 'depot-agent',
    instructions: [
      'You carry out requests against an HTTP API that you have never seen.',
      'read_document shows its OpenAPI document, which is incomplete.',
      'Where a call is refused, the API says why: make it again as it wants it.',
      'Try an entry with api_try before you send it, unless you know how this API wants it.',
      'Keep on the scratchpad what you find out and what you have so far, for the rest of this task.',
      'End with the answer alone: the number, word or receipt that was asked for; of several, all of',
      'them in their order, separated by commas.',
      'You have 8 turns; the last one must be the answer.',
    ].join('\n'),
    model: { name: 'gpt-4o-mini' },
    tools,
    evaluators: [rightAnswer],
    slices: ({ input }) => ({ area: TaskInput.parse(input).area }),
    prompt: (input) => `request: ${TaskInput.parse(input).request}`,
    limits: { modelCalls: 8 },
    // A request is about one or two operations, and of each there are several things to know.
    recallLimit: 8,
    scratchpad: true,
    ...settings,
  });
}
