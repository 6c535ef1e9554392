import fc from 'fast-check';
import { expect, test } from 'vitest';

import { lessonId } from '../../src/contracts/ids.js';
import {
  bisectBundle,
  MAX_DEPTH,
  MAX_PARTS,
  type BundleItem,
  type BundlePair,
  type RejectedBundle,
} from '../../src/domain/bisect.js';
import type { LessonId } from '../../src/domain/ids.js';

function anItem(name: string, changes: Partial<BundleItem> = {}): BundleItem {
  return { lesson: lessonId(name), revision: 1, kin: [], goesWith: null, ...changes };
}

function pairs(count: number, difference: number, names: string, more: Partial<BundlePair> = {}) {
  return Array.from({ length: count }, (): BundlePair => ({
    difference,
    slices: {},
    topUpFor: null,
    categories: { baseline: 'ok', candidate: 'ok' },
    lessons: Array.from(names).map((name) => lessonId(name)),
    ...more,
  }));
}

function aBundle(names: string, changes: Partial<RejectedBundle> = {}): RejectedBundle {
  const items = Array.from(names).map((name) => anItem(name));
  return { reason: 'futile', items, pairs: [], depth: 0, parts: 0, ...changes };
}

function names(half: readonly BundleItem[] | undefined): string {
  return (half ?? []).map(({ lesson }) => lesson).join('');
}

test('what lost its pairs is parted from what won them', () => {
  const bundle = aBundle('abcd', {
    pairs: [
      ...pairs(6, -1, 'b'),
      ...pairs(3, 1, 'a'),
      ...pairs(2, 1, 'cd'),
      ...pairs(9, 0, 'abcd'),
    ],
  });

  const halves = bisectBundle(bundle);

  expect(names(halves?.cleaner)).toBe('acd');
  expect(names(halves?.suspect)).toBe('b');
  expect(halves?.by).toBe('blame');
});

test('a futile bundle without harm is not parted', () => {
  expect(
    bisectBundle(aBundle('ab', { pairs: [...pairs(3, 1, 'a'), ...pairs(90, 0, 'b')] })),
  ).toBeNull();
});

test('a bundle that won nothing is not parted: nothing says that some of it is good', () => {
  expect(bisectBundle(aBundle('ab', { pairs: pairs(12, -1, 'a') }))).toBeNull();
});

test('one lesson is not parted', () => {
  const mixed = [...pairs(6, -1, 'a'), ...pairs(3, 1, 'a')];

  expect(bisectBundle(aBundle('a', { pairs: mixed }))).toBeNull();
});

test('a futile bundle with as many wins as losses and nobody to blame is not parted', () => {
  const mixed = [...pairs(4, -1, 'ab'), ...pairs(4, 1, 'ab')];

  expect(bisectBundle(aBundle('ab', { pairs: mixed }))).toBeNull();
});

test('lessons that pairs do not tell apart are halved, those never in play stay with the better half', () => {
  const mixed = [...pairs(9, -1, 'abcd'), ...pairs(3, 1, 'abcd')];

  const halves = bisectBundle(aBundle('abcde', { pairs: mixed }));

  expect(halves?.by).toBe('kinship');
  expect(names(halves?.cleaner)).toBe('abe');
  expect(names(halves?.suspect)).toBe('cd');
});

test('the harm in a slice is looked for in its own pairs', () => {
  const quiet = { slices: { area: 'stock' } };
  const bundle = aBundle('ab', {
    reason: 'slice-regression: area=stock',
    pairs: [
      ...pairs(5, -1, 'a', quiet),
      ...pairs(9, -1, 'b', { slices: { area: 'sales' } }),
      ...pairs(12, 1, 'b', { slices: { area: 'sales' } }),
    ],
  });

  const halves = bisectBundle(bundle);

  expect([names(halves?.cleaner), names(halves?.suspect)]).toEqual(['b', 'a']);
});

test('a failure category that grew is blamed on what was in play when it came up', () => {
  const categories = { baseline: 'wrong-rows', candidate: 'data-loss' };
  const bundle = aBundle('ab', {
    reason: 'failure-category-grew: data-loss',
    pairs: [...pairs(4, 0, 'a', { categories }), ...pairs(6, 1, 'b')],
  });

  const halves = bisectBundle(bundle);

  expect([names(halves?.cleaner), names(halves?.suspect)]).toEqual(['b', 'a']);
});

