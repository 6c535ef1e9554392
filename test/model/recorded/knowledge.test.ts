import { expect, test } from 'vitest';
import type { RecordedTable } from '../../../src/model/recorded/dataset.js';
import { goldColumns, schemaClaims, schemaIsKnown } from '../../../src/model/recorded/knowledge.js';

function aTable(name: string, ...columns: readonly string[]): RecordedTable {
  return {
    name,
    columns: columns.map((column) => ({ name: column, type: 'text' })),
    primaryKey: [],
    rows: [],
  };
}

const owner = aTable('Owner', 'Owner_ID', 'Name', 'City');
const dog = aTable('Dog', 'Dog_ID', 'Owner_ID', 'Name', 'home town');
const tables = [owner, dog];
const join = {
  goldSql:
    "SELECT T1.Name FROM `Owner` AS T1 JOIN Dog AS T2 ON T1.Owner_ID = T2.Owner_ID WHERE T1.City = 'Dog_ID'",
  goldTables: ['OWNER', 'Dog'],
};
const count = { goldSql: 'SELECT count(*) FROM Dog', goldTables: ['Dog'] };

test('reads a word, a bracket and names between commas as a claim, of each item the first word', () => {
  expect(schemaClaims('Use Dog(Dog_ID int, `Name` text), then owner (City) -- people')).toEqual([
    { table: 'dog', columns: ['dog_id', 'name'] },
    { table: 'owner', columns: ['city'] },
  ]);
});

test('reads nothing in brackets without names', () => {
  expect(schemaClaims('dog() and COUNT(*)')).toEqual([]);
});

test('needs every word of the query that is a column of the table, outside quotes', () => {
  expect([...goldColumns(join.goldSql, owner)]).toEqual(['owner_id', 'name', 'city']);
  expect([...goldColumns(join.goldSql, dog)]).toEqual(['owner_id', 'name']);
});

test('knows the schema when each gold table is claimed with its gold columns', () => {
  const lessons = ['Owner(Owner_ID, Name, City)', 'dog(Owner_ID, NAME)'];

  expect(schemaIsKnown(lessons, join, tables)).toBe(true);
  expect(schemaIsKnown(lessons.slice(0, 1), join, tables)).toBe(false);
});

test('does not know it when a gold column is not claimed', () => {
  expect(schemaIsKnown(['Owner(Owner_ID, Name)', 'Dog(Owner_ID, Name)'], join, tables)).toBe(false);
});

test('adds claims of several lessons on one table up', () => {
  const lessons = ['Owner(Owner_ID, Name)', 'Owner(City)', 'Dog(Owner_ID, Name)'];

  expect(schemaIsKnown(lessons, join, tables)).toBe(true);
});

test('makes a claim void by one column that is not in the table', () => {
  expect(schemaIsKnown(['Dog(Dog_ID, Age)'], count, tables)).toBe(false);
  expect(schemaIsKnown(['Dog(Dog_ID, Age)', 'Dog(Name)'], count, tables)).toBe(true);
});

test('ignores a claim on a table of another database', () => {
  expect(schemaIsKnown(['Cat(Name)'], count, tables)).toBe(false);
});

test('asks for a claim on a table of which no column is needed', () => {
  expect(schemaIsKnown([], count, tables)).toBe(false);
  expect(schemaIsKnown(['Dog(Name)'], count, tables)).toBe(true);
});
