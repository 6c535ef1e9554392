import pg from 'pg';
import { defineAgent, defineTool } from 'ratchet';
import { z } from 'zod';
import { tableRevealed } from './reveals.js';
import { gradeAnswer } from './same-rows-as-gold.js';
import {
  DescribeTableInput,
  describeTable,
  ExecuteSqlInput,
  executeSql,
  ListTablesInput,
  listTables,
} from './tools.js';
import type { Evaluator } from 'ratchet';

/** What the agent and its checker need: a pool whose search path is the company's namespace. */
const Resources = z.object({ db: z.instanceof(pg.Pool) });
/** A task: one question, and the area of the company it comes from. */
const TaskInput = z.strictObject({
  question: z.string().min(1),
  area: z.enum(['sales', 'people', 'stock']),
});

const listTablesTool = defineTool({
  name: 'list_tables',
  description: 'Names of all tables. Says nothing about what they hold.',
  input: ListTablesInput,
  effect: 'read',
  sandbox: 'same',
  run: (_args, { resources }) => listTables(Resources.parse(resources).db),
});

const describeTableTool = defineTool({
  name: 'describe_table',
  description: 'Columns of one table with types and comments.',
  input: DescribeTableInput,
  effect: 'read',
  sandbox: 'same',
  run: (args, { resources }) => describeTable(Resources.parse(resources).db, args),
  reveals: tableRevealed,
  summarize: ({ table }) => table,
});

const executeSqlTool = defineTool({
  name: 'execute_sql',
  description: 'Run one read-only SQL statement and return at most 50 rows.',
  input: ExecuteSqlInput,
  effect: 'read',
  sandbox: 'same',
  run: (args, { resources }) => executeSql(Resources.parse(resources).db, args),
});

const sameRowsAsGold: Evaluator = {
  name: 'same-rows-as-gold',
  source: 'checker',
  evaluate: ({ task, output, resources }) =>
    gradeAnswer(Resources.parse(resources).db, TaskInput.parse(task.input).question, output),
};

/** Settings that a caller may want to change: the demonstration shortens the rollout, for one. */
type Settings = Partial<
  Pick<Parameters<typeof defineAgent>[0], 'id' | 'model' | 'learning' | 'resources'>
>;

/** The agent. `resources` must give it `db`; ratchet.config.ts shows how. */
export function sqlAnalyst(settings: Settings = {}): ReturnType<typeof defineAgent> {
  return defineAgent({
    id: 'sql-analyst',
    instructions: [
      'You answer questions about a Postgres database whose names say nothing by themselves.',
      'Comments on tables and columns say what they hold; use the tools to read them.',
      'End with one SELECT statement that answers the question, and nothing else.',
      'You have 4 turns; the last one must be the answer.',
    ].join('\n'),
    model: { name: 'gpt-4o-mini' },
    tools: [listTablesTool, describeTableTool, executeSqlTool],
    evaluators: [sameRowsAsGold],
    slices: ({ input }) => ({ area: TaskInput.parse(input).area }),
    prompt: (input) => `question: ${TaskInput.parse(input).question}`,
    limits: { modelCalls: 6 },
    ...settings,
  });
}