test('kin stay together where the evidence allows it', () => {
  const items = [
    anItem('a', { kin: ['sql'] }),
    anItem('b', { kin: ['sql'] }),
    anItem('c', { kin: ['http'] }),
  ];
  const mixed = [...pairs(6, -1, 'a'), ...pairs(1, 1, 'b'), ...pairs(4, 1, 'c')];

  const halves = bisectBundle(aBundle('', { items, pairs: mixed }));

  expect([names(halves?.cleaner), names(halves?.suspect)]).toEqual(['c', 'ab']);
});

test('a removal goes where what takes its place goes', () => {
  const items = [
    anItem('a'),
    anItem('b'),
    anItem('x', { revision: null, goesWith: lessonId('b') }),
  ];
  const mixed = [...pairs(6, -1, 'b'), ...pairs(4, 1, 'a')];

  const halves = bisectBundle(aBundle('', { items, pairs: mixed }));

  expect([names(halves?.cleaner), names(halves?.suspect)]).toEqual(['a', 'bx']);
});

test.each([
  { depth: MAX_DEPTH, parts: 0 },
  { depth: 1, parts: MAX_PARTS - 1 },
])('a bundle that has cost enough is not parted again: %o', (spent) => {
  const mixed = [...pairs(6, -1, 'b'), ...pairs(3, 1, 'a')];

  expect(bisectBundle(aBundle('ab', { pairs: mixed, ...spent }))).toBeNull();
  expect(bisectBundle(aBundle('ab', { pairs: mixed }))).not.toBeNull();
});

const letter = fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'g', 'h');
const anyItems = fc
  .uniqueArray(
    fc.record({ name: letter, kin: fc.array(fc.constantFrom('p', 'q'), { maxLength: 3 }) }),
    { selector: ({ name }) => name, minLength: 1 },
  )
  .map((found) => found.map(({ name, kin }) => anItem(name, { kin })));
const anyPairs = fc
  .array(
    fc.record({
      difference: fc.constantFrom(-1, -0.5, 0, 0.5, 1),
      lessons: fc.uniqueArray(letter),
      area: fc.constantFrom('stock', 'sales'),
    }),
    { minLength: 4, maxLength: 60 },
  )
  .map((found) =>
    found.flatMap(({ difference, lessons, area }) =>
      pairs(1, difference, lessons.join(''), { slices: { area } }),
    ),
  );
const anyReason = fc.constantFrom(
  'futile',
  'slice-regression: area=stock',
  'slice-regression: other',
);

/** Of a bundle, only its own lessons can have been in play. */
function ofBundle(items: readonly BundleItem[], all: readonly BundlePair[]): BundlePair[] {
  const own = new Set<LessonId>(items.map(({ lesson }) => lesson));
  return all.map((pair) => ({ ...pair, lessons: pair.lessons.filter((id) => own.has(id)) }));
}

test('halves lose no lesson, share none, and neither is the whole', () => {
  fc.assert(
    fc.property(anyItems, anyPairs, anyReason, (items, all, reason) => {
      const bundle = aBundle('', { items, reason, pairs: ofBundle(items, all) });
      const halves = bisectBundle(bundle);
      if (halves === null) return;
      const both = [...halves.cleaner, ...halves.suspect].map(({ lesson }) => lesson);
      expect(halves.cleaner.length).toBeGreaterThan(0);
      expect(halves.suspect.length).toBeGreaterThan(0);
      expect(new Set(both).size).toBe(both.length);
      expect(both.toSorted()).toEqual(items.map(({ lesson }) => lesson).toSorted());
      expect(bisectBundle(bundle)).toEqual(halves);
    }),
    { seed: 1, numRuns: 500 },
  );
});

test('one bundle never costs more than eight candidates after itself, however its halves fare', () => {
  fc.assert(
    fc.property(anyItems, anyPairs, (items, all) => {
      const waiting = [{ items: items as readonly BundleItem[], depth: 0 }];
      let parts = 0;
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
        const bundle = { ...next, reason: 'futile', pairs: ofBundle(next.items, all), parts };
        const halves = bisectBundle(bundle);
        if (halves === null) continue;
        parts += 2;
        for (const half of [halves.cleaner, halves.suspect]) {
          waiting.push({ items: half, depth: next.depth + 1 });
        }
      }
      expect(parts).toBeLessThanOrEqual(MAX_PARTS);
    }),
    { seed: 1, numRuns: 300 },
  );
});
