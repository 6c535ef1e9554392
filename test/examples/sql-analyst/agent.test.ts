import { afterAll, beforeAll, expect, test } from 'vitest';
import { sqlAnalyst } from '../../../examples/sql-analyst/agent.js';
import { originalNames } from '../../../examples/sql-analyst/company/names.js';
import { goldSql } from '../../../examples/sql-analyst/questions/query.js';
import { questions } from '../../../examples/sql-analyst/questions/questions.js';
import { startCompanyDatabase } from './company-database.js';
import type pg from 'pg';
import type { CompanyDatabase } from './company-database.js';

let database: CompanyDatabase;
let db: pg.Pool;

beforeAll(async () => {
  database = await startCompanyDatabase();
  db = await database.copy('garden');
});
afterAll(() => database.stop());

const agent = sqlAnalyst();

test('has three tools that read and may run in a shadow as they are', () => {
  expect(agent.tools.map(({ name, effect, sandbox }) => [name, effect, sandbox])).toEqual([
    ['list_tables', 'read', 'same'],
    ['describe_table', 'read', 'same'],
    ['execute_sql', 'read', 'same'],
  ]);
});

test('shows the model the question and names the slice by area', () => {
  const input = { question: 'How many orders are there?', area: 'sales' };

  expect(agent.prompt(input)).toBe('question: How many orders are there?');
  expect(agent.slices({ input })).toEqual({ area: 'sales' });
});

test('takes other settings without losing its tools', () => {
  const frozen = sqlAnalyst({ id: 'sql-analyst-frozen', learning: { reflect: 'never' } });

  expect(frozen.id).toBe('sql-analyst-frozen');
  expect(frozen.learning.reflect).toBe('never');
  expect(frozen.tools).toHaveLength(3);
});

test('runs its tools on the pool that its resources hold', async () => {
  const [listTables] = agent.tools;
  const context = {
    signal: AbortSignal.timeout(5000),
    effectKey: 'k',
    callId: 'c',
    episode: 'e',
    task: { id: 't', input: {} },
    resources: { db },
  };

  const listed = await listTables?.run({}, context);

  expect(listed).toHaveLength(15);
});

test('grades by the gold statement of the question asked', async () => {
  const [question] = questions;
  const [evaluator] = agent.evaluators;
  if (question === undefined || evaluator === undefined) throw new Error('Nothing to grade');
  const grade = (output: string) =>
    evaluator.evaluate({
      task: { id: 't', input: { question: question.text, area: question.area } },
      output,
      trajectory: [],
      resources: { db },
      signal: AbortSignal.timeout(5000),
    });

  expect(await grade(goldSql(question.query, originalNames))).toMatchObject({ score: 1 });
  expect(await grade('I do not know')).toMatchObject({ score: 0, category: 'no-sql' });
});
