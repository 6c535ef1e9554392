import { expect, test } from 'vitest';
import { allHold, predicateHolds } from '../../../src/domain/retrieval/predicates.js';

const task = { slices: { database: 'shop' }, input: { question: 'why', limit: 3 } };

test('compares a slice, a key of the input and a list of values', () => {
  expect(predicateHolds({ field: 'database', op: 'eq', value: 'shop' }, task)).toBe(true);
  expect(predicateHolds({ field: 'database', op: 'eq', value: 'zoo' }, task)).toBe(false);
  expect(predicateHolds({ field: 'input.question', op: 'in', value: ['how', 'why'] }, task)).toBe(
    true,
  );
  expect(predicateHolds({ field: 'input.limit', op: 'eq', value: '3' }, task)).toBe(true);
});

test('is false of a field that the task lacks', () => {
  expect(predicateHolds({ field: 'tier', op: 'eq', value: 'gold' }, task)).toBe(false);
  expect(predicateHolds({ field: 'input.tier', op: 'eq', value: 'gold' }, task)).toBe(false);
  expect(predicateHolds({ field: 'constructor', op: 'eq', value: 'gold' }, task)).toBe(false);
});

test('lets a lesson without predicates apply everywhere', () => {
  expect(allHold([], task)).toBe(true);
});
