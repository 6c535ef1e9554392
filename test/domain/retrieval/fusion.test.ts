import fc from 'fast-check';
import { expect, test } from 'vitest';

import { fuseRankings, type Near, type Ranked } from '../../../src/domain/retrieval/ranking.js';
import { indexLessons, mayFind, recallLessons } from '../../../src/domain/retrieval/recall.js';
import { aLesson } from './a-lesson.js';

function lexical(...ids: readonly string[]): Ranked[] {
  return ids.map((id, rank) => {
    return { id, relevance: 1 / (rank + 1), lexical: 9 - rank, terms: [id] };
  });
}
function near(...ids: readonly string[]): Near[] {
  return ids.map((id, rank) => ({ id, similarity: 0.9 - rank / 100, terms: [id] }));
}
const order = (words: readonly Ranked[], meanings: readonly Near[]): string[] =>
  fuseRankings(words, meanings).map(({ id }) => id);

test('puts what words and meaning both found before what one of them found', () => {
  expect(order(lexical('a', 'both'), near('x', 'both'))).toEqual(['both', 'a', 'x']);
});

test('keeps the order of the words where meaning found nothing, and the other way round', () => {
  expect(order(lexical('b', 'a', 'c'), [])).toEqual(['b', 'a', 'c']);
  expect(order([], near('z', 'y'))).toEqual(['z', 'y']);
});

test('says of each what it was found by', () => {
  const fused = fuseRankings(lexical('words', 'both'), near('both', 'meaning'));

  const by = Object.fromEntries(fused.map((one) => [one.id, [one.lexical, one.similarity]]));
  expect(by).toEqual({ words: [9, null], both: [8, 0.9], meaning: [0, 0.89] });
});

test('is a union in falling relevance, 1 for the best, whatever the two lists are', () => {
  const ids = fc.uniqueArray(fc.constantFrom(...'a b c d e f g h i j'.split(' ')), {
    maxLength: 10,
  });
  fc.assert(
    fc.property(ids, ids, (words, meanings) => {
      const fused = fuseRankings(lexical(...words), near(...meanings));

      expect(fused.map(({ id }) => id).sort()).toEqual(
        [...new Set([...words, ...meanings])].sort(),
      );
      if (fused.length > 0) expect(fused[0]?.relevance).toBe(1);
      fused.slice(1).forEach(({ relevance }, at) => {
        expect(relevance).toBeLessThanOrEqual(fused[at]?.relevance ?? 0);
        expect(relevance).toBeGreaterThan(0);
      });
    }),
  );
});

const inZoo = [{ field: 'database', op: 'eq', value: 'zoo' }] as const;
const request = {
  task: { slices: { database: 'shop' }, input: { question: 'How many vocalists perform?' } },
  limit: 3,
};

test('recalls a lesson that shares no word with the task where its meaning is near', () => {
  const index = indexLessons([aLesson('a', 'singer(Singer_ID)'), aLesson('b', 'ticket(Price)')]);

  const words = recallLessons(index, request);
  const both = recallLessons(index, { ...request, near: [{ lesson: 'a', similarity: 0.7 }] });

  expect(words).toEqual([]);
  expect(
    both.map(({ lesson, signals }) => [lesson.id, signals.lexical, signals.similarity]),
  ).toEqual([['a', 0, 0.7]]);
});

test('passes over what is near and may not be recalled: out of scope, unknown, standing', () => {
  const index = indexLessons([
    aLesson('zoo', 'singer', { predicates: inZoo }),
    aLesson('rule', 'Never guess.', { guardrail: true }),
    aLesson('late', 'singer', { validity: { from: null, until: '2026-01-01T00:00:00Z' } }),
  ]);
  const ids = ['zoo', 'rule', 'late', 'gone'];
  const asked = { ...request, at: '2026-06-01T00:00:00Z' };

  const recalled = recallLessons(index, {
    ...asked,
    near: ids.map((lesson) => ({ lesson, similarity: 0.9 })),
  });

  expect(recalled.map(({ lesson }) => lesson.id)).toEqual(['rule']);
  expect(ids.map((lesson) => mayFind(index, asked, { lesson, revision: 1 }))).toEqual(
    ids.map(() => false),
  );
});

test('finds a revision where the version has that one, and no other', () => {
  const index = indexLessons([aLesson('a', 'singer', { revision: 2 })]);

  expect([1, 2, 3].map((revision) => mayFind(index, request, { lesson: 'a', revision }))).toEqual([
    false,
    true,
    false,
  ]);
});
