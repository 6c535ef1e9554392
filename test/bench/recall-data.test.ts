import { expect, test } from 'vitest';

import { recallData } from '../../src/bench/recall-data.js';
import { termsOf } from '../../src/domain/retrieval/terms.js';

test('gives the same lessons and tasks for the same seed, others for another', () => {
  expect(recallData(30, 5, 1)).toEqual(recallData(30, 5, 1));
  expect(recallData(30, 5, 2)).not.toEqual(recallData(30, 5, 1));
});

test('more lessons begin with the fewer, and the tasks stay the same', () => {
  const few = recallData(10, 5, 1);
  const many = recallData(40, 5, 1);

  expect(many.lessons.slice(0, 10)).toEqual(few.lessons);
  expect(many.tasks).toEqual(few.tasks);
});

test('every lesson has a key of its own, and each kind occurs', () => {
  const { lessons } = recallData(500, 0, 1);

  expect(new Set(lessons.map(({ key }) => key)).size).toBe(500);
  expect(new Set(lessons.map(({ kind }) => kind))).toEqual(new Set(['tool-note', 'rule', 'case']));
});

test('the most frequent words are in many lessons and most words in few', () => {
  const { lessons } = recallData(2_000, 0, 1);
  const counts = new Map<string, number>();
  for (const { body } of lessons) {
    const text = body.form === 'text' ? body.text : '';
    for (const term of new Set(termsOf(text))) counts.set(term, (counts.get(term) ?? 0) + 1);
  }
  const sorted = [...counts.values()].sort((left, right) => right - left);

  expect(sorted[0]).toBeGreaterThan(400);
  expect(sorted[Math.floor(sorted.length / 2)]).toBeLessThan(12);
});
