import { expect, test } from 'vitest';

import {
  ADVERSARY,
  HONEST,
  LARGEST_MOVE,
  reportFeedback,
  runFeedbackBench,
  simulateFeedback,
} from '../../src/bench/feedback.js';

const setting = { items: 20_000, audited: 0.05, seed: 1 };

test.each([1, 2, 3])(
  'with seed %i an adversary on most items moves the error of accepted labels by at most a point',
  (seed) => {
    const { moved, withAdversary, withoutAdversary } = reportFeedback({ ...setting, seed });

    expect(Math.abs(moved)).toBeLessThanOrEqual(LARGEST_MOVE);
    expect(withAdversary.error).toBeLessThan(0.04);
    expect(withAdversary.decided).toBeGreaterThan(0.5);
    expect(withAdversary.decided).toBeGreaterThan(withoutAdversary.decided - 0.01);
    expect(withAdversary.majority.error).toBeGreaterThan(3 * withAdversary.error);
  },
);

test('audits find it out: its weight is 0, and that of the others near what they deserve', () => {
  const { sources } = simulateFeedback([...HONEST, ADVERSARY], setting);

  const adversary = sources.find(({ name }) => name === 'adversary');
  expect(adversary?.reliability).toBeLessThan(0.35);
  expect(adversary?.weight).toBe(0);
  const user = sources.find(({ name }) => name === 'user-1');
  expect(user?.reliability).toBeGreaterThan(0.7);
  expect(user?.reliability).toBeLessThan(0.8);
});

test('without audits the same adversary does harm, so that the bar says something', () => {
  const { movedUnaudited, moved } = reportFeedback(setting);

  expect(movedUnaudited).toBeGreaterThan(LARGEST_MOVE);
  expect(movedUnaudited).toBeGreaterThan(5 * Math.abs(moved));
});

test('three of one mind are found out as well', () => {
  expect(reportFeedback(setting).movedByThree).toBeLessThanOrEqual(LARGEST_MOVE);
});

test('a run without one source differs in nothing else', () => {
  const silent = { ...ADVERSARY, answers: 0 };

  const { sources: _with, ...without } = simulateFeedback([...HONEST, silent], setting);
  const { sources: _without, ...never } = simulateFeedback(HONEST, setting);

  expect(without).toEqual(never);
});

test('the command prints the report, and fails where the bar is missed', () => {
  const printed: unknown[] = [];
  const io = { result: (document: unknown, text: string) => printed.push(document, text) };

  expect(runFeedbackBench({ ...setting, items: 4_000 }, io)).toBe(0);
  expect(printed[0]).toMatchObject({ items: 4_000, seed: 1 });
  expect(printed[1]).toContain('simple majority, with');
});
