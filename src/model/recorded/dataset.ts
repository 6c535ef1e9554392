import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { RecordedDataError } from './recorded-data-error.js';
import { readJson, readJsonLines } from './json-lines.js';

const TaskLine = z.object({
  task_id: z.string().min(1),
  db: z.string().min(1),
  question: z.string().min(1),
  gold_sql: z.string().min(1),
  gold_tables: z.array(z.string().min(1)).min(1),
  hardness: z.string().min(1),
});

const Cell = z.union([z.string(), z.number(), z.boolean(), z.null()]);
const DatabasesFile = z.record(
  z.string(),
  z.record(
    z.string(),
    z.object({
      columns: z.array(z.object({ name: z.string().min(1), type: z.string().min(1) })).min(1),
      primary_key: z.array(z.string()),
      rows: z.array(z.array(Cell)),
    }),
  ),
);

const RunLine = z.object({
  run_id: z.string().min(1),
  task_id: z.string().min(1),
  config: z.string().min(1),
  success: z.union([z.literal(0), z.literal(1)]),
  steps: z
    .array(z.object({ i: z.int().min(0), action: z.string(), observation: z.string() }))
    .min(1),
});

/** One question put to a database, with the answer that only knowledge rule and statistics may see. */
export interface RecordedTask {
  readonly taskId: string;
  readonly database: string;
  readonly question: string;
  readonly goldSql: string;
  readonly goldTables: readonly string[];
  readonly hardness: string;
}

export type Cell = z.infer<typeof Cell>;

export interface RecordedTable {
  readonly name: string;
  /** With MySQL types. */
  readonly columns: readonly { readonly name: string; readonly type: string }[];
  readonly primaryKey: readonly string[];
  readonly rows: readonly (readonly Cell[])[];
}

export interface RecordedStep {
  /** SQL, `execute[SQL]`, SQL in a fence, or prose, as the model wrote it. */
  readonly action: string;
  /** What MySQL said, as a Python repr, cut at 600 characters. */
  readonly observation: string;
}

/** One run of one model configuration on one task. */
export interface RecordedRun {
  readonly runId: string;
  readonly taskId: string;
  readonly config: string;
  readonly success: boolean;
  readonly steps: readonly RecordedStep[];
}

/** Tasks in file order, and the tables they ask about. */
export interface RecordedTasks {
  readonly dataDir: string;
  readonly tasks: readonly RecordedTask[];
  readonly databases: ReadonlyMap<string, readonly RecordedTable[]>;
  /** Names of the configurations that were recorded, sorted. */
  readonly configs: readonly string[];
}

/** The runs of one configuration by task. */
export type RunsByTask = ReadonlyMap<string, RecordedRun>;

/** Reads everything but the runs. */
export async function readRecordedTasks(dataDir: string): Promise<RecordedTasks> {
  const databases = new Map(
    Object.entries(await readJson(join(dataDir, 'databases.json'), DatabasesFile)).map(
      ([database, tables]): [string, RecordedTable[]] => [
        database,
        Object.entries(tables).map(([name, { columns, primary_key: primaryKey, rows }]) => ({
          name,
          columns,
          primaryKey,
          rows,
        })),
      ],
    ),
  );
  const file = join(dataDir, 'tasks.jsonl');
  const tasks: RecordedTask[] = [];
  const seen = new Set<string>();
  for await (const line of readJsonLines(file, TaskLine)) {
    const at = (field: string): { file: string; line: number; field: string } => ({
      file,
      line: tasks.length + 1,
      field,
    });
    if (seen.has(line.task_id)) {
      throw new RecordedDataError(at('task_id'), `${line.task_id} a second time`, 'each task once');
    }
    if (!databases.has(line.db)) {
      throw new RecordedDataError(at('db'), line.db, 'a database of databases.json');
    }
    seen.add(line.task_id);
    tasks.push({
      taskId: line.task_id,
      database: line.db,
      question: line.question,
      goldSql: line.gold_sql,
      goldTables: line.gold_tables,
      hardness: line.hardness,
    });
  }
  if (tasks.length === 0) {
    throw new RecordedDataError({ file, line: 0, field: '' }, 'no task', 'at least one');
  }
  return { dataDir, tasks, databases, configs: await configsOf(dataDir) };
}

/** Reads the runs of one configuration; a task has at most one. */
export async function readRuns(data: RecordedTasks, config: string): Promise<RunsByTask> {
  const file = join(data.dataDir, 'runs', `${config}.jsonl`);
  if (!data.configs.includes(config)) {
    const found = 'no such file';
    throw new RecordedDataError(
      { file, line: 0, field: '' },
      found,
      `one of ${data.configs.join(', ')}`,
    );
  }
  const known = new Set(data.tasks.map(({ taskId }) => taskId));
  const runs = new Map<string, RecordedRun>();
  let line = 0;
  for await (const run of readJsonLines(file, RunLine)) {
    line += 1;
    const at = { file, line, field: 'task_id' };
    if (!known.has(run.task_id))
      throw new RecordedDataError(at, run.task_id, 'a task of tasks.jsonl');
    if (runs.has(run.task_id))
      throw new RecordedDataError(at, `${run.task_id} again`, 'one run a task');
    runs.set(run.task_id, {
      runId: run.run_id,
      taskId: run.task_id,
      config,
      success: run.success === 1,
      steps: run.steps.map(({ action, observation }) => ({ action, observation })),
    });
  }
  return runs;
}

async function configsOf(dataDir: string): Promise<string[]> {
  const directory = join(dataDir, 'runs');
  try {
    const names = await readdir(directory);
    return names
      .filter((name) => name.endsWith('.jsonl'))
      .map((name) => name.slice(0, -'.jsonl'.length))
      .sort();
  } catch (error) {
    const at = { file: directory, line: 0, field: '' };
    throw new RecordedDataError(at, 'no such directory', 'one file of runs a configuration', {
      cause: error,
    });
  }
}
