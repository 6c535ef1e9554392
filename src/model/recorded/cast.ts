import type { Casting } from './casting.js';
import type { RecordedRun, RecordedTask, RecordedTasks, RunsByTask } from './dataset.js';
import { schemaIsKnown } from './knowledge.js';

/** Recordings in memory, found by what a prompt tells of its task. */
export interface Library {
  readonly data: RecordedTasks;
  readonly runs: ReadonlyMap<string, RunsByTask>;
  readonly places: ReadonlyMap<string, readonly number[]>;
}

export function libraryOf(data: RecordedTasks, runs: ReadonlyMap<string, RunsByTask>): Library {
  const places = new Map<string, number[]>();
  data.tasks.forEach(({ database, question }, place) => {
    const key = placeKey(database, question);
    places.set(key, [...(places.get(key) ?? []), place]);
  });
  return { data, runs, places };
}

/** Whether database and question alone do not tell which task it is; its input then names it too. */
export function needsTaskId(library: Pick<Library, 'places'>, task: RecordedTask): boolean {
  return (library.places.get(placeKey(task.database, task.question))?.length ?? 0) > 1;
}

export type Found =
  | { readonly ok: true; readonly task: RecordedTask; readonly place: number }
  | { readonly ok: false; readonly message: string };

/** The task of a prompt: by its id where the input has one, else by database and question. */
export function findTask(library: Library, input: ReadonlyMap<string, string>): Found {
  const id = input.get('task');
  const database = input.get('database') ?? '';
  const question = input.get('question') ?? '';
  const places = library.places.get(placeKey(database, question)) ?? [];
  const fitting = places.filter(
    (place) => id === undefined || library.data.tasks[place]?.taskId === id,
  );
  const [place] = fitting;
  const task = place === undefined ? undefined : library.data.tasks[place];
  if (place === undefined || task === undefined) {
    const found = `database ${JSON.stringify(database)}, question ${JSON.stringify(question)}`;
    return { ok: false, message: `found ${found}, expected a recorded task in lines "key: value"` };
  }
  if (fitting.length > 1) {
    return { ok: false, message: 'found a question asked twice, expected a line "task: ID" too' };
  }
  return { ok: true, task, place };
}

/** The run that a casting plays for a task, given the lessons in its prompt. */
export function castRun(
  library: Library,
  casting: Casting,
  found: Extract<Found, { ok: true }>,
  lessonTexts: readonly string[],
): RecordedRun | undefined {
  const config = playedConfig(library.data, casting, found, lessonTexts);
  return library.runs.get(config)?.get(found.task.taskId);
}

function playedConfig(
  data: RecordedTasks,
  casting: Casting,
  { task, place }: Extract<Found, { ok: true }>,
  lessonTexts: readonly string[],
): string {
  switch (casting.mode) {
    case 'config':
      return casting.config;
    case 'D':
      return place + 1 < casting.k ? casting.before : casting.after;
    case 'S': {
      const tables = data.databases.get(task.database) ?? [];
      return schemaIsKnown(lessonTexts, task, tables) ? casting.informed : casting.plain;
    }
  }
}

function placeKey(database: string, question: string): string {
  return JSON.stringify([database, question]);
}
