import fc from 'fast-check';
import { expect, test } from 'vitest';
import { sayingOf } from '../../../src/domain/validation/saying.js';

const account = (cabinet: number, drawers: string): string =>
  `I was stuck in a loop in which I tried to take the mug from cabinet ${cabinet}. I should have looked in drawers (${drawers}) for it, then put it on the shelf. I will try another action next time.`;

test('is equal for the same words in other capitals, spacing and punctuation', () => {
  expect(sayingOf('Name the columns!')).toBe(sayingOf(' name  THE\ncolumns. '));
});

test('is equal for the same account of other instances of the same things', () => {
  expect(sayingOf(account(1, '2-4'))).toBe(sayingOf(account(3, '1-6')));
});

test('differs where another thing is spoken of', () => {
  expect(sayingOf(account(1, '2-4'))).not.toBe(
    sayingOf(account(1, '2-4').replace('cabinet', 'fridge')),
  );
});

test.each([
  ['Retry at most 3 times.', 'Retry at most 5 times.'],
  ['Wait 2 seconds.', 'Wait 20 seconds.'],
])('keeps the numbers of a short text apart: %s', (one, other) => {
  expect(sayingOf(one)).not.toBe(sayingOf(other));
});

test.each([
  ['ask for a limit of 20 rows', 'ask for a limit of 50 rows'],
  ['stop when status 404 is answered', 'stop when status 409 is answered'],
  ['wait until 30 seconds have passed', 'wait until 90 seconds have passed'],
  ['go back to page 1 of the list', 'go back to page 2 of the list'],
])('keeps numbers that count or measure apart in a long text: %s', (one, other) => {
  const around = (middle: string): string =>
    `Before the report is written, read every entry of the ledger in order and ${middle}, then compare the totals with what the task names.`;

  expect(sayingOf(around(one))).not.toBe(sayingOf(around(other)));
});

test('is equal for claims in any order of tables and columns', () => {
  expect(sayingOf('a(x, y full name)\nb(z)')).toBe(sayingOf('B(z); a(y full name,x)'));
  expect(sayingOf('a(x, y)')).not.toBe(sayingOf('a(x, y, z)'));
});

test('is equal for a text and itself in capitals', () => {
  fc.assert(
    fc.property(fc.array(fc.stringMatching(/^[a-z]{1,8}$|^[0-9]{1,3}$/)), (words) => {
      expect(sayingOf(words.join(' ').toUpperCase())).toBe(sayingOf(words.join('  ')));
    }),
  );
});
