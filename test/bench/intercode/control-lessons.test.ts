import { expect, test } from 'vitest';
import {
  misplacedLessons,
  placeboLessons,
  realNamesOf,
  shuffledLessons,
} from '../../../src/bench/intercode/control-lessons.js';
import { schemaClaims } from '../../../src/model/recorded/knowledge.js';

const lessons = [
  { id: 'l1', text: 'dog(id, weight)', database: 'pets' },
  { id: 'l2', text: 'shop(id)', database: 'mall' },
  { id: 'l3', text: 'boat(id, name, crew)', database: 'port' },
];
const task = { taskId: 't1', database: 'pets' };

test('gives the shuffled arm as many lessons of other databases', () => {
  const drawn = shuffledLessons(2, task, lessons, 1);

  expect(drawn.map(({ id }) => id).sort()).toEqual(['l2', 'l3']);
  expect(shuffledLessons(2, task, lessons, 1)).toEqual(drawn);
  expect(shuffledLessons(0, task, lessons, 1)).toEqual([]);
});

test('gives the placebo arm lessons of the same form whose names are all invented', () => {
  const real = new Set(['dog', 'weight', 'id']);

  const made = placeboLessons(lessons, task, real, 1);

  expect(made.map(({ text }) => schemaClaims(text)[0]?.columns.length)).toEqual([2, 1, 3]);
  for (const { table, columns } of made.flatMap(({ text }) => schemaClaims(text))) {
    for (const name of [table, ...columns]) expect(real.has(name)).toBe(false);
  }
});

test('invents other names for another task', () => {
  const names = (taskId: string): string[] =>
    placeboLessons(lessons, { ...task, taskId }, new Set(), 1).map(({ text }) => text);

  expect(names('t1')).not.toEqual(names('t2'));
});

test('moves every lesson to a database that is not its own', () => {
  const moved = misplacedLessons(lessons, ['pets', 'mall', 'port']);

  expect(moved.map(({ database }) => database)).toEqual(['port', 'pets', 'mall']);
  expect(moved.map(({ text }) => text)).toEqual(lessons.map(({ text }) => text));
});

test('knows every name of the databases without case', () => {
  const names = realNamesOf(new Map([['pets', [{ name: 'Dog', columns: [{ name: 'Dog_ID' }] }]]]));

  expect([...names]).toEqual(['dog', 'dog_id']);
});
