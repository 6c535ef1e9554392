import { tables } from '../company/schema.js';
import { seeded } from '../seeded.js';
import { templates } from './templates.js';
import type { Area } from '../company/table.js';
import type { Query } from './query.js';

/** One question of the demonstration. The text identifies it: no two are worded alike. */
export interface Question {
  readonly text: string;
  readonly area: Area;
  readonly query: Query;
}

export const areas: readonly Area[] = ['sales', 'people', 'stock'];

/** How many questions each table is the subject of. */
const QUESTIONS_A_TABLE = 40;
const SEED = 77;

/** All questions: as many in each area, and in it as many about each table. Always the same ones. */
export const questions: readonly Question[] = generate();

const byText: ReadonlyMap<string, Question> = new Map(
  questions.map((question) => [question.text, question]),
);

/** The question of this wording, with what it asks; known to the grader alone. */
export function questionOf(text: string): Question | undefined {
  return byText.get(text);
}

function generate(): readonly Question[] {
  const random = seeded(SEED);
  const seen = new Set<string>();
  return tables.flatMap((table) => {
    const made: Question[] = [];
    for (let turn = 0; made.length < QUESTIONS_A_TABLE; turn += 1) {
      const asked = templates[turn % templates.length]?.(table, random);
      if (asked === undefined || seen.has(asked.text)) continue;
      seen.add(asked.text);
      made.push({ ...asked, area: table.area });
    }
    return made;
  });
}
