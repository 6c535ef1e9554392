import { expect, test } from 'vitest';
import { questions } from '../../../examples/sql-analyst/questions/questions.js';
import { parseQuestion } from '../../../src/model/simulated/question-grammar.js';

test('reads a count with a comparison', () => {
  const parsed = parseQuestion('How many orders have the order value of more than 250.5?');

  expect(parsed).toEqual({
    subject: 'orders',
    ask: { kind: 'count' },
    condition: { column: 'order value', op: '>', value: '250.5', isText: false },
  });
});

test('reads what a thing belongs to and the condition on that', () => {
  const parsed = parseQuestion(
    "Count the exams that belong to employees with the job title 'clerk'.",
  );

  expect(parsed).toEqual({
    subject: 'exams',
    ask: { kind: 'count' },
    other: 'employees',
    condition: { column: 'job title', op: '=', value: 'clerk', isText: true },
  });
});

test('reads a grouping by a column of another thing', () => {
  const parsed = parseQuestion(
    'What is the total amount of the invoices for each status of the order?',
  );

  expect(parsed).toEqual({
    subject: 'invoices',
    ask: { kind: 'aggregate', use: 'sum', column: 'amount' },
    groupBy: 'status',
    other: 'order',
  });
});

test('reads the end of a ranking', () => {
  const parsed = parseQuestion('Show the name of the 3 suppliers with the lowest quality rating.');

  expect(parsed).toEqual({
    subject: 'suppliers',
    ask: { kind: 'top', column: 'name', by: 'quality rating', order: 'asc', limit: 3 },
  });
});

test('takes dates as text and numbers as numbers', () => {
  const dated = parseQuestion('Count the orders with the order date on or after 2024-03-01.');

  expect(dated?.condition).toEqual({
    column: 'order date',
    op: '>=',
    value: '2024-03-01',
    isText: true,
  });
});

test('reads every question of the demonstration', () => {
  const unread = questions.filter(({ text }) => parseQuestion(text) === undefined);

  expect(unread).toEqual([]);
});

test('does not read what is no question of its kinds', () => {
  expect(parseQuestion('Please tell me a story')).toBeUndefined();
});
