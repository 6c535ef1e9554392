import fc from 'fast-check';
import { expect, test } from 'vitest';
import { mulberry32 } from '../../../src/domain/random.js';
import {
  buildIndex,
  changeIndex,
  EMPTY_INDEX,
  groupsNamed,
  type Bm25Index,
  type Document,
} from '../../../src/domain/retrieval/bm25.js';
import { searchGroups, type Hit } from '../../../src/domain/retrieval/search.js';

function searchIndex(
  index: Bm25Index,
  query: readonly string[],
  { limit, groups }: { readonly limit: number; readonly groups?: readonly string[] },
): Omit<Hit, 'terms'>[] {
  const hits = searchGroups(groupsNamed(index, groups), query, limit);
  return hits.map(({ id, score }) => ({ id, score }));
}

const words = ['ada', 'bee', 'cat', 'dog', 'elk', 'fox'];
const terms = fc.array(fc.constantFrom(...words), { minLength: 1, maxLength: 12 });
const documents = fc.uniqueArray(fc.record({ id: fc.stringMatching(/^d[0-9]{1,3}$/), terms }), {
  selector: ({ id }) => id,
  maxLength: 30,
});

/** The formula written down once more, without an index. */
function scoreByHand(
  all: readonly Document[],
  document: Document,
  query: readonly string[],
): number {
  const average = all.reduce((sum, { terms: own }) => sum + own.length, 0) / all.length;
  return [...new Set(query)].reduce((score, term) => {
    const frequency = all.filter(({ terms: own }) => own.includes(term)).length;
    const count = document.terms.filter((own) => own === term).length;
    const idf = Math.log(1 + (all.length - frequency + 0.5) / (frequency + 0.5));
    const norm = 1.2 * (1 - 0.75 + (0.75 * document.terms.length) / average);
    return score + (idf * count * 2.2) / (count + norm);
  }, 0);
}

test('ranks the document that is about the rare term first', () => {
  const index = buildIndex([
    { id: 'a', terms: ['name', 'city'] },
    { id: 'b', terms: ['name', 'singer'] },
    { id: 'c', terms: ['name', 'shop'] },
  ]);

  const hits = searchIndex(index, ['singer', 'name'], { limit: 2 });

  expect(hits.map(({ id }) => id)).toEqual(['b', 'a']);
});

test('scores every hit as the formula says and orders by score, then id', () => {
  fc.assert(
    fc.property(documents, terms, (all, query) => {
      const hits = searchIndex(buildIndex(all), query, { limit: all.length });

      const expected = all
        .map((document) => ({ id: document.id, score: scoreByHand(all, document, query) }))
        .filter(({ score }) => score > 0);
      expect(hits.map(({ id }) => id).sort()).toEqual(expected.map(({ id }) => id).sort());
      for (const { id, score } of expected) {
        expect(hits.find((hit) => hit.id === id)?.score).toBeCloseTo(score, 9);
      }
      hits.slice(1).forEach((hit, at) => {
        const before = hits[at];
        expect(before !== undefined && before.score >= hit.score).toBe(true);
        if (before?.score === hit.score) expect(before.id < hit.id).toBe(true);
      });
    }),
  );
});

test('gives the same hits however the index came to hold its documents', () => {
  fc.assert(
    fc.property(documents, documents, terms, (first, second, query) => {
      const dropped = first.filter((_, at) => at % 2 === 0).map(({ id }) => id);
      const changed = changeIndex(buildIndex(first), { put: second, remove: dropped });

      const gone = new Set([...dropped, ...second.map(({ id }) => id)]);
      const rebuilt = buildIndex([...first.filter(({ id }) => !gone.has(id)), ...second]);
      const options = { limit: 10 };
      expect(searchIndex(changed, query, options)).toEqual(searchIndex(rebuilt, query, options));
    }),
  );
});

test('leaves the index it was derived from as it was', () => {
  const parent = buildIndex([{ id: 'a', terms: ['cat'] }]);
  const before = searchIndex(parent, ['cat'], { limit: 5 });

  changeIndex(parent, { put: [{ id: 'b', terms: ['cat'] }], remove: ['a'] });

  expect(searchIndex(parent, ['cat'], { limit: 5 })).toEqual(before);
});

