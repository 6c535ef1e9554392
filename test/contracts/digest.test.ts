import { expect, test } from 'vitest';

import { canonicalJson, digestOf } from '../../src/contracts/digest.js';

test('half of a surrogate pair has a digest, in a key as in a value', () => {
  expect(canonicalJson({ 'k\uDC00': ['a\uD800b', 1] })).toBe('{"k\uFFFD":["a\uFFFDb",1]}');
});

test('a whole surrogate pair, and a text that spells an escape out, are left as they are', () => {
  const value = { face: '\u{1F600}', spelled: '\\ud800' };

  expect(JSON.parse(canonicalJson(value))).toEqual(value);
  expect(digestOf(value)).not.toBe(digestOf({ ...value, face: '\uFFFD' }));
});
