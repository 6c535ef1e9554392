import { expect, test } from 'vitest';
import {
  applyReplacement,
  lessonsIn,
  replacementRulesIn,
  ruleFits,
} from '../../../src/model/simulated/lessons.js';

const replace = (write: string, insteadOf: string) => (sql: string) =>
  applyReplacement(sql, { when: '', write, insteadOf });

test('finds the lessons of a system message in order, continuation lines included', () => {
  const system = [
    'Do your work.',
    '',
    '# Lessons',
    '- [a@1] first',
    '  more',
    '- [b@3] second',
  ].join('\n');

  expect(lessonsIn(system)).toEqual(['first\nmore', 'second']);
});

test('takes nothing for a lesson that stands outside the lessons section', () => {
  expect(lessonsIn('- [a@1] t(c city) -- customers')).toEqual([]);
});

test('reads a replacement rule with and without words', () => {
  expect(replacementRulesIn('When orders, invoices: Write `a` instead of `b`.')).toEqual([
    { when: 'orders, invoices', write: 'a', insteadOf: 'b' },
  ]);
  expect(replacementRulesIn('Write `a` instead of `b`.')).toEqual([
    { when: '', write: 'a', insteadOf: 'b' },
  ]);
});

test('replaces whole tokens only', () => {
  expect(replace('>=', '>')('select a from t where a > 1 and b >= 2')).toBe(
    'select a from t where a >= 1 and b >= 2',
  );
  expect(replace('k_9', 'k_1')('select k_1, k_11 from t')).toBe('select k_9, k_11 from t');
});

test('leaves text values alone', () => {
  expect(replace('x', 'city')("select city from t where a = 'city'")).toBe(
    "select x from t where a = 'city'",
  );
});

test('replaces a run of tokens however it is spaced', () => {
  expect(replace('count(distinct a)', 'count(*)')('select count( * ) from t')).toBe(
    'select count(distinct a) from t',
  );
});

test('does not replace what it has just written', () => {
  expect(replace('from only', 'from')('select a from t')).toBe('select a from only t');
});

test('obeys a rule with words only where the question has them', () => {
  const rule = { when: 'orders, sales channel', write: 'a', insteadOf: 'b' };

  expect(ruleFits(rule, 'How many orders are there?')).toBe(true);
  expect(ruleFits(rule, 'How many employees are there?')).toBe(false);
  expect(ruleFits({ ...rule, when: '' }, 'How many employees are there?')).toBe(true);
});
