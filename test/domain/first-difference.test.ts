import fc from 'fast-check';
import { expect, test } from 'vitest';

import { firstDifference } from '../../src/domain/first-difference.js';
import type { Json } from '../../src/domain/json.js';

test.each<[string, Json, Json, string]>([
  ['a value', { a: 1 }, { a: 2 }, 'it.a: stored 1, derived 2'],
  ['a missing key', { a: 1 }, {}, 'it.a: stored 1, derived null'],
  ['a key too many', {}, { a: 1 }, 'it.a: stored null, derived 1'],
  ['an item', [1, [2]], [1, [3]], 'it[1][0]: stored 2, derived 3'],
  ['a length', [1], [1, 2], 'it: stored 1, derived 2'],
  ['a kind', { a: [] }, { a: {} }, 'it.a: stored [], derived {}'],
])('names %s by its path', (_what, stored, derived, says) => {
  expect(firstDifference('it', stored, derived)).toBe(says);
});

test('a value is no different from itself', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const copy: Json = JSON.parse(JSON.stringify(value));

      expect(firstDifference('it', copy, structuredClone(copy))).toBeNull();
    }),
  );
});
