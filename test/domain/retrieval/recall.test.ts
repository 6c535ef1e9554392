import { expect, test } from 'vitest';
import {
  changeLessons,
  indexLessons,
  recallLessons,
  type RecallableLesson,
} from '../../../src/domain/retrieval/recall.js';
import { aLesson } from './a-lesson.js';

const task = {
  slices: { database: 'shop' },
  input: { database: 'shop', question: 'How many singers are there?' },
};
const inShop = [{ field: 'database', op: 'eq', value: 'shop' }] as const;
const inZoo = [{ field: 'database', op: 'eq', value: 'zoo' }] as const;

function ids(lessons: readonly RecallableLesson[], more = {}): string[] {
  return recallLessons(indexLessons(lessons), { task, limit: 3, ...more }).map(
    ({ lesson }) => lesson.id,
  );
}

test('recalls the lesson that shares words with the task', () => {
  expect(ids([aLesson('a', 'singer(Singer_ID, Name)'), aLesson('b', 'stadium(Name)')])).toEqual([
    'a',
  ]);
});

test('leaves out a lesson whose predicates speak of another slice, however well it fits', () => {
  const lessons = [
    aLesson('zoo', 'singer singer singer', { predicates: inZoo }),
    aLesson('shop', 'singer', { predicates: inShop }),
  ];

  expect(ids(lessons)).toEqual(['shop']);
});

test('does not search by the name of the slice', () => {
  expect(ids([aLesson('a', 'shop(Shop_ID)', { predicates: inShop })])).toEqual([]);
});

test('abstains when no lesson shares a term', () => {
  expect(ids([aLesson('a', 'battle(id, name)')])).toEqual([]);
});

test('takes at most k and puts equal scores in the order of their ids', () => {
  const lessons = ['d', 'b', 'c', 'a'].map((id) => aLesson(id, `singer ${id}1`));

  expect(ids(lessons)).toEqual(['a', 'b', 'c']);
});

test('puts guardrails first and does not count them in k', () => {
  const lessons = [
    aLesson('rule', 'Never guess a name.', { guardrail: true }),
    ...['a', 'b', 'c', 'd'].map((id) => aLesson(id, `singer ${id}1`)),
  ];

  expect(ids(lessons)).toEqual(['rule', 'a', 'b', 'c']);
});

test('keeps to the token cap by leaving out what no longer fits', () => {
  const lessons = [
    aLesson('a', `singer singer ${'x'.repeat(200)}`),
    aLesson('b', `singer ${'x'.repeat(400)}`),
    aLesson('c', `singer ${'y z '.repeat(30)}`),
  ];

  expect(ids(lessons, { maxTokens: 100 })).toEqual(['a', 'c']);
});

test('searches the lessons of a version derived from another', () => {
  const parent = indexLessons([aLesson('a', 'singer'), aLesson('b', 'singer')]);
  const child = changeLessons(parent, { put: [aLesson('c', 'loud singers')], remove: ['a'] });

  const found = recallLessons(child, { task, limit: 3 }).map(({ lesson }) => lesson.id);

  expect(found.sort()).toEqual(['b', 'c']);
});

test('says how well each lesson fitted', () => {
  const [first] = recallLessons(indexLessons([aLesson('a', 'singer')]), { task, limit: 1 });

  expect(first?.score).toBeGreaterThan(0);
});
