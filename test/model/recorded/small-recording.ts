import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A made-up recording of two tasks on one database, in the layout of the real one. */
export async function writeSmallRecording(files: Record<string, string> = {}): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'recording-'));
  await mkdir(join(directory, 'runs'));
  for (const [name, text] of Object.entries({ ...SMALL_RECORDING, ...files })) {
    await writeFile(join(directory, name), text);
  }
  return directory;
}

function lines(...records: readonly unknown[]): string {
  return records.map((record) => `${JSON.stringify(record)}\n`).join('');
}

function aRun(config: string, taskId: string, success: 0 | 1, steps: [string, string][]): unknown {
  return {
    run_id: `made-up/${config}/${taskId}`,
    task_id: taskId,
    config,
    success,
    steps: steps.map(([action, observation], i) => ({ i, action, observation, valid: true })),
  };
}

export const SMALL_RECORDING: Readonly<Record<string, string>> = {
  'databases.json': JSON.stringify({
    pets: {
      Owner: {
        columns: [
          { name: 'Owner_ID', type: 'int' },
          { name: 'Full_Name', type: 'varchar(40)' },
        ],
        primary_key: ['Owner_ID'],
        rows: [
          [1, 'Ada'],
          [2, 'Bo'],
        ],
      },
      Dog: {
        columns: [
          { name: 'Dog_ID', type: 'int' },
          { name: 'Owner_ID', type: 'int' },
          { name: 'Weight', type: 'double' },
        ],
        primary_key: ['Dog_ID'],
        rows: [
          [10, 1, 4.5],
          [11, 1, 30],
          [12, 2, 8.25],
        ],
      },
    },
  }),
  'tasks.jsonl': lines(
    {
      task_id: 't-0',
      db: 'pets',
      question: 'How many dogs are there?',
      gold_sql: 'SELECT count(*) FROM Dog',
      gold_tables: ['Dog'],
      hardness: 'easy',
    },
    {
      task_id: 't-1',
      db: 'pets',
      question: 'Which owners have a dog of more than 20 kilograms?',
      gold_sql:
        'SELECT T1.Full_Name FROM Owner AS T1 JOIN Dog AS T2 ON T1.Owner_ID = T2.Owner_ID WHERE T2.Weight > 20',
      gold_tables: ['Owner', 'Dog'],
      hardness: 'medium',
    },
  ),
  'runs/plain.jsonl': lines(
    aRun('plain', 't-0', 0, [
      ['SELECT COUNT(*) FROM pets', "Error executing query: Table 'pets.pets' doesn't exist"],
    ]),
    aRun('plain', 't-1', 0, [
      ['SELECT name FROM owners', "Error executing query: Table 'pets.owners' doesn't exist"],
    ]),
  ),
  'runs/informed.jsonl': lines(
    aRun('informed', 't-0', 1, [['SELECT COUNT(*) FROM Dog', '[(3,)]']]),
    aRun('informed', 't-1', 1, [
      ['SELECT Full_Name FROM Owner JOIN Dog USING (Owner_ID) WHERE Weight > 20', "[('Ada',)]"],
    ]),
  ),
  'runs/explore.jsonl': lines(
    aRun('explore', 't-0', 1, [
      ['SHOW TABLES', "[('dog',), ('owner',)]"],
      [
        'execute[DESC dog]',
        "[('Dog_ID', 'int', 'NO', 'PRI', None, ''), ('Owner_ID', 'int', 'YES', '', None, ''), ('Weight', 'double', 'YES', '', None, '')]",
      ],
      ['SELECT COUNT(*) FROM dog', '[(3,)]'],
    ]),
    aRun('explore', 't-1', 0, [['I do not know.', 'No SQL code was found']]),
  ),
};
