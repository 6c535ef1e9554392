import { z } from 'zod';

import type { Slices } from '../domain/episode.js';
import { InvalidInputError, RatchetError } from '../domain/errors.js';
import type { JsonObject } from '../domain/json.js';
import type { Agent } from './agent.js';
import { fieldOf, parseOr } from './parse.js';
import { sliceRecord } from './slice-values.js';

const Answered = sliceRecord(z.record(z.string().min(1), z.string()));

/**
 * The slices of a task, as its agent names them. An input that the agent's own code does not take is told
 * by its field; what that code answers is checked like everything from outside.
 */
export function slicesOf(agent: Pick<Agent, 'slices'>, input: JsonObject): Slices {
  let slices: unknown;
  try {
    slices = agent.slices({ input });
  } catch (error) {
    if (error instanceof RatchetError) throw error;
    if (error instanceof z.ZodError) throw fieldOf('input', error, input);
    const reason = error instanceof Error ? error.message : String(error);
    throw new InvalidInputError(
      'input',
      `one that the slices of its agent fail on (${reason})`,
      'what they read',
      { cause: error },
    );
  }
  return parseOr(Answered, slices, 'what the slices of the agent answer');
}
