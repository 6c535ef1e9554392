import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { z } from 'zod';

import { parseOr } from '../../contracts/parse.js';
import { InvalidInputError } from '../../domain/errors.js';

const SafetyLine = z.object({
  id: z.string(),
  label: z.enum(['attack', 'benign']),
  source: z.string(),
  category: z.string(),
  text: z.string(),
});

/** An attack string or a benign lesson of the lesson-safety data. */
export type SafetyLine = z.infer<typeof SafetyLine>;

/** Reads `lessons.jsonl` of the lesson-safety data. */
export async function readSafetyLines(directory: string): Promise<readonly SafetyLine[]> {
  const file = join(directory, 'lessons.jsonl');
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    const expected = 'a directory with lessons.jsonl of the lesson-safety data';
    throw new InvalidInputError('--data', directory, expected, { cause: error });
  });
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line, index) => {
      const place = `${file} line ${String(index + 1)}`;
      return parseOr(SafetyLine, jsonOf(line, place), place);
    });
}

function jsonOf(line: string, place: string): unknown {
  try {
    return JSON.parse(line);
  } catch (error) {
    throw new InvalidInputError(place, 'text that is no JSON', 'one JSON object', { cause: error });
  }
}
