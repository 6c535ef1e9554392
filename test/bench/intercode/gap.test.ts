import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  armTotals,
  gapShare,
  halvesOf,
  perDatabase,
  type TaskOutcomes,
} from '../../../src/bench/intercode/gap.js';

function anOutcome(at: number, database: string, more: Partial<TaskOutcomes> = {}): TaskOutcomes {
  return {
    task: { taskId: `t${String(at)}`, database },
    frozen: false,
    learning: false,
    oracle: false,
    shuffled: false,
    placebo: false,
    ...more,
  };
}

/** Tasks of one database; the second half gains as told. */
function outcomes(size: number, learning: (at: number) => boolean): TaskOutcomes[] {
  return Array.from({ length: size }, (_, at) =>
    anOutcome(at, 'pets', { oracle: true, learning: at >= size / 2 && learning(at) }),
  );
}

test('halves each database by the order of its tasks, the odd one in half 1', () => {
  const tasks = ['a', 'b', 'a', 'a', 'b'].map((database, at) => ({
    taskId: `t${String(at)}`,
    database,
  }));

  expect([...halvesOf(tasks)].map(([task, half]) => `${task}:${String(half)}`).sort()).toEqual([
    't0:1',
    't1:1',
    't2:1',
    't3:2',
    't4:2',
  ]);
});

test('counts successes by database and half', () => {
  const rows = perDatabase([
    anOutcome(0, 'b', { frozen: true }),
    anOutcome(1, 'a', { oracle: true }),
    anOutcome(2, 'b', { learning: true, oracle: true }),
  ]);

  expect(rows).toEqual([
    { database: 'b', half: 1, n: 1, frozen: 1, learning: 0, oracle: 0, shuffled: 0, placebo: 0 },
    { database: 'b', half: 2, n: 1, frozen: 0, learning: 1, oracle: 1, shuffled: 0, placebo: 0 },
    { database: 'a', half: 1, n: 1, frozen: 0, learning: 0, oracle: 1, shuffled: 0, placebo: 0 },
    { database: 'a', half: 2, n: 0, frozen: 0, learning: 0, oracle: 0, shuffled: 0, placebo: 0 },
  ]);
});

test('adds up to the totals of each arm', () => {
  const flags = fc.record({
    frozen: fc.boolean(),
    learning: fc.boolean(),
    oracle: fc.boolean(),
    shuffled: fc.boolean(),
    placebo: fc.boolean(),
    database: fc.constantFrom('a', 'b', 'c'),
  });
  fc.assert(
    fc.property(fc.array(flags), (drawn) => {
      const all = drawn.map(({ database, ...more }, at) => anOutcome(at, database, more));

      const rows = perDatabase(all);
      const totals = armTotals(all);

      for (const arm of ['frozen', 'learning', 'oracle', 'shuffled', 'placebo'] as const) {
        expect(rows.reduce((total, row) => total + row[arm], 0)).toBe(totals[arm].successes);
      }
      expect(rows.reduce((total, { n }) => total + n, 0)).toBe(drawn.length);
    }),
  );
});

test('is the share of the gain of second halves, with bounds around it', () => {
  const { share, lower, upper } = gapShare(
    outcomes(200, (at) => at % 4 !== 0),
    1,
  );

  expect(share).toBe(0.75);
  expect(lower).toBeGreaterThan(0.65);
  expect(lower).toBeLessThan(0.75);
  expect(upper).toBeGreaterThan(0.75);
  expect(upper).toBeLessThan(0.85);
});

test('covers a true share of one half in about 90 % of samples', () => {
  let covered = 0;
  for (let seed = 0; seed < 60; seed += 1) {
    // A multiplicative hash in place of a coin, so that the samples repeat.
    const heads = (at: number): boolean =>
      ((at + 1 + 1_000 * seed) * 2_654_435_761) % 4_294_967_296 < 2_147_483_648;
    const { lower, upper } = gapShare(outcomes(100, heads), seed);
    if (lower !== null && upper !== null && lower <= 0.5 && upper >= 0.5) covered += 1;
  }

  expect(covered).toBeGreaterThan(45);
});

test('is null where there was nothing to gain', () => {
  expect(gapShare([anOutcome(0, 'a'), anOutcome(1, 'a')], 1)).toEqual({
    share: null,
    lower: null,
    upper: null,
  });
});

test('gives the same bounds again for the same seed', () => {
  const all = outcomes(50, (at) => at % 3 === 0);

  expect(gapShare(all, 9)).toEqual(gapShare(all, 9));
});
