import { expect, test } from 'vitest';
import { tables } from '../../../examples/sql-analyst/company/schema.js';
import { areas, questions } from '../../../examples/sql-analyst/questions/questions.js';

test('asks at least 300 distinct questions, as many in each area, over all tables', () => {
  const texts = new Set(questions.map(({ text }) => text));
  const counts = areas.map((area) => questions.filter((each) => each.area === area).length);

  expect(texts.size).toBe(questions.length);
  expect(questions.length).toBeGreaterThanOrEqual(300);
  expect(new Set(counts).size).toBe(1);
  expect(new Set(questions.map(({ query }) => query.from)).size).toBe(tables.length);
});

test('names no table or column of the database in any question', () => {
  const names = tables.flatMap(({ name, columns }) => [name, ...columns.map((each) => each.name)]);
  const telling = questions.filter(({ text }) => names.some((name) => text.includes(name)));

  expect(telling).toEqual([]);
});

test('gives no two columns or tables the same name', () => {
  const names = tables.flatMap(({ name, columns }) => [name, ...columns.map((each) => each.name)]);

  expect(new Set(names).size).toBe(names.length);
});
