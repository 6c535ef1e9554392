import fc from 'fast-check';
import { expect, test, vi } from 'vitest';

import { effectInterval } from '../../../src/domain/gate/confidence-sequence.js';
import { addToTally, emptyTally, tallyOf } from '../../../src/domain/gate/tally.js';
import { mulberry32 } from '../../../src/domain/random.js';
import { A, B, Cf, Eh, F, T } from './sequences.js';

// Seconds of computing, which a busy machine may stretch.
vi.setConfig({ testTimeout: 180_000 });

test.each([
  ['A', A, -0.300711, 1],
  ['B', B, 0.016457, 0.754826],
  ['Cf', Cf, -0.381976, 0.577516],
  ['T', T, -0.132014, 0.132014],
  ['Eh', Eh, -0.729007, 0.166759],
  ['F', F, 0.069605, 0.316001],
])('B1: sequence %s has the printed bounds', (_, differences, lower, upper) => {
  const interval = effectInterval(tallyOf(differences));

  expect(Math.abs(interval.lower - lower)).toBeLessThan(1e-6);
  expect(Math.abs(interval.upper - upper)).toBeLessThan(1e-6);
});

test('reports mean, pairs and discordant pairs', () => {
  const interval = effectInterval(tallyOf([1, 1, 0, -1]));

  expect(interval).toMatchObject({ mean: 0.25, n: 4, discordant: 3 });
});

test('says nothing where there is no pair', () => {
  expect(effectInterval(emptyTally)).toEqual({
    mean: 0,
    lower: -1,
    upper: 1,
    n: 0,
    discordant: 0,
  });
});

test('depends on the multiset of outcomes alone, however it was counted', () => {
  const counted = [...B].reverse().reduce(addToTally, emptyTally);

  expect(effectInterval(counted).lower).toBeCloseTo(effectInterval(tallyOf(B)).lower, 12);
});

test('is an interval around the mean, mirrored when the arms change places', () => {
  const differences = fc.array(fc.double({ min: -1, max: 1, noNaN: true }), {
    minLength: 1,
    maxLength: 40,
  });

  fc.assert(
    fc.property(differences, (sequence) => {
      const interval = effectInterval(tallyOf(sequence));
      const mirrored = effectInterval(tallyOf(sequence.map((difference) => -difference)));

      expect(interval.lower).toBeLessThanOrEqual(interval.mean + 1e-9);
      expect(interval.upper).toBeGreaterThanOrEqual(interval.mean - 1e-9);
      expect(mirrored.lower).toBeCloseTo(-interval.upper, 9);
    }),
    { numRuns: 50 },
  );
});

test('a stricter level gives a wider interval', () => {
  const wide = effectInterval(tallyOf(F), 0.01);
  const narrow = effectInterval(tallyOf(F), 0.2);

  expect(wide.lower).toBeLessThan(narrow.lower);
  expect(wide.upper).toBeGreaterThan(narrow.upper);
});

// 400 runs are enough to tell 5 % from 8.3 % at two standard errors; every look after a pair counts.
test('misses the true mean at any look in at most 5 % of seeded runs', () => {
  const random = mulberry32(2026);
  const trueMean = 0.1;
  const runs = 400;

  let missed = 0;
  for (let run = 0; run < runs; run += 1) {
    let tally = emptyTally;
    let isMissed = false;
    for (let n = 1; n <= 200 && !isMissed; n += 1) {
      const u = random();
      tally = addToTally(tally, u < 0.2 ? 1 : u < 0.3 ? -1 : 0);
      if (n < 20 || n % 10 !== 0) continue;
      const { lower, upper } = effectInterval(tally);
      isMissed = trueMean < lower || trueMean > upper;
    }
    if (isMissed) missed += 1;
  }

  expect(missed / runs).toBeLessThanOrEqual(0.05);
});
