import type { JsonObject } from '../domain/json.js';
import type { LessonDraft } from '../domain/lesson.js';
import { mulberry32 } from '../domain/random.js';

/** Seeded lessons and tasks: the same seed gives the same ones, and more lessons begin with the fewer. */
export interface RecallData {
  readonly lessons: readonly LessonDraft[];
  readonly tasks: readonly { readonly database: string; readonly input: JsonObject }[];
}

const VOCABULARY = 6_000;
const DATABASES = 200;
/** Shares of the lessons; the rest are worked examples. */
const SCHEMA_NOTES = 0.7;
const RULES = 0.1;
const SYLLABLES = 'ba ce di fo gu ka le mi no pu ra se ti vo zu bri cla dro fle gra'.split(' ');

/**
 * Lessons as an agent on many databases gathers them: notes on a table's columns, standing rules of one
 * database, worked examples of none in particular. Words follow Zipf's law, as in English: a few are in
 * a tenth of all lessons, most in two or three.
 */
export function recallData(lessons: number, tasks: number, seed: number): RecallData {
  const ofLessons = writer(mulberry32(seed));
  const ofTasks = writer(mulberry32(seed + 1));
  return {
    lessons: Array.from({ length: lessons }, (_, index) => lessonAt(index, ofLessons)),
    tasks: Array.from({ length: tasks }, (_, index) => {
      const database = ofTasks.database();
      const question = `${ofTasks.words(12)} (${String(index)})`;
      return { database, input: { database, question } };
    }),
  };
}

/** A lesson that nothing but its marker asks for. */
export function lessonOfItsOwn(marker: string): LessonDraft {
  return {
    ...common(`note:${marker}`),
    kind: 'tool-note',
    title: `The table of ${marker}`,
    trigger: { predicates: [], when: `asked about ${marker}`, notWhen: '' },
    body: { form: 'text', text: `tbl_${marker}(id number, ${marker} amount)` },
  };
}

interface Writer {
  readonly draw: () => number;
  readonly word: () => string;
  readonly words: (count: number) => string;
  readonly database: () => string;
}

function writer(draw: () => number): Writer {
  const word = (): string => wordAt(zipfRank(draw()));
  return {
    draw,
    word,
    words: (count) => Array.from({ length: count }, word).join(' '),
    database: () => `db${String(Math.floor(draw() * DATABASES))}`,
  };
}

/** Ranks by Zipf's law with exponent 1, from its continuous form: the word at rank r is drawn as 1/r. */
function zipfRank(uniform: number): number {
  return Math.min(VOCABULARY - 1, Math.floor((VOCABULARY + 1) ** uniform) - 1);
}

/** A pronounceable word of its own for each rank. */
function wordAt(rank: number): string {
  let rest = rank + SYLLABLES.length;
  let word = '';
  while (rest > 0) {
    word += SYLLABLES[rest % SYLLABLES.length] ?? '';
    rest = Math.floor(rest / SYLLABLES.length);
  }
  return word;
}

function lessonAt(index: number, { draw, word, words, database }: Writer): LessonDraft {
  const kind = draw();
  const name = String(index);
  const predicates = [{ field: 'database', op: 'eq' as const, value: database() }];
  if (kind < SCHEMA_NOTES) {
    const columns = Array.from({ length: 6 }, () => `${word().slice(0, 4)} ${words(2)}`).join(', ');
    return {
      ...common(`note:${name}`),
      kind: 'tool-note',
      title: `Columns of table ${name}`,
      trigger: { predicates, when: '', notWhen: '' },
      body: { form: 'text', text: `t${name}(${columns}) -- ${words(2)}` },
    };
  }
  if (kind < SCHEMA_NOTES + RULES) {
    return {
      ...common(`rule:${name}`),
      kind: 'rule',
      title: `How ${words(2)} is counted`,
      trigger: { predicates, when: words(3), notWhen: '' },
      body: {
        form: 'text',
        text: `When ${words(3)}: Write \`${word()}\` instead of \`${word()}\`.`,
      },
    };
  }
  return {
    ...common(`case:${name}`),
    kind: 'case',
    title: `A question about ${words(2)}`,
    trigger: { predicates: [], when: words(4), notWhen: '' },
    body: { form: 'text', text: words(30) },
  };
}

function common(key: string) {
  return {
    key,
    rationale: 'made for a measurement',
    evidence: [],
    sources: [{ channel: 'operator' as const, principal: 'bench', authority: 1 }],
    trust: 'high' as const,
    toolVersions: {},
  };
}
