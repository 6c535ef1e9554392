import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import {
  FRACTIONS,
  addHarm,
  addOutcome,
  addOutcomes,
  addSuperiority,
  emptyEProcess,
  exceeds,
  logE,
  withoutPart,
} from '../../../src/domain/gate/eprocess.js';
import type { EProcess } from '../../../src/domain/gate/eprocess.js';
import { mulberry32 } from '../../../src/domain/random.js';
import { A, B, Cf, Eh, F, T } from './sequences.js';

type Step = (process: EProcess, difference: number, margin: number) => EProcess;

const run = (step: Step, differences: readonly number[], margin: number): number =>
  logE(differences.reduce((state, difference) => step(state, difference, margin), emptyEProcess()));

const expectClose = (actual: number, expected: number): void => {
  expect(Math.abs(actual - expected)).toBeLessThanOrEqual(
    1e-6 * Math.max(Math.abs(expected), 1e-3),
  );
};

/** E sup(0), then lnE of sup(0), sup(-.10), sup(-.15), sup(+.05), harm(0), futility(.10). */
const vectors = [
  ['A', A, 9.0401, 2.201670585, 2.623181195, 2.858245701, 2.012263791, -1.618463048, -1.618463048],
  ['B', B, 54.21, 3.992865733, 6.081944141, 7.289316277, 3.103216766, -2.509724688, -2.367124575],
  ['Cf', Cf, 1.2818, 0.248265467, 0.842017216, 1.20746609, 0.009519736, -0.989544552, -0.720243827],
  ['T', T, 1, 0, 2.579839932, 4.359406187, -0.738024474, 0, 2.579839932],
  [
    'Eh',
    Eh,
    0.126206,
    -2.069841627,
    -1.908747981,
    -1.810112516,
    -2.136525395,
    1.440349271,
    2.673109843,
  ],
  [
    'F',
    F,
    28452.9,
    10.256004384,
    23.6303374,
    31.834039612,
    5.279022499,
    -4.176883641,
    -3.144921612,
  ],
] as const;

describe('B1: published vectors', () => {
  test.each(vectors)('sequence %s gives the printed e-values', (_, sequence, e, ...logs) => {
    const computed = [
      run(addSuperiority, sequence, 0),
      run(addSuperiority, sequence, -0.1),
      run(addSuperiority, sequence, -0.15),
      run(addSuperiority, sequence, 0.05),
      run(addHarm, sequence, 0),
      run(addHarm, sequence, 0.1),
    ];

    computed.forEach((value, column) => {
      expectClose(value, logs[column] ?? Number.NaN);
    });
    expect(Number(Math.exp(computed[0] ?? 0).toPrecision(e > 100 ? 6 : 5))).toBeCloseTo(
      Number(e.toPrecision(e > 100 ? 6 : 5)),
      3,
    );
  });

  test('sequence F has the printed wins, losses and first draws', () => {
    expect(F.filter((difference) => difference === 1)).toHaveLength(52);
    expect(F.filter((difference) => difference === -1)).toHaveLength(14);
    expect(F.slice(0, 12)).toEqual([0, -1, 0, 0, 0, -1, 1, 0, 0, 0, 0, 0]);
  });

  test.each([
    [20, 103],
    [200, 153],
  ])('sequence F first has e >= %i at n = %i', (threshold, expected) => {
    let process = emptyEProcess();
    const crossing = F.findIndex((difference) => {
      process = addSuperiority(process, difference, 0);
      return process.n >= 20 && exceeds(logE(process), threshold);
    });

    expect(crossing + 1).toBe(expected);
  });

  test('the generator is the standard mulberry32', () => {
    const random = mulberry32(1);

    [0.6270739406, 0.0027357212, 0.52744704].forEach((expected) => {
      expect(random()).toBeCloseTo(expected, 9);
    });
  });
});

const outcome = fc.double({ min: 0, max: 1, noNaN: true });
const nullMean = fc.double({ min: 0.01, max: 0.99, noNaN: true });

