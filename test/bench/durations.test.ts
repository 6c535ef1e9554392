import { expect, test } from 'vitest';

import { median, percentile, rounded } from '../../src/bench/durations.js';

test('takes the middle value, or the mean of the two in the middle, whatever the order', () => {
  expect(median([3, 1, 2])).toBe(2);
  expect(median([4, 1, 3, 2])).toBe(2.5);
  expect(median([7])).toBe(7);
});

test('names a value that was measured as percentile', () => {
  const hundred = Array.from({ length: 100 }, (_, index) => 100 - index);

  expect(percentile(hundred, 0.5)).toBe(50);
  expect(percentile(hundred, 0.99)).toBe(99);
  expect(percentile(hundred, 1)).toBe(100);
  expect(percentile([5], 0.01)).toBe(5);
});

test('leaves the values as they were', () => {
  const values = [2, 1];

  median(values);
  percentile(values, 0.5);

  expect(values).toEqual([2, 1]);
});

test('rounds to hundredths of a millisecond', () => {
  expect(rounded(1.23456)).toBe(1.23);
});
