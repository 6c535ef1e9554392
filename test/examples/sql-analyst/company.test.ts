import { afterAll, beforeAll, expect, test } from 'vitest';
import { ensureCompany } from '../../../examples/sql-analyst/company/create.js';
import { migrateCompany, migratedTables } from '../../../examples/sql-analyst/company/migrate.js';
import {
  currentNames,
  originalNames,
  tableNames,
} from '../../../examples/sql-analyst/company/names.js';
import { goldSql } from '../../../examples/sql-analyst/questions/query.js';
import { questions } from '../../../examples/sql-analyst/questions/questions.js';
import { tableRevealed } from '../../../examples/sql-analyst/reveals.js';
import { gradeAnswer, sqlIn } from '../../../examples/sql-analyst/same-rows-as-gold.js';
import { forcedRule, wrongRule } from '../../../examples/sql-analyst/story.js';
import {
  describeTable,
  executeSql,
  listTables,
  ROW_LIMIT,
} from '../../../examples/sql-analyst/tools.js';
import { applyReplacement, replacementRulesIn } from '../../../src/model/simulated/lessons.js';
import { startCompanyDatabase } from './company-database.js';
import type pg from 'pg';
import type { CompanyDatabase } from './company-database.js';
import type { Question } from '../../../examples/sql-analyst/questions/questions.js';

let database: CompanyDatabase;
let db: pg.Pool;
let migrated: pg.Pool;

beforeAll(async () => {
  database = await startCompanyDatabase();
  db = await database.copy('before');
  migrated = await database.copy('Odd "name"');
  await migrateCompany(migrated);
});
afterAll(() => database.stop());

const goldOf = ({ query }: Question): string => goldSql(query, originalNames);

function underRule(sql: string, text: string): string {
  return replacementRulesIn(text).reduce(applyReplacement, sql);
}

test('lists fifteen tables and none of their partitions', async () => {
  const listed = await listTables(db);

  expect(listed).toEqual([...tableNames].sort());
  expect(listed).toHaveLength(15);
});

test('describes a table with its comments', async () => {
  const described = await describeTable(db, { table: 'q7_krd' });

  expect(described).toMatchObject({
    table: 'q7_krd',
    comment: 'customers',
    columns: [{ name: 'k_31', type: 'integer', comment: 'customer number' }, {}, {}, {}, {}, {}],
  });
});

test('reveals a described table as one complete fact with the comments as glosses', async () => {
  const result = JSON.stringify(await describeTable(db, { table: 'y3_mul' }));

  const [fact, ...others] = tableRevealed({ arguments: {}, result, ok: true, taskInput: {} });

  expect(others).toEqual([]);
  expect(fact).toMatchObject({ about: 'y3_mul', gloss: 'suppliers', complete: true, scope: {} });
  expect(fact?.columns).toContainEqual({ name: 'u_24', gloss: 'lead time in days' });
});

test('reveals nothing in a failed call', () => {
  const call = { arguments: {}, result: 'Error X: gone', ok: false, taskInput: {} };

  expect(tableRevealed(call)).toEqual([]);
});

test('answers a missing table as Postgres does', async () => {
  await expect(describeTable(db, { table: 'nothing' })).rejects.toThrow(
    'relation "nothing" does not exist',
  );
});

test('takes neither a second statement nor a write', async () => {
  const two = { sql: 'select 1; commit; drop table q7_krd cascade' };
  const write = { sql: 'delete from q7_krd returning 1' };

  await expect(executeSql(db, two)).rejects.toThrow('cannot insert multiple commands');
  await expect(executeSql(db, write)).rejects.toThrow('syntax error');
  expect(await listTables(db)).toContain('q7_krd');
});

test('returns at most fifty rows', async () => {
  const { rows } = await executeSql(db, { sql: 'select o_12 from m4_ost' });

  expect(rows).toHaveLength(ROW_LIMIT);
});

test('has rows for every gold statement, fewer than the limit', async () => {
  const counts = await Promise.all(
    questions.map(
      async (question) => (await executeSql(db, { sql: goldOf(question) })).rows.length,
    ),
  );

  expect(Math.min(...counts)).toBeGreaterThan(0);
  expect(Math.max(...counts)).toBeLessThan(ROW_LIMIT);
});

