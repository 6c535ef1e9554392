import { afterAll, beforeAll, expect, test } from 'vitest';
import { answersAlike } from '../../../src/bench/intercode/answers-alike.js';
import { openSqlEngine, type SqlEngine } from '../../../src/bench/intercode/sql-engine.js';
import type { RecordedTable } from '../../../src/model/recorded/dataset.js';

const owner: RecordedTable = {
  name: 'Owner',
  columns: [
    { name: 'Owner_ID', type: 'int' },
    { name: 'Name', type: 'varchar(40)' },
    { name: 'House_No', type: 'text' },
  ],
  primaryKey: ['Owner_ID'],
  rows: [
    [1, 'Ada ', '9'],
    [2, 'Bo', '10'],
    [3, 'bo', '11'],
  ],
};
const dog: RecordedTable = {
  name: 'Dog',
  columns: [
    { name: 'Dog_ID', type: 'int' },
    { name: 'Owner_ID', type: 'int' },
    { name: 'Weight', type: 'double' },
  ],
  primaryKey: ['Dog_ID'],
  rows: [
    [10, 1, 4.5],
    [11, 1, 30],
    [12, 2, 8.25],
  ],
};

let engine: SqlEngine;
beforeAll(async () => {
  engine = await openSqlEngine(new Map([['pets', [owner, dog]]]));
});
afterAll(() => {
  engine.close();
});

function rows(sql: string): unknown {
  const answer = engine.run('pets', sql);
  return answer.ok ? answer.rows : answer.message;
}

test('compares text without case and without spaces at its end', () => {
  expect(rows("SELECT Owner_ID FROM owner WHERE name = 'BO'")).toEqual([[2], [3]]);
  expect(rows("SELECT Owner_ID FROM owner WHERE name = 'Ada'")).toEqual([[1]]);
});

test('compares text with a number as numbers', () => {
  expect(rows('SELECT Owner_ID FROM Owner WHERE House_No > 9 ORDER BY 1')).toEqual([[2], [3]]);
});

test('takes double quotes for text and back quotes for names', () => {
  expect(rows('SELECT `Owner_ID` FROM `owner` WHERE Name = "Bo" LIMIT 1')).toEqual([[2]]);
  expect(rows('SELECT "Name"')).toEqual([['Name']]);
  expect(rows('SELECT `nothing` FROM owner')).toMatch(/no such column/);
});

test('knows tables under the name of their database', () => {
  expect(rows('SELECT COUNT(*) FROM pets.dog')).toEqual([[3]]);
});

test('divides whole numbers into fractions', () => {
  expect(rows('SELECT 7 / 2')).toEqual([[3.5]]);
});

test.each([
  ['SELECT LEFT(Name, 1) FROM owner WHERE owner_id = 2', [['B']]],
  ['SELECT COUNT(DISTINCT owner_id, weight) FROM dog', [[3]]],
  ['SELECT ANY_VALUE(dog_id) FROM dog GROUP BY owner_id HAVING owner_id = 2', [[12]]],
  ["SELECT CONCAT(name, '!') FROM owner WHERE owner_id = 2", [['Bo!']]],
  ['SELECT IF(weight > 10, 1, 0) FROM dog WHERE dog_id = 11', [[1]]],
  ["SELECT name FROM owner WHERE name LIKE '100\\\\%' ESCAPE '\\\\'", []],
])('answers %s like MySQL', (sql, expected) => {
  expect(rows(sql)).toEqual(expected);
});

test('has a VERSION()', () => {
  expect(rows('SELECT VERSION()')).toEqual([[expect.stringMatching(/^8\./)]]);
});

test('shows and describes tables', () => {
  expect(rows('SHOW TABLES')).toEqual([['dog'], ['owner']]);
  const described = [
    ['Dog_ID', 'int', 'NO', 'PRI', null, ''],
    ['Owner_ID', 'int', 'YES', '', null, ''],
    ['Weight', 'double', 'YES', '', null, ''],
  ];
  for (const sql of ['DESC dog', 'DESCRIBE `Dog`;', 'SHOW COLUMNS FROM pets', 'DESC pets.dog']) {
    if (sql.includes('FROM pets')) expect(rows(sql)).toBe("Table 'pets.pets' doesn't exist");
    else expect(rows(sql)).toEqual(described);
  }
  expect(rows('SHOW COLUMNS FROM Dog')).toEqual(described);
});

