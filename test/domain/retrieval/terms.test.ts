import fc from 'fast-check';
import { expect, test } from 'vitest';
import { singular, termsOf } from '../../../src/domain/retrieval/terms.js';

test('takes identifiers apart at case, underscores and digits', () => {
  expect(termsOf('StadiumID stadium_id HTMLParser2go')).toEqual([
    'stadium',
    'id',
    'stadium',
    'id',
    'html',
    'parser',
    '2',
    'go',
  ]);
});

test('gives a name and the words a person uses for it the same terms', () => {
  expect(termsOf('Template_Type_Codes')).toEqual(termsOf('template type code'));
});

test('takes plurals off but leaves words that only end in s', () => {
  expect(['countries', 'matches', 'singers', 'boxes', 'addresses'].map(singular)).toEqual([
    'country',
    'match',
    'singer',
    'box',
    'address',
  ]);
  expect(['bus', 'class', 'analysis', 'gas'].map(singular)).toEqual([
    'bus',
    'class',
    'analysis',
    'gas',
  ]);
});

test('leaves stop words out', () => {
  expect(termsOf('What is the name of the singer?')).toEqual(['name', 'singer']);
});

test('gives for any text terms that are in lower case and not empty', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (text) => {
      for (const term of termsOf(text)) {
        expect(term).not.toBe('');
        expect(term).toBe(term.toLowerCase());
      }
    }),
  );
});
