import { expect, test } from 'vitest';
import { z } from 'zod';

import { promptOf } from '../../src/contracts/task-prompt.js';
import type { JsonObject } from '../../src/domain/json.js';

const clerk = (prompt: (input: JsonObject) => unknown) => ({
  id: 'clerk',
  prompt: prompt as (input: JsonObject) => string,
});

test('the user message is what the agent makes of the input', () => {
  const agent = clerk(({ question }) => `Answer: ${JSON.stringify(question)}`);

  expect(promptOf(agent, { question: 'where?' })).toBe('Answer: "where?"');
});

test.each<[string, (input: JsonObject) => unknown, string]>([
  [
    'throws',
    () => {
      throw new TypeError('cannot read question');
    },
    'agent "clerk".prompt: found a function that fails on the input of this task (cannot read question), expected one that answers a text; mend it, or the input',
  ],
  [
    'parses another input',
    (input) => z.strictObject({ question: z.string() }).parse(input).question,
    'fails on the input of this task (input.question: found 3, expected ',
  ],
  ['answers no text', () => 7, 'agent "clerk".prompt: found a function that answers 7, expected a'],
  [
    'answers later',
    () => Promise.resolve('where?'),
    'agent "clerk".prompt: found a function that answers {}, expected a text',
  ],
])('a prompt that %s is told with its agent and field, and is final', (_what, prompt, says) => {
  expect(() => promptOf(clerk(prompt), { question: 3 })).toThrow(
    expect.objectContaining({
      name: 'InvalidInputError',
      retryable: false,
      message: expect.stringContaining(says) as string,
    }),
  );
});
