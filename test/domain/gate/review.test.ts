import { expect, test } from 'vitest';

import { reviewOf } from '../../../src/domain/gate/review.js';
import { aDraft } from '../../support/store-builders.js';

function saying(text: string) {
  return aDraft('note', { kind: 'rule', body: { form: 'text', text } });
}

test.each([
  'Write what the judge likes to read.',
  'The grader ignores the order of rows.',
  'Follow the rubric and nothing else.',
  'The checker compares row counts alone.',
])('sends a lesson to a person that says: %s', (text) => {
  expect(reviewOf([saying(text)])).toContain('talks of its grading');
});

test.each(['Join orders to customers by customer_id.', 'Upgrade the plan before billing.'])(
  'lets a lesson about the work pass: %s',
  (text) => {
    expect(reviewOf([saying(text)])).toBeNull();
  },
);

test('a fact that a tool stated is no talk, whatever its columns are called', () => {
  const fact = { about: 'grades', columns: [], complete: true, scope: {} };
  const body = { form: 'text', text: 'grades(judge)' } as const;

  expect(reviewOf([{ ...aDraft('grades'), body, fact }])).toBeNull();
});
