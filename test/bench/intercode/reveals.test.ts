import { expect, test } from 'vitest';
import { revealedBySql } from '../../../src/bench/intercode/reveals.js';

function revealed(sql: string, result: string, ok = true): unknown {
  const facts = revealedBySql({
    arguments: { sql },
    result,
    ok,
    taskInput: { database: 'pets', question: 'Who?' },
  });
  return facts.map(({ about, columns, complete, scope }) => {
    expect(scope).toEqual({ database: 'pets' });
    return `${about}(${columns.map(({ name }) => name).join(', ')})${complete ? '!' : ''}`;
  });
}

const described =
  "[('Dog_ID', 'int', 'NO', 'PRI', None, ''), ('Owner_ID', 'int', 'YES', '', None, '')]";

test('reads the complete columns of a table from DESC', () => {
  for (const sql of [
    'DESC dog',
    'execute[DESCRIBE dog]',
    '```sql\nSHOW COLUMNS FROM `dog`;\n```',
  ]) {
    expect(revealed(sql, described)).toEqual(['dog(Dog_ID, Owner_ID)!']);
  }
});

test('takes the complete rows of a DESC that was cut and says that there are more', () => {
  const cut = `${described.slice(0, 60)}…[+90 chars]`;

  expect(revealed('DESC dog', cut)).toEqual(['dog(Dog_ID)']);
});

test('reads from SHOW TABLES that tables exist', () => {
  expect(revealed('SHOW TABLES', "[('dog',), ('owner',)]")).toEqual(['dog()', 'owner()']);
});

test('takes qualified columns to the table of their alias', () => {
  const sql =
    'SELECT T1.Name AS who, COUNT(*) FROM owner AS T1 JOIN dog T2 ON T1.Owner_ID = T2.Owner_ID ' +
    'WHERE T2.Weight > 3 GROUP BY T1.Name ORDER BY Age';

  expect(revealed(sql, "[('Ada', 2)]")).toEqual(['owner(name, owner_id)', 'dog(weight, owner_id)']);
});

test('takes bare columns where there is one table, but no name made by AS', () => {
  const sql = 'SELECT Weight AS heavy, COUNT(*) n FROM dog GROUP BY Weight ORDER BY heavy, n';

  expect(revealed(sql, '[(30.0, 1)]')).toEqual(['dog(weight)']);
});

test('leaves bare columns of inner queries alone: they may be of the outer one', () => {
  const sql = 'SELECT Name FROM owner WHERE Owner_ID IN (SELECT Owner_ID FROM dog)';

  expect(revealed(sql, "[('Ada',)]")).toEqual(['owner(name, owner_id)']);
});

test('takes text in double quotes for text', () => {
  expect(revealed('SELECT Weight FROM dog WHERE Name = "Rex"', '[(3,)]')).toEqual([
    'dog(weight, name)',
  ]);
});

test('reads nothing from an empty answer, an error, prose or a failed call', () => {
  expect(revealed('SELECT Name FROM owner', '[]')).toEqual([]);
  expect(revealed('SELECT Name FROM owner', "Error executing query: Table 'x'")).toEqual([]);
  expect(revealed('Perhaps the owner', "[('Ada',)]")).toEqual([]);
  expect(revealed('DESC dog', described, false)).toEqual([]);
});

test('does not take information_schema for a table of the database', () => {
  const sql = "SELECT table_name FROM information_schema.tables WHERE table_schema = 'pets'";

  expect(revealed(sql, "[('dog',)]")).toEqual([]);
});
