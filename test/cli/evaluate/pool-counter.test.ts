import { expect, test } from 'vitest';

import { createPoolCounter } from '../../../src/cli/evaluate/pool-counter.js';
import { countPool } from '../../../src/domain/gate/slices.js';
import { mulberry32 } from '../../../src/domain/random.js';

test('counts as the workflow counts its pool, while values are few', () => {
  const draw = mulberry32(1);
  const pool = Array.from({ length: 500 }, () => ({
    hardness: ['easy', 'hard'][Math.floor(draw() * 2)] ?? 'easy',
    db: `db${String(Math.floor(draw() * 90))}`,
  }));
  const counter = createPoolCounter();

  for (const [at, slices] of pool.entries()) counter.add(slices, at + 1);

  expect(counter.counts()).toEqual({ size: 500, byKey: countPool(pool).byKey });
});

test('of very many values it is short by a thousandth of the pool at most', () => {
  const draw = mulberry32(2);
  const size = 60_000;
  const counter = createPoolCounter();
  let large = 0;
  for (let line = 1; line <= size; line += 1) {
    const isLarge = draw() < 0.06;
    large += isLarge ? 1 : 0;
    counter.add({ user: isLarge ? 'large' : `u${String(line)}` }, line);
  }

  const counts = counter.counts().byKey['user'] ?? {};

  expect(Object.keys(counts).length).toBeLessThanOrEqual(1_000);
  expect(counts['large']).toBeLessThanOrEqual(large);
  expect(counts['large']).toBeGreaterThanOrEqual(large - size / 1_000);
});

test('keys that nobody asked for are not counted', () => {
  const counter = createPoolCounter(['hardness']);

  counter.add({ hardness: 'easy', user: 'u1' }, 1);

  expect(counter.counts()).toEqual({ size: 1, byKey: { hardness: { easy: 1 } } });
});

test('keys with names of an object’s own are keys like others', () => {
  const counter = createPoolCounter();

  counter.add({ constructor: 'toString' }, 1);

  expect(counter.counts().byKey['constructor']).toEqual({ toString: 1 });
});
