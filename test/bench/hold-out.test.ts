import { expect, test } from 'vitest';

import { measureHoldOut } from '../../src/bench/hold-out.js';

test('finds a lesson out that harms beside two that help, which success counters never do', () => {
  const { lessons } = measureHoldOut({ runs: 200, tasks: 300, seed: 1 });

  expect(lessons['harmful']?.quarantined).toBeGreaterThanOrEqual(100);
  for (const name of ['helpful-1', 'helpful-2']) {
    expect(lessons[name]?.quarantined).toBeLessThanOrEqual(4);
  }
  expect(Object.values(lessons).map(({ flaggedByCounter }) => flaggedByCounter)).toEqual([0, 0, 0]);
});

test('quarantines hardly anything where nothing harms', () => {
  const quiet = measureHoldOut({ runs: 100, tasks: 300, seed: 500 });

  expect(quiet.lessons['helpful-1']?.quarantined).toBeLessThanOrEqual(3);
});
