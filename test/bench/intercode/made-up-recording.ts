import { writeSmallRecording } from '../../model/recorded/small-recording.js';

const DATABASES = ['harbour', 'orchard'];
const TABLES = ['boat', 'tree'];

/**
 * A made-up recording in which everything is learnable: the plain model always guesses a table that
 * does not exist, the informed one is always right, and ten turns find the schema out.
 */
export function writeMadeUpRecording(tasks: number): Promise<string> {
  const drawn = Array.from({ length: tasks }, (_, at) => madeUpTask(at));
  const lines = (of: (task: MadeUpTask) => unknown): string =>
    drawn.map((task) => `${JSON.stringify(of(task))}\n`).join('');
  return writeSmallRecording({
    'databases.json': JSON.stringify(
      Object.fromEntries(
        DATABASES.map((database, at) => [database, { [TABLES[at] ?? '']: tableOf(TABLES[at]) }]),
      ),
    ),
    'tasks.jsonl': lines(({ id, database, table, question, hardness, sql }) => ({
      task_id: id,
      db: database,
      question,
      gold_sql: sql,
      gold_tables: [table],
      hardness,
    })),
    'runs/plain.jsonl': lines((task) =>
      aRun('plain', task, 0, [
        [`SELECT n FROM ${task.table}s_all`, `Error executing query: Table 'x' doesn't exist`],
      ]),
    ),
    'runs/informed.jsonl': lines((task) => aRun('informed', task, 1, [[task.sql, '[(1,)]']])),
    'runs/explore.jsonl': lines((task) =>
      aRun('explore', task, 0, [
        ['SHOW TABLES', `[('${task.table}',)]`],
        [
          `DESC ${task.table}`,
          "[('id', 'int', 'NO', 'PRI', None, ''), ('weight', 'double', 'YES', '', None, '')]",
        ],
      ]),
    ),
  });
}

interface MadeUpTask {
  readonly id: string;
  readonly database: string;
  readonly table: string;
  readonly question: string;
  readonly hardness: string;
  readonly sql: string;
}

function madeUpTask(at: number): MadeUpTask {
  const database = DATABASES[at % 2] ?? '';
  const table = TABLES[at % 2] ?? '';
  return {
    id: `t-${String(at)}`,
    database,
    table,
    question: `How many ${table}s have a weight of more than ${String(at)}?`,
    hardness: at % 4 < 2 ? 'easy' : 'hard',
    sql: `SELECT count(id) FROM ${table} WHERE weight > ${String(at)}`,
  };
}

function tableOf(name: string | undefined): unknown {
  return {
    columns: [
      { name: 'id', type: 'int' },
      { name: 'weight', type: 'double' },
    ],
    primary_key: ['id'],
    rows: name === 'boat' ? [[1, 1_000]] : [[1, 900]],
  };
}

function aRun(
  config: string,
  { id }: MadeUpTask,
  success: 0 | 1,
  steps: readonly (readonly [string, string])[],
): unknown {
  return {
    run_id: `made-up/${config}/${id}`,
    task_id: id,
    config,
    success,
    steps: steps.map(([action, observation], i) => ({ i, action, observation })),
  };
}
