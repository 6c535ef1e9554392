import { z } from 'zod';

import { InvalidInputError } from '../domain/errors.js';
import type { JsonObject } from '../domain/json.js';
import type { Agent } from './agent.js';
import { fieldOf, foundText } from './parse.js';

/**
 * The user message of a task, as its agent writes it. An agent is defined before there is any input, so that
 * this is where its code can fail: by an error that names the agent, and is final.
 */
export function promptOf({ id, prompt }: Pick<Agent, 'id' | 'prompt'>, input: JsonObject): string {
  const field = `agent ${JSON.stringify(id)}.prompt`;
  let text: unknown;
  try {
    text = prompt(input);
  } catch (error) {
    const told = error instanceof z.ZodError ? fieldOf('input', error, input) : error;
    const reason = told instanceof Error ? told.message : String(told);
    throw new InvalidInputError(
      field,
      `a function that fails on the input of this task (${reason})`,
      'one that answers a text; mend it, or the input',
      { cause: error },
    );
  }
  if (typeof text === 'string') return text;
  throw new InvalidInputError(field, `a function that answers ${foundText(text)}`, 'a text');
}
