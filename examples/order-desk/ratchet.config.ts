import { defineAgent, defineConfig, defineTool } from 'ratchet';
import { z } from 'zod';

const Task = z.strictObject({ question: z.string(), order: z.string(), shop: z.string() });

const states = new Map([
  ['SO-1001', 'shipped'],
  ['SO-1002', 'waiting for payment'],
]);

const orderState = defineTool({
  name: 'order_state',
  description: 'The state of one order, by its number.',
  input: z.strictObject({ number: z.string() }),
  effect: 'read',
  sandbox: 'same', // shadow runs may use it as it is
  run: async ({ number }) => {
    const state = states.get(number);
    if (state === undefined) throw new Error(`No order ${number}; numbers look like SO-1001.`);
    return state;
  },
});

export const orderDesk = defineAgent({
  id: 'order-desk',
  instructions: 'Answer with the state of the order, in the words of the tool.',
  model: { name: 'gpt-4o-mini' },
  tools: [orderState],
  evaluators: [
    {
      name: 'names-the-state',
      source: 'checker',
      evaluate: async ({ task, output }) => ({
        score: output.includes(states.get(`SO-${Task.parse(task.input).order}`) ?? '?') ? 1 : 0,
      }),
    },
  ],
  slices: ({ input }) => ({ shop: Task.parse(input).shop }),
  learning: { layers: { parameters: 'frozen' } },
});

export default defineConfig({ agents: [orderDesk] });
