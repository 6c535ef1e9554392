import { expect, test } from 'vitest';

import { implicitSignal } from '../../src/domain/implicit-signal.js';

const asked = {
  text: 'Which customers ordered more than three times last year?',
  output: 'Anna and Bert.',
  end: 'done',
} as const;

test.each([
  'Which customers ordered more than three times last year?',
  'which customers ordered more than THREE times last year',
])('asking the same again says that the answer failed: %s', (next) => {
  expect(implicitSignal(asked, next)).toBe('repeat');
});

test.each([
  'No, I meant paid orders only',
  "That's wrong, the year is 2024",
  'It should have been Carla',
  'Actually leave out the returned ones',
  'This is not what I asked for',
])('a correction says that it failed: %s', (next) => {
  expect(implicitSignal(asked, next)).toBe('correction');
});

test.each(['Thanks!', 'Perfect, thank you', 'Great job. And now the same for 2023'])(
  'thanks say that it succeeded: %s',
  (next) => {
    expect(implicitSignal(asked, next)).toBe('thanks');
  },
);

test('thanks that take themselves back are no thanks', () => {
  expect(implicitSignal(asked, 'Thanks, but that is not what I wanted')).toBe('correction');
});

test('going on to something else says nothing of an answer', () => {
  expect(implicitSignal(asked, 'How many products are out of stock?')).toBeNull();
});

test('going on while the agent waits for an answer abandons the task', () => {
  const waiting = { ...asked, output: 'Do you mean the calendar year or the fiscal year?' };

  expect(implicitSignal(waiting, 'How many products are out of stock?')).toBe('abandonment');
  expect(implicitSignal(waiting, 'The fiscal year')).toBeNull();
});

test('a task that was cancelled is abandoned when the next one comes', () => {
  const cancelled = { ...asked, output: null, end: 'cancelled' } as const;

  expect(implicitSignal(cancelled, 'How many products are out of stock?')).toBe('abandonment');
});

test('an empty text says nothing', () => {
  expect(implicitSignal(asked, '')).toBeNull();
  expect(implicitSignal({ text: '', output: null, end: null }, '   ')).toBeNull();
});
