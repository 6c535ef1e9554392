import { expect, test } from 'vitest';

import {
  DEFAULT_MAX_TOKENS,
  indexLessons,
  recallLessons,
  type RecallableLesson,
} from '../../../src/domain/retrieval/recall.js';
import { selectDiverse } from '../../../src/domain/retrieval/selection.js';
import { aLesson } from './a-lesson.js';

const task = { slices: {}, input: { question: 'How many singers perform in each stadium?' } };

function ids(lessons: readonly RecallableLesson[], more = {}): string[] {
  return recallLessons(indexLessons(lessons), { task, limit: 3, ...more }).map(
    ({ lesson }) => lesson.id,
  );
}

test('takes the less alike of two that fit nearly as well, and no near copy', () => {
  const item = (name: string, score: number, ...terms: readonly string[]) => {
    return { name, score, tokens: 1, terms: new Set(terms) };
  };
  const first = item('first', 1, 'a', 'b', 'c', 'd');
  const alike = item('alike', 0.9, 'a', 'b', 'c', 'x');
  const other = item('other', 0.88, 'p', 'q');
  const copy = item('copy', 0.99, 'a', 'b', 'c', 'd');

  const chosen = selectDiverse([first, copy, alike, other], 3, 100);

  expect(chosen.map(({ name }) => name)).toEqual(['first', 'other', 'alike']);
});

test('stands by at most five rules, and at most 1,500 tokens in all', () => {
  const rules = Array.from({ length: 8 }, (_, at) =>
    aLesson(`rule-${String(at)}`, 'Never guess.', { guardrail: true }),
  );
  const long = ['a', 'b', 'c'].map((id) => aLesson(id, `singer ${id}x `.repeat(240)));

  const found = ids([...rules, ...long]);

  expect(found.filter((id) => id.startsWith('rule-'))).toHaveLength(5);
  const tokens = long.filter(({ id }) => found.includes(id)).map(({ text }) => text.length / 4);
  expect(tokens.length).toBeLessThan(3);
  expect(tokens.reduce((sum, own) => sum + own, 0)).toBeLessThanOrEqual(DEFAULT_MAX_TOKENS);
});

test('leaves out lower trust than asked for, and what does not hold at the time', () => {
  const until = { from: null, until: '2026-02-01T00:00:00Z' };
  const from = { from: '2026-03-01T00:00:00Z', until: null };
  const lessons = [
    aLesson('low', 'singer l', { trust: 'low' }),
    aLesson('medium', 'singer m', { trust: 'medium' }),
    aLesson('past', 'singer p', { validity: until }),
    aLesson('future', 'singer f', { validity: from }),
  ];

  expect(ids(lessons, { minTrust: 'medium', at: '2026-02-15T00:00:00Z' })).toEqual(['medium']);
});

test('puts the lesson with the higher lower bound of uplift first where words say the same', () => {
  const lessons = [aLesson('a', 'singer xa'), aLesson('b', 'singer xb')];
  const boundOf = ({ id }: RecallableLesson): number => (id === 'b' ? 0.1 : -0.2);

  expect(ids(lessons, { limit: 1 })).toEqual(['a']);
  expect(ids(lessons, { limit: 1, boundOf })).toEqual(['b']);
});

test('abstains from a lesson that shares only a word which nearly all lessons share', () => {
  const common = Array.from({ length: 30 }, (_, at) =>
    aLesson(`c${String(at)}`, `each x${String(at)} singers`),
  );
  const fitting = aLesson('fits', 'stadium perform singers');

  expect(ids([...common, fitting])).toContain('fits');
  expect(recallLessons(indexLessons([...common, fitting]), { task, limit: 10 }).length).toBe(1);
});
