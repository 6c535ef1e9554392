import { expect, test } from 'vitest';

import config, { orderDesk } from '../../../examples/order-desk/ratchet.config.js';
import { parseConfig } from '../../../src/contracts/ratchet-config.js';

const signal = new AbortController().signal;
const task = { id: 't1', input: { question: 'Where is it?', order: '1001', shop: 'north' } };

test('refuses a number in the wrong form and says which form it wants', async () => {
  await expect(orderState('1001')).rejects.toThrow('SO-1001');
  await expect(orderState('SO-1001')).resolves.toBe('shipped');
});

test.each([
  ['Your order was shipped.', 1],
  ['I do not know.', 0],
])('grades the answer %j with %d', async (output, score) => {
  const [evaluator] = orderDesk.evaluators;

  const graded = await evaluator?.evaluate({ task, output, trajectory: [], resources: {}, signal });

  expect(graded).toEqual({ score });
});

test('puts a task into the slice of its shop, and leaves parameters alone', () => {
  expect(orderDesk.slices(task)).toEqual({ shop: 'north' });
  expect(orderDesk.learning.layers).toEqual({ parameters: 'frozen' });
});

test('is what the configuration file exports', () => {
  expect(parseConfig(config, 'ratchet.config.ts').agents).toEqual([orderDesk]);
});

async function orderState(number: string): Promise<unknown> {
  const [tool] = orderDesk.tools;
  return tool?.run(
    { number },
    { signal, effectKey: 'k', callId: 'c', episode: 'e', task, resources: {} },
  );
}
