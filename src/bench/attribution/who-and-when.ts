import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { z } from 'zod';

import { parseOr } from '../../contracts/parse.js';
import { InvalidInputError } from '../../domain/errors.js';
import type { FailedTrajectory } from '../../domain/attribution/failed-trajectory.js';

const Case = z.object({
  case_id: z.string(),
  subset: z.string(),
  question: z.string(),
  history: z.array(z.object({ agent: z.string(), role: z.string(), content: z.string() })),
  label: z.object({ mistake_agent: z.string(), mistake_step: z.int() }),
});

/** A failed run of several agents, and whom people blame for it. */
export interface LabelledCase {
  readonly id: string;
  readonly subset: string;
  readonly trajectory: FailedTrajectory;
  /** The agent's name in small letters: labels spell it in more than one way. */
  readonly agent: string;
  readonly step: number;
}

/** Reads the labelled cases of Who&When; what they tell of the right answer is left out. */
export async function readCases(directory: string): Promise<readonly LabelledCase[]> {
  const file = join(directory, 'cases.jsonl');
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    throw new InvalidInputError('--data', directory, 'a directory with cases.jsonl of Who&When', {
      cause: error,
    });
  });
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line, index) => {
      const place = `${file} line ${String(index + 1)}`;
      const { case_id, subset, question, history, label } = parseOr(
        Case,
        jsonOf(line, place),
        place,
      );
      return {
        id: case_id,
        subset,
        trajectory: { question, steps: history.map((step, i) => ({ i, ...step })) },
        agent: label.mistake_agent.toLowerCase(),
        step: label.mistake_step,
      };
    });
}

function jsonOf(line: string, place: string): unknown {
  try {
    return JSON.parse(line);
  } catch (error) {
    throw new InvalidInputError(place, 'text that is no JSON', 'one JSON object', { cause: error });
  }
}
