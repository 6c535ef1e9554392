import { expect, test } from 'vitest';

import config, { orderDesk } from '../../../examples/order-desk/ratchet.config.js';
import { episodeId, taskId } from '../../../src/contracts/ids.js';
import { parseConfig } from '../../../src/contracts/ratchet-config.js';
import type { ToolResult } from '../../../src/domain/episode.js';
import { mineRecoveries } from '../../../src/domain/mining/recovery.js';
import { validateLesson } from '../../../src/domain/validation/validate.js';
import { failure, ok, turn } from '../../domain/trajectories.js';
import { aContext, facts } from '../../domain/validation/drafts.js';

const signal = new AbortController().signal;
const task = { id: 't1', input: { question: 'Where is it?', order: '1001', shop: 'north' } };

test('refuses a number in the wrong form and says which form it wants', async () => {
  await expect(orderState('1001')).rejects.toThrow('SO-1001');
  await expect(orderState('SO-1001')).resolves.toBe('shipped');
});

test('a number that was refused and then got through becomes a tool note that validation accepts', async () => {
  const message = await orderState('1001').catch((error: unknown) =>
    error instanceof Error ? error.message : '',
  );
  const call = (number: string, result: ToolResult) => [
    { tool: 'order_state', arguments: { number }, result },
  ];
  const failed = turn([], '', call('1001', failure('TOOL_FAILED', String(message))));
  const steps = turn(failed, '', call('SO-1001', ok('shipped')));
  const context = { episode: episodeId('e1'), task: taskId('t1'), outcome: 1, toolDigests: {} };

  const [note, ...others] = mineRecoveries(steps, context);

  expect(others).toEqual([]);
  expect(note?.body).toEqual({
    form: 'text',
    text: 'When `order_state` fails with TOOL_FAILED, send `number` with `SO-` before it.',
  });
  const evidence = [facts({ steps: steps.length, slices: { shop: 'north' }, input: task.input })];
  const asked = aContext({ tools: ['order_state'], evidence });
  expect(note && validateLesson(note, asked)).toEqual({ accepted: true });
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