describe('the e-process', () => {
  test('starts with e = 1', () => {
    expect(logE(emptyEProcess())).toBe(0);
  });

  test('is finite and positive whatever the outcomes are', () => {
    fc.assert(
      fc.property(fc.array(outcome, { maxLength: 200 }), nullMean, (outcomes, mu0) => {
        const process = outcomes.reduce((state, x) => addOutcome(state, x, mu0), emptyEProcess());

        expect(process.logWealth.every(Number.isFinite)).toBe(true);
        expect(Math.exp(logE(process))).toBeGreaterThan(0);
      }),
    );
  });

  test('has mean one under a fair two-point outcome, so it is a martingale there', () => {
    fc.assert(
      fc.property(fc.array(outcome, { maxLength: 20 }), nullMean, (outcomes, mu0) => {
        const before = outcomes.reduce((state, x) => addOutcome(state, x, mu0), emptyEProcess());

        const won = Math.exp(logE(addOutcome(before, 1, mu0)));
        const lost = Math.exp(logE(addOutcome(before, 0, mu0)));

        const mean = mu0 * won + (1 - mu0) * lost;
        expect(mean / Math.exp(logE(before))).toBeCloseTo(1, 9);
      }),
    );
  });

  test('does not depend on the order of outcomes', () => {
    const orders = fc
      .array(fc.double({ min: -1, max: 1, noNaN: true }), { minLength: 1, maxLength: 60 })
      .chain((values) =>
        fc.tuple(
          fc.constant(values),
          fc.shuffledSubarray(values, { minLength: values.length, maxLength: values.length }),
        ),
      );

    fc.assert(
      fc.property(orders, ([given, shuffled]) => {
        expect(run(addSuperiority, shuffled, 0)).toBeCloseTo(run(addSuperiority, given, 0), 9);
      }),
    );
  });

  test('falls as the margin grows', () => {
    const margin = fc.double({ min: -0.9, max: 0.9, noNaN: true });
    const differences = fc.array(fc.double({ min: -1, max: 1, noNaN: true }), { maxLength: 60 });

    fc.assert(
      fc.property(differences, margin, margin, (sequence, one, other) => {
        const [low, high] = [Math.min(one, other), Math.max(one, other)];

        expect(run(addSuperiority, sequence, high)).toBeLessThanOrEqual(
          run(addSuperiority, sequence, low) + 1e-9,
        );
      }),
    );
  });

  test('takes a repeated outcome at once as it takes it one by one', () => {
    const oneByOne = [0.3, 0.3, 0.3].reduce(
      (state, x) => addOutcome(state, x, 0.4),
      emptyEProcess(),
    );

    const atOnce = addOutcomes(emptyEProcess(), 0.3, 0.4, 3);

    expect(atOnce.n).toBe(3);
    expect(logE(atOnce)).toBeCloseTo(logE(oneByOne), 12);
  });

  test('without a part is what it would be had the part never come', () => {
    const [part, others] = [
      [1, 0, 0.25, 1],
      [0, 0.5, 1, 0, 0.75],
    ] as const;
    const fed = (outcomes: readonly number[]) =>
      outcomes.reduce((state, x) => addOutcome(state, x, 0.4), emptyEProcess());

    const left = withoutPart(fed([...others, ...part]), fed(part));

    expect(left.n).toBe(others.length);
    expect(logE(left)).toBeCloseTo(logE(fed(others)), 12);
  });

  test('takes a tie at margin zero for no evidence at all', () => {
    const process = addSuperiority(emptyEProcess(), 0, 0);

    expect(process).toEqual({ n: 1, logWealth: FRACTIONS.map(() => 0) });
  });

  test('survives as JSON', () => {
    const process = B.reduce((state, d) => addSuperiority(state, d, 0), emptyEProcess());

    expect(JSON.parse(JSON.stringify(process))).toEqual(process);
  });

  test.each([Number.NaN, -0.1, 1.1, Number.POSITIVE_INFINITY])('refuses the outcome %d', (x) => {
    expect(() => addOutcome(emptyEProcess(), x, 0.5)).toThrow(RangeError);
  });

  test.each([0, 1, Number.NaN])('refuses mu0 = %d, at which no bet is fair', (mu0) => {
    expect(() => addOutcome(emptyEProcess(), 0.5, mu0)).toThrow(RangeError);
  });

  test('does not take equality with a threshold for a crossing', () => {
    expect(exceeds(Math.log(20), 20)).toBe(false);
    expect(exceeds(Math.log(20) + 1e-10, 20)).toBe(false);
    expect(exceeds(Math.log(20) + 1e-8, 20)).toBe(true);
  });
});
