import { expect, test } from 'vitest';
import { inputOf, lessonsOf } from '../../../src/model/recorded/prompt.js';

const system = [
  'Answer with SQL.',
  '- [not@1] a lesson',
  '# Lessons',
  '- [l1@2] dog(Dog_ID,',
  '  Name)',
  '- [l2@1] owner(City)',
  '# Notes',
  '- [l3@1] cat(Name)',
].join('\n');

test('finds the lessons below their heading, lines that run on included', () => {
  expect(lessonsOf([{ role: 'system', content: system }])).toEqual([
    { id: 'l1', revision: '2', text: 'dog(Dog_ID,\nName)' },
    { id: 'l2', revision: '1', text: 'owner(City)' },
  ]);
});

test('finds none where there is no such heading or somebody else wrote it', () => {
  expect(lessonsOf([{ role: 'system', content: '- [l1@2] dog(Name)' }])).toEqual([]);
  expect(lessonsOf([{ role: 'user', content: system }])).toEqual([]);
});

test('reads the input of the first user message, a value running on to the next key', () => {
  const input = inputOf(
    [
      { role: 'user', content: 'database: pets\nquestion: Which dog:\ndatabase: or cat?' },
      { role: 'user', content: 'database: other' },
    ],
    ['task', 'database', 'question'],
  );

  expect(Object.fromEntries(input)).toEqual({
    database: 'pets',
    question: 'Which dog:\ndatabase: or cat?',
  });
});