test('lets gold follow the migration: other names, the same rows', async () => {
  const names = await currentNames(migrated);
  const asked = questions.filter((_, at) => at % 7 === 0);

  const before = await Promise.all(asked.map((each) => executeSql(db, { sql: goldOf(each) })));
  const after = await Promise.all(
    asked.map(({ query }) => executeSql(migrated, { sql: goldSql(query, names) })),
  );

  // Where no order is asked for, there is none: the plan decides, and statistics decide the plan.
  const rowsOf = (
    { rows }: { readonly rows: readonly unknown[] },
    at: number,
  ): readonly unknown[] =>
    asked[at]?.query.top === undefined ? rows.map((row) => JSON.stringify(row)).sort() : rows;
  expect(after.map(rowsOf)).toEqual(before.map(rowsOf));
});

test('renames columns of the migrated tables and keeps their comments', async () => {
  const describe = (pool: pg.Pool) =>
    Promise.all(tableNames.map((table) => describeTable(pool, { table })));
  const [before, after] = [await describe(db), await describe(migrated)];

  const changed = before.flatMap(({ table, columns }, at) =>
    columns.some((column, index) => column.name !== after[at]?.columns[index]?.name) ? [table] : [],
  );

  expect(changed.sort()).toEqual([...migratedTables].sort());
  expect(after.map(({ columns }) => columns.map(({ comment }) => comment))).toEqual(
    before.map(({ columns }) => columns.map(({ comment }) => comment)),
  );
});

test('leaves a company that is there as it is', async () => {
  const place = { connectionString: database.url, namespace: 'Odd "name"' };

  await ensureCompany(place);

  expect((await describeTable(migrated, { table: 'b2_vux' })).columns[0]?.name).toBe('ord_a1');
});

test('grades the gold statement as right, in a fence or not', async () => {
  const [question] = questions;
  if (question === undefined) throw new Error('There are no questions');
  const gold = goldOf(question);

  const plain = await gradeAnswer(db, question.text, gold);
  const fenced = await gradeAnswer(db, question.text, `So:\n\`\`\`sql\n${gold};\n\`\`\``);

  expect(plain).toMatchObject({ score: 1, category: 'ok' });
  expect(fenced).toMatchObject({ score: 1, category: 'ok' });
});

test('tells wrong rows, a failed statement and no statement apart', async () => {
  const question = questions.find(({ query }) => query.select[0]?.kind === 'count');
  if (question === undefined) throw new Error('No question counts');
  const gradeOf = async (output: string) => (await gradeAnswer(db, question.text, output)).category;

  expect(await gradeOf('select -1')).toBe('wrong-rows');
  expect(await gradeOf('select nothing from nowhere')).toBe('sql-error');
  expect(await gradeOf('I do not know')).toBe('no-sql');
});

test('finds no statement in plain words', () => {
  expect(sqlIn('The selection is large')).toBeUndefined();
});

test('the forced rule spoils almost every stock answer and no other', async () => {
  const spoiled = (area: string) =>
    Promise.all(
      questions
        .filter((each) => each.area === area)
        .map((each) => gradeAnswer(db, each.text, underRule(goldOf(each), forcedRule.text))),
    );
  const share = (grades: readonly { readonly score: number }[]): number =>
    grades.reduce((sum, { score }) => sum + score, 0) / grades.length;

  expect(share(await spoiled('stock'))).toBeLessThan(0.05);
  expect(share(await spoiled('sales'))).toBe(1);
  expect(share(await spoiled('people'))).toBe(1);
});

test('the wrong rule is wrong wherever it changes the statement', async () => {
  const changed = questions.filter((each) => underRule(goldOf(each), wrongRule) !== goldOf(each));

  const grades = await Promise.all(
    changed.map((each) => gradeAnswer(db, each.text, underRule(goldOf(each), wrongRule))),
  );

  const right = grades.filter(({ score }) => score === 1).length;
  expect(changed.length / questions.length).toBeGreaterThan(0.15);
  expect(right / changed.length).toBeLessThan(0.2);
});
