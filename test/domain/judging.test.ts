import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import {
  firstShown,
  isAudited,
  needsAnotherCall,
  nextJudgementMs,
  verdictOf,
  type PairScores,
} from '../../src/domain/judging.js';

const scores = (baseline: number, candidate: number): PairScores => ({ baseline, candidate });

test('either order of outputs is asked for, and which comes first follows the seed alone', () => {
  fc.assert(
    fc.property(fc.string(), (seed) => {
      expect(firstShown(seed, 0)).toBe(firstShown(seed, 0));
      expect(firstShown(seed, 0)).not.toBe(firstShown(seed, 1));
    }),
  );
});

test.each([0, 2])('in call %i each arm comes first in about half of the pairs', (call) => {
  const seeds = Array.from({ length: 2_000 }, (_, index) => `s-${String(index)}`);

  const first = seeds.filter((seed) => firstShown(seed, call) === 'candidate').length;

  expect(first / seeds.length).toBeGreaterThan(0.46);
  expect(first / seeds.length).toBeLessThan(0.54);
});

test('a judge that says the same in either order is not asked again', () => {
  expect(needsAnotherCall([])).toBe(true);
  expect(needsAnotherCall([scores(0, 1)])).toBe(true);
  expect(needsAnotherCall([scores(0, 1), scores(0.1, 0.9)])).toBe(false);
});

test('a judge that disagrees with itself is asked a third time and no more, and averaged', () => {
  const calls = [scores(0, 1), scores(1, 0)];

  expect(needsAnotherCall(calls)).toBe(true);
  expect(needsAnotherCall([...calls, scores(0, 1)])).toBe(false);
  const verdict = verdictOf([...calls, scores(0, 1)]);
  expect(verdict?.baseline).toBeCloseTo(1 / 3, 12);
  expect(verdict?.candidate).toBeCloseTo(2 / 3, 12);
});

test('a judge that favours the first place gives no difference', () => {
  const verdict = verdictOf([scores(1, 0), scores(0, 1)]);

  expect(verdict).toEqual({ baseline: 0.5, candidate: 0.5 });
});

test('a judge that abstains as often as it speaks has abstained', () => {
  expect(verdictOf([null, null])).toBeNull();
  expect(needsAnotherCall([null, scores(0, 1)])).toBe(true);
  expect(verdictOf([null, scores(0, 1)])).toBeNull();
  expect(verdictOf([null, scores(0, 1), scores(0, 1)])).toEqual({ baseline: 0, candidate: 1 });
});

test('a tenth of the pairs is audited, drawn by judge and run alone', () => {
  const runs = Array.from({ length: 5_000 }, (_, index) => `run-${String(index)}`);

  const due = runs.filter((run) => isAudited('judge@1', run)).length;

  expect(due / runs.length).toBeGreaterThan(0.085);
  expect(due / runs.length).toBeLessThan(0.115);
});

describe('a live run that the limit of a day kept from the judge', () => {
  const HOUR = 3_600_000;
  const noon = Date.parse('2026-03-01T12:00:00Z');
  const midnight = Date.parse('2026-03-02T00:00:00Z');
  const next = (nowMs: number, endedMs: number, windowHours = 24, episode = 'e1') =>
    nextJudgementMs({ episode, nowMs, endedMs, windowHours });

  test('is shown to it in the first hour of the next day by UTC, spread by episode', () => {
    const times = Array.from({ length: 50 }, (_, i) => next(noon, noon, 24, `e${String(i)}`) ?? 0);

    expect(Math.min(...times)).toBeGreaterThanOrEqual(midnight);
    expect(Math.max(...times)).toBeLessThan(midnight + HOUR);
    expect(new Set(times).size).toBe(50);
  });

  test('is given up where its attribution window ends before that day', () => {
    expect(next(midnight + HOUR, noon)).toBeNull();
    expect(next(noon, noon, 12)).toBeNull();
  });

  test('is never shown after its window', () => {
    const times = Array.from(
      { length: 50 },
      (_, i) => next(noon, noon, 12.1, `e${String(i)}`) ?? 0,
    );

    expect(Math.max(...times)).toBeLessThan(noon + 12.1 * HOUR);
  });
});