test('counts frequencies among the documents that may be found alone', () => {
  fc.assert(
    fc.property(documents, documents, terms, (first, second, query) => {
      const even = ({ id }: Document): boolean => Number(id.slice(1)) % 2 === 0;
      const grouped = (all: readonly Document[]): Document[] =>
        all.map((document) => ({ ...document, group: even(document) ? 'even' : 'odd' }));
      const index = changeIndex(buildIndex(grouped(first)), { put: grouped(second), remove: [] });
      const filtered = searchIndex(index, query, {
        limit: 60,
        groups: ['even'],
      });

      const put = new Set(second.map(({ id }) => id));
      const alone = [...first.filter(({ id }) => !put.has(id)), ...second].filter(even);
      expect(filtered).toEqual(searchIndex(buildIndex(alone), query, { limit: 60 }));
    }),
  );
});

test('finds the best few as if it had scored every document', () => {
  const random = mulberry32(11);
  const word = (): string => `w${String(Math.floor(random() ** 3 * 400))}`;
  const text = (length: number) => Array.from({ length }, word);
  const index = buildIndex(
    Array.from({ length: 2_000 }, (_, at) => ({
      id: `d${String(at)}`,
      terms: text(10 + (at % 40)),
    })),
  );

  for (let round = 0; round < 60; round += 1) {
    const query = text(12);
    const all = searchIndex(index, query, { limit: 2_000 });
    expect(searchIndex(index, query, { limit: 5 })).toEqual(all.slice(0, 5));
  }
});

test('finds the best few of some groups as the formula does over every document of them', () => {
  const word = (draw: () => number): string => `w${String(Math.floor(draw() ** 3 * 60))}`;
  const text = (draw: () => number, most: number): string[] =>
    Array.from({ length: 1 + Math.floor(draw() * most) }, () => word(draw));
  fc.assert(
    fc.property(fc.integer(), fc.integer({ min: 1, max: 6 }), (seed, limit) => {
      const draw = mulberry32(seed);
      const all = Array.from({ length: 120 }, (_, at) => ({
        id: `d${String(at)}`,
        terms: text(draw, 30),
        group: `g${String(at % 3)}`,
      }));
      const index = changeIndex(buildIndex(all), {
        put: [{ id: 'd7', terms: text(draw, 30), group: 'g2' }],
        remove: all.flatMap(({ id }) => (draw() < 0.3 ? [id] : [])),
      });
      const allowed = groupsNamed(index, ['g0', 'g2']);
      const query = text(draw, 12);

      const hits = searchGroups(allowed, query, limit);

      const left = allowed.flatMap(({ places, terms: of }) =>
        [...places].map(([id, place]) => ({ id, terms: of[place] ?? [] })),
      );
      const scores = left
        .map((document) => scoreByHand(left, document, query))
        .filter((score) => score > 0)
        .sort((a, b) => b - a);
      expect(hits).toHaveLength(Math.min(limit, scores.length));
      hits.forEach(({ id, score }, rank) => {
        const document = left.find((other) => other.id === id);
        expect(document && scoreByHand(left, document, query)).toBeCloseTo(score, 9);
        expect(score).toBeCloseTo(scores[rank] ?? 0, 9);
      });
    }),
  );
});

test('finds nothing where no term is shared', () => {
  const index = buildIndex([{ id: 'a', terms: ['cat'] }]);

  expect(searchIndex(index, ['dog'], { limit: 3 })).toEqual([]);
  expect(searchIndex(EMPTY_INDEX, ['dog'], { limit: 3 })).toEqual([]);
});

test('searches ten thousand documents in well under five milliseconds', () => {
  const random = mulberry32(7);
  const word = (): string => `w${String(Math.floor(random() ** 3 * 8_000))}`;
  const index = buildIndex(
    Array.from({ length: 10_000 }, (_, at) => ({
      id: `d${String(at)}`,
      terms: Array.from({ length: 40 }, word),
    })),
  );
  const queries = Array.from({ length: 100 }, () => Array.from({ length: 12 }, word));
  for (const query of queries) searchIndex(index, query, { limit: 3 });

  const times = queries.map((query) => {
    const start = performance.now();
    searchIndex(index, query, { limit: 3 });
    return performance.now() - start;
  });

  expect(times.sort((a, b) => a - b)[50]).toBeLessThan(5);
});
