import { expect, test } from 'vitest';

import { examplesToLearn, successInterval } from '../../../src/domain/gate/examples-to-learn.js';
import { emptyTally, tallyOf } from '../../../src/domain/gate/tally.js';
import { repeated } from './pairs.js';

test('a success rate nobody has seen lies between 0 and 1', () => {
  expect(successInterval(emptyTally)).toEqual({ lower: 0, upper: 1 });
});

test('the interval of a rate holds the rate, and narrows with outcomes', () => {
  const few = successInterval(tallyOf([1, 1, 0, 1]));
  const many = successInterval(tallyOf([...repeated(1, 150), ...repeated(0, 50)]));

  expect(few.lower).toBeLessThan(0.75);
  expect(many.upper - many.lower).toBeLessThan(few.upper - few.lower);
  expect(many.lower).toBeLessThan(0.75);
  expect(many.upper).toBeGreaterThan(0.75);
});

test('counts the tasks until success is certainly above the baseline', () => {
  const baseline = [...repeated(0, 45), ...repeated(1, 5)];
  const learning = [...repeated(0, 5), ...repeated(1, 60)];

  const count = examplesToLearn(learning, baseline);

  expect(count).toBeGreaterThan(8);
  expect(count).toBeLessThan(25);
  expect(examplesToLearn(learning.slice(0, (count ?? 0) - 1), baseline)).toBeUndefined();
});

test('is undefined for an agent that learns nothing', () => {
  const baseline = [...repeated(0, 25), ...repeated(1, 25)];

  expect(examplesToLearn(baseline, baseline)).toBeUndefined();
});
