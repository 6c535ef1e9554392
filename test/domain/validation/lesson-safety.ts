import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** One line of the lesson-safety data, which lies beside the project and is no part of it. */
export interface SafetyLine {
  readonly label: 'attack' | 'benign';
  readonly source: string;
  readonly category: string;
  readonly text: string;
}

const PATH = fileURLToPath(
  new URL('../../../../shared/data/lesson-safety/lessons.jsonl', import.meta.url),
);

/** The data, or undefined where it is not there. */
export function lessonSafety(): readonly SafetyLine[] | undefined {
  if (!existsSync(PATH)) return undefined;
  return readFileSync(PATH, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as SafetyLine);
}
