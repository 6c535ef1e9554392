import { mulberry32, permutation, seedOf } from '../../domain/random.js';
import type { RecordedTask } from '../../model/recorded/dataset.js';
import { schemaClaims } from '../../model/recorded/knowledge.js';

/** A lesson about the schema of one database, as the control arms and the wrong candidate use it. */
export interface SchemaLesson {
  readonly id: string;
  readonly text: string;
  readonly database: string;
}

/**
 * For the `shuffled` arm: as many lessons as the learning arm had, drawn from those of databases that
 * are not the task's. The same draw for the same task and seed.
 */
export function shuffledLessons(
  had: number,
  task: Pick<RecordedTask, 'taskId' | 'database'>,
  served: readonly SchemaLesson[],
  seed: number,
): SchemaLesson[] {
  const others = served.filter(({ database }) => database !== task.database);
  const order = permutation(others.length, seedOf('shuffled', String(seed), task.taskId));
  return order.slice(0, had).flatMap((at) => others[at] ?? []);
}

/**
 * For the `placebo` arm: lessons of the same form as the learning arm had, with as many names in each,
 * all of them invented.
 */
export function placeboLessons(
  had: readonly SchemaLesson[],
  task: Pick<RecordedTask, 'taskId' | 'database'>,
  realNames: ReadonlySet<string>,
  seed: number,
): SchemaLesson[] {
  const random = mulberry32(seedOf('placebo', String(seed), task.taskId));
  return had.map(({ text }, at) => {
    const columns = schemaClaims(text)[0]?.columns.length ?? 1;
    const names = Array.from({ length: columns + 1 }, () => inventedName(random, realNames));
    const [table = '', ...rest] = names;
    return {
      id: `placebo/${task.taskId}/${String(at + 1)}`,
      text: `${table}(${rest.join(', ')})`,
      database: task.database,
    };
  });
}

/**
 * Lessons moved to other databases, each to the next one in alphabetical order, so that none is left
 * at home: a candidate that the gate must not pass.
 */
export function misplacedLessons(
  lessons: readonly SchemaLesson[],
  databases: readonly string[],
): SchemaLesson[] {
  const sorted = [...databases].sort();
  return lessons.map(({ id, text, database }) => ({
    id,
    text,
    database: sorted[(sorted.indexOf(database) + 1) % sorted.length] ?? database,
  }));
}

const SYLLABLES = 'ba ce do fu gi ha jo ka li mu ne po qua re su ti vo wa xe zy'.split(' ');

function inventedName(random: () => number, realNames: ReadonlySet<string>): string {
  for (;;) {
    const syllables = Array.from(
      { length: 3 + Math.floor(random() * 3) },
      () => SYLLABLES[Math.floor(random() * SYLLABLES.length)] ?? '',
    );
    const name = syllables.join('');
    if (!realNames.has(name)) return name;
  }
}

/** Every table and column name of the databases, in lower case. */
export function realNamesOf(
  databases: ReadonlyMap<
    string,
    readonly { readonly name: string; readonly columns: readonly { readonly name: string }[] }[]
  >,
): ReadonlySet<string> {
  const names = [...databases.values()].flatMap((tables) =>
    tables.flatMap(({ name, columns }) => [name, ...columns.map((column) => column.name)]),
  );
  return new Set(names.map((name) => name.toLowerCase()));
}
