import fc from 'fast-check';
import { expect, test } from 'vitest';

import { sliceNames, slicesOf, stratumOf } from '../../../src/domain/gate/live-outcome.js';

test('a stratum of plain words is its slices joined by commas', () => {
  expect(stratumOf({ tier: 'gold', hardness: 'easy' })).toBe('hardness=easy,tier=gold');
  expect(stratumOf({})).toBe('');
});

test('strata that differ have names that differ', () => {
  expect(stratumOf({ a: 'x,b=y' })).not.toBe(stratumOf({ a: 'x', b: 'y' }));
  expect(stratumOf({ a: 'b=c' })).not.toBe(stratumOf({ 'a=b': 'c' }));
});

test('slices are read back from the name of their stratum, whatever they are called', () => {
  // Texts made of what has a meaning in a name, beside others.
  const part = fc.oneof(
    fc.string({ unit: fc.constantFrom('a', 'b', '=', ',', '\\', '\n'), minLength: 1 }),
    fc.string({ minLength: 1 }),
  );
  const key = part.filter((text) => text !== '__proto__');
  fc.assert(
    fc.property(fc.dictionary(key, part, { noNullPrototype: true }), (slices) => {
      expect(slicesOf(stratumOf(slices))).toEqual(slices);
      for (const name of sliceNames(slices)) {
        expect(Object.entries(slicesOf(name))).toHaveLength(1);
      }
    }),
  );
});
