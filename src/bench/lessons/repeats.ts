import { readFile } from 'node:fs/promises';

import { z } from 'zod';

import { answerLesson } from '../../cli/commands/lessons-check.js';
import { parseOr } from '../../contracts/parse.js';
import { InvalidInputError } from '../../domain/errors.js';

const Trial = z.object({ env_id: z.string(), lessons_added: z.array(z.string()) });
export type Trial = z.infer<typeof Trial>;

export interface RepeatsReport {
  readonly lessons: number;
  /** Those that an earlier one of their environment says letter by letter, but for the numbers in it. */
  readonly repeats: number;
  /** Of these, those that `lessons check` merges into an earlier one. */
  readonly merged: number;
}

/** How many of the lessons that repeat in their environment are merged; told in the order of the trials. */
export function benchRepeats(trials: readonly Trial[]): RepeatsReport {
  const told = new Map<string, string>();
  const shapes = new Set<string>();
  let [lessons, repeats, merged] = [0, 0, 0];
  for (const { env_id: subject, lessons_added: texts } of trials) {
    for (const text of texts) {
      const line = { id: String(lessons), text, channel: 'reflection', subject } as const;
      const { mergedInto } = answerLesson(line, told);
      const shape = `${subject}\n${text.replaceAll(/\d+/g, '#').replaceAll(/\s+/g, ' ').trim()}`;
      lessons += 1;
      if (shapes.has(shape)) repeats += 1;
      if (shapes.has(shape) && mergedInto !== null) merged += 1;
      shapes.add(shape);
    }
  }
  return { lessons, repeats, merged };
}

/** Reads the trials of ALFWorld's reflections. */
export async function readTrials(file: string): Promise<readonly Trial[]> {
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    throw new InvalidInputError('--repeats', file, 'a file of trials', { cause: error });
  });
  return text.split('\n').flatMap((line, index) => {
    const place = `${file} line ${String(index + 1)}`;
    return line === '' ? [] : [parseOr(Trial, jsonOf(line, place), place)];
  });
}

function jsonOf(line: string, place: string): unknown {
  try {
    return JSON.parse(line);
  } catch (error) {
    throw new InvalidInputError(place, 'text that is no JSON', 'one JSON object', { cause: error });
  }
}
