import fc from 'fast-check';
import { expect, test } from 'vitest';

import {
  fitSoftmax,
  probabilities,
  type Choice,
} from '../../../src/domain/attribution/softmax-regression.js';
import { mulberry32 } from '../../../src/domain/random.js';

/** Choices among five rows of three features, made by the weights 2, -1 and 0. */
function choicesOf(count: number): readonly Choice[] {
  const draw = mulberry32(5);
  return Array.from({ length: count }, () => {
    const rows = Array.from({ length: 5 }, () => [draw(), draw(), draw()]);
    const chances = probabilities(rows, [2, -1, 0]);
    let left = draw();
    const right = chances.findIndex((chance) => (left -= chance) < 0);
    return { rows, right: Math.max(0, right) };
  });
}

test('finds the weights that made the choices', () => {
  const weights = fitSoftmax(choicesOf(4_000), 0.01);

  expect(weights[0]).toBeCloseTo(2, 0);
  expect(weights[1]).toBeCloseTo(-1, 0);
  expect(Math.abs(weights[2] ?? 1)).toBeLessThan(0.2);
});

test('draws weights nearer to 0 the larger the penalty is', () => {
  const choices = choicesOf(200);
  const sizes = [1, 10, 100, 1_000].map((penalty) =>
    fitSoftmax(choices, penalty).reduce((sum, weight) => sum + weight ** 2, 0),
  );

  expect(sizes).toEqual([...sizes].sort((left, right) => right - left));
});

test('a feature in other units gives the same probabilities', () => {
  const choices = choicesOf(200);
  const inMillis = choices.map(({ rows, right }) => ({
    rows: rows.map(([first = 0, ...others]) => [first * 1_000, ...others]),
    right,
  }));

  const weights = fitSoftmax(choices, 10);
  const weightsInMillis = fitSoftmax(inMillis, 10);

  expect((weightsInMillis[0] ?? 0) * 1_000).toBeCloseTo(weights[0] ?? 0, 4);
  expect(weightsInMillis[1]).toBeCloseTo(weights[1] ?? 0, 4);
});

test('a feature that never varies gets no weight', () => {
  const choices = choicesOf(50).map(({ rows, right }) => ({
    rows: rows.map((row) => [...row, 1]),
    right,
  }));

  expect(fitSoftmax(choices, 1)[3]).toBeCloseTo(0, 9);
});

test('probabilities sum to 1 and grow with the score, however large the numbers are', () => {
  const row = fc.array(fc.double({ min: -1e6, max: 1e6, noNaN: true }), {
    minLength: 2,
    maxLength: 2,
  });
  fc.assert(
    fc.property(fc.array(row, { minLength: 1, maxLength: 20 }), (rows) => {
      const chances = probabilities(rows, [1, 0.5]);
      const sum = chances.reduce((total, chance) => total + chance, 0);

      expect(sum).toBeCloseTo(1, 9);
      const scores = rows.map(([first = 0, second = 0]) => first + second / 2);
      const best = scores.indexOf(Math.max(...scores));
      expect(chances[best]).toBe(Math.max(...chances));
    }),
  );
});

test('of no rows there are no probabilities', () => {
  expect(probabilities([], [1])).toEqual([]);
});
