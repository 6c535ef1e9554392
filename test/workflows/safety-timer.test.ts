import { expect, test } from 'vitest';

import {
  aPace,
  paceAfter,
  safetyMs,
  settlingMs,
  type Pace,
} from '../../src/workflows/safety-timer.js';

const HOUR_MS = 3_600_000;

/** Looks at outcomes that come every so often, and how many each found. */
function looks(
  everyMs: number,
  forMs: number,
): { readonly count: number; readonly longestMs: number } {
  let pace: Pace = aPace(0);
  let count = 0;
  let longestMs = 0;
  let readUpTo = 0;
  for (let nowMs = everyMs; nowMs <= forMs;) {
    const settling = settlingMs(pace, nowMs);
    longestMs = Math.max(longestMs, settling);
    const readMs = nowMs + settling;
    const found = Math.floor(readMs / everyMs) - readUpTo;
    readUpTo += found;
    pace = paceAfter(pace, found, readMs);
    count += 1;
    nowMs = (readUpTo + 1) * everyMs;
  }
  return { count, longestMs };
}

test('three hours of steady traffic cost few looks, whatever the traffic', () => {
  const some = looks(2_000, 3 * HOUR_MS);
  const much = looks(10, 3 * HOUR_MS);

  expect(some.count).toBeLessThan(1_500);
  expect(much.count).toBeLessThan(2_000);
  expect(much.longestMs).toBe(15_000);
});

test('outcomes wait half a second at first, and never longer than a two-hundredth of the time watched', () => {
  expect(settlingMs(aPace(0), 1_000)).toBe(500);
  expect(settlingMs({ emptyLooks: 0, sinceMs: 0, lastMs: 400_000 }, 400_000)).toBe(2_000);
});

test('a pause of more than a minute makes the next look a quick one', () => {
  const steady = paceAfter(aPace(0), 3, 50_000);
  const later = paceAfter({ ...steady, lastMs: HOUR_MS }, 3, 2 * HOUR_MS);

  expect(settlingMs({ ...steady, lastMs: HOUR_MS }, 2 * HOUR_MS)).toBe(500);
  expect(settlingMs(later, 2 * HOUR_MS)).toBe(500);
});

test('looks that found nothing make the next one rarer, up to half an hour', () => {
  const idle = Array.from({ length: 8 }).reduce<Pace>((pace) => paceAfter(pace, 0, 0), aPace(0));

  expect(safetyMs(0)).toBe(60_000);
  expect(safetyMs(idle.emptyLooks)).toBe(30 * 60_000);
  expect(paceAfter(idle, 1, 10).emptyLooks).toBe(0);
});
