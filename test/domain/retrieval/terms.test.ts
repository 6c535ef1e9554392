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

test('leaves accents, points and joiners out, and keeps the vowels that are marks', () => {
  expect(termsOf('Café, CAFE\u0301 und Straße; İPTAL, iptal, ılık')).toEqual([
    'cafe',
    'cafe',
    'und',
    'strasse',
    'iptal',
    'iptal',
    'ilik',
  ]);
  expect(termsOf('बुकिंग रद्द')).toEqual(['बुकिंग', 'रद्द']);
  expect(termsOf('کتاب\u200cها')).toEqual(termsOf('کتابها'));
  expect(termsOf('شُكْرًا')).toEqual(termsOf('شكرا'));
});

test('takes two neighbouring letters for a term where a script puts no spaces between words', () => {
  expect(termsOf('取消预订')).toEqual(['取消', '消预', '预订']);
  expect(termsOf('税')).toEqual(['税']);
  expect(termsOf('データ')).toEqual(['デー', 'ータ']);
  expect(termsOf('ที่พัก')).toEqual(['ที่พั', 'พัก'].map((term) => term.normalize('NFKC')));
});
