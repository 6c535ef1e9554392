import { expect, test } from 'vitest';
import { z } from 'zod';

import { slicesOf } from '../../src/contracts/task-slices.js';
import { ConflictError } from '../../src/domain/errors.js';
import type { JsonObject } from '../../src/domain/json.js';

const Task = z.strictObject({
  question: z.string().min(3),
  shop: z.string(),
  size: z.enum(['s', 'l']).optional(),
  day: z.string().regex(/^\d+$/, 'a day by its number').optional(),
});

test('slices are what the agent names', () => {
  const agent = { slices: () => ({ shop: 'north' }) };

  expect(slicesOf(agent, {})).toEqual({ shop: 'north' });
});

test.each<[JsonObject, string]>([
  [{ question: 3, shop: 'north' }, 'input.question: found 3, expected a text'],
  [{ question: 'where?' }, 'input.shop: found nothing, expected a text'],
  [{ question: 'w', shop: 'north' }, 'found "w", expected string to have >=3 characters'],
  [{ question: 'where?', shop: 'north', size: 'm' }, 'found "m", expected one of "s"|"l"'],
  [{ question: 'where?', shop: 'north', day: 'today' }, 'expected a day by its number'],
  [{ question: 'where?', shop: 'north', loud: true }, 'input: found unknown key loud'],
])('an input of another shape is told by its field: %o', (input, says) => {
  const agent = {
    slices: (task: { input: JsonObject }) => ({ shop: Task.parse(task.input).shop }),
  };

  expect(() => slicesOf(agent, input)).toThrow(
    expect.objectContaining({
      name: 'InvalidInputError',
      message: expect.stringContaining(says) as string,
    }),
  );
});

test('whatever else the code of the agent fails of is a fault of the input', () => {
  const agent = {
    slices: () => {
      throw new TypeError('cannot read shop');
    },
  };

  expect(() => slicesOf(agent, {})).toThrow(
    'input: found one that the slices of its agent fail on (cannot read shop), expected what they read',
  );
});

test('an error of Ratchet is handed on as it is', () => {
  const agent = {
    slices: () => {
      throw new ConflictError('not so');
    },
  };

  expect(() => slicesOf(agent, {})).toThrow(ConflictError);
});

test.each<[unknown, string]>([
  [{ shop: 3 }, 'what the slices of the agent answer.shop: found 3'],
  [undefined, 'what the slices of the agent answer: found nothing'],
  [Promise.resolve({}), 'what the slices of the agent answer: found {}'],
])('slices that are no texts are refused: %o', (answer, says) => {
  const agent = { slices: () => answer as Record<string, string> };

  expect(() => slicesOf(agent, {})).toThrow(says);
});

test('refuses a slice key that would be passed over and gated by nothing', () => {
  const slices = () => JSON.parse('{"__proto__":"north"}') as Record<string, string>;

  expect(() => slicesOf({ slices }, {})).toThrow('__proto__');
});