test('answers from information_schema', () => {
  const tables = "SELECT table_name FROM information_schema.tables WHERE table_schema = 'pets'";
  const columns =
    "SELECT column_name FROM information_schema.columns WHERE table_name = 'DOG' ORDER BY ordinal_position";

  expect(rows(tables)).toEqual([['owner'], ['dog']]);
  expect(rows(columns)).toEqual([['Dog_ID'], ['Owner_ID'], ['Weight']]);
});

test.each([
  ['SELECT name FROM owner WHERE owner_id IN (SELECT owner_id FROM dog LIMIT 1)', 'LIMIT & IN'],
  ['SELECT weight FROM dog GROUP BY owner_id', 'not in GROUP BY'],
  ['SELECT dog_id, MAX(weight) FROM dog', 'not in GROUP BY'],
  ['SELECT * FROM dog GROUP BY owner_id', 'not in GROUP BY'],
  ['SELECT owner_id FROM dog GROUP BY owner_id ORDER BY weight', 'ORDER BY clause'],
  ['SELECT owner_id FROM dog GROUP BY owner_id HAVING weight > 3', 'having clause'],
  ['SELECT 1 FROM dog JOIN dog ON 1 = 1', 'Not unique table'],
  ['SELECT * FROM (SELECT 1)', 'must have its own alias'],
  ['SELECT name FROM sqlite_master', "doesn't exist"],
  ['DELETE FROM dog', 'only questions'],
  ['SELECT "open', 'syntax'],
])('refuses %s as MySQL does', (sql, message) => {
  expect(rows(sql)).toContain(message);
});

test.each([
  'SELECT owner_id, COUNT(*) FROM dog GROUP BY owner_id ORDER BY COUNT(*) DESC',
  'SELECT name, COUNT(*) FROM owner o JOIN dog d ON o.owner_id = d.owner_id GROUP BY o.owner_id',
  'SELECT o.name FROM owner o JOIN dog d USING (owner_id) GROUP BY d.owner_id',
  'SELECT weight * 2 AS w, COUNT(*) FROM dog GROUP BY w',
  'SELECT weight > 5, COUNT(*) FROM dog GROUP BY weight > 5',
  'SELECT owner_id, MAX(weight) m FROM dog GROUP BY 1 HAVING m > 5',
  'SELECT dog_id, MAX(weight) FROM dog WHERE dog_id = 11',
  'SELECT t.n FROM (SELECT COUNT(*) AS n FROM dog GROUP BY owner_id) AS t',
  'SELECT name FROM owner WHERE owner_id = (SELECT owner_id FROM dog LIMIT 1)',
])('answers %s, which only looks like a query that MySQL refuses', (sql) => {
  expect(engine.run('pets', sql)).toMatchObject({ ok: true });
});

test('takes the same rows in another order, rounding and case apart, for the same answer', () => {
  const alike = (sql: string, recorded: string): boolean =>
    answersAlike(engine.run('pets', sql), recorded);

  expect(alike('SELECT weight FROM dog', '[(30.0,), (8.25,), (4.5,)]')).toBe(true);
  expect(alike('SELECT SUM(weight) / 7 FROM dog', "[(Decimal('6.1071'),)]")).toBe(true);
  expect(alike('SELECT UPPER(name) FROM owner', "[('ada ',), ('bo',), ('bo',)]")).toBe(true);
  expect(alike('SELECT weight FROM dog', '[(30.0,), (8.25,)]')).toBe(false);
  expect(alike('SELECT name FROM owner', "[('Ada ',), ('bo',), ('di',)]")).toBe(false);
  expect(alike('SELECT x FROM nowhere', "Error executing query: Table 'pets.nowhere'")).toBe(true);
  expect(alike('SELECT x FROM nowhere', '[]')).toBe(false);
  expect(alike('SELECT 1', 'Error executing query: syntax')).toBe(false);
});

test('knows no other database', () => {
  expect(engine.run('zoo', 'SELECT 1')).toEqual({ ok: false, message: "Unknown database 'zoo'" });
});
