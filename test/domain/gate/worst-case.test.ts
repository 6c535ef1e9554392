import { describe, expect, test } from 'vitest';

import { addPair, concludeGate, emptyGate } from '../../../src/domain/gate/gate.js';
import { gatePolicy } from '../../../src/domain/gate/gate-policy.js';
import { reportGate } from '../../../src/domain/gate/gate-summary.js';
import type { PairOutcome } from '../../../src/domain/gate/pair.js';
import { drawDifference, type Draw } from '../../../src/domain/gate/simulation.js';
import { addWorstCase, emptyWorstCase } from '../../../src/domain/gate/worst-case.js';
import { logE } from '../../../src/domain/gate/eprocess.js';
import { mulberry32 } from '../../../src/domain/random.js';

const observed = (
  candidate: number,
  baseline: number,
  missing: PairOutcome['missing'] = [],
): PairOutcome => ({ kind: 'observed', candidate, baseline, missing });

const differencesOf = (...outcomes: readonly PairOutcome[]) =>
  outcomes.reduce((state, outcome) => addWorstCase(state, outcome, { m0: 0 }), emptyWorstCase);

test('puts a 0 for the candidate and a 1 for the baseline in the place of what is missing', () => {
  const { differences, imputed } = differencesOf(
    observed(1, 0),
    observed(1, 0, ['candidate']),
    observed(1, 0, ['baseline']),
    { kind: 'void', missing: ['candidate'] },
    { kind: 'void', missing: ['baseline'] },
  );

  expect(imputed).toBe(4);
  expect(differences).toEqual([
    { value: 1, count: 1 },
    { value: 0, count: 2 },
    { value: -1, count: 2 },
  ]);
});

test('a verdict tells beside it what of it rests on the rule for missing outcomes', () => {
  const pairs = Array.from({ length: 40 }, (_, index) => ({
    index,
    task: String(index),
    slices: {},
    outcome: index % 4 === 0 ? ({ kind: 'void', missing: ['baseline'] } as const) : observed(1, 0),
  }));
  const gate = pairs.reduce(addPair, emptyGate(gatePolicy()));

  const { verdict, effect, worstCase } = reportGate(gate, concludeGate(gate));

  expect(verdict).toBe('pass');
  expect(effect.mean).toBe(1);
  expect(worstCase).toMatchObject({ n: 27, imputed: 7, mean: 13 / 27, holds: false });
});

describe('at +20 points, 400 pairs, e >= 20', () => {
  /** Power of the worst case where either arm loses an outcome at random. */
  const power = (lost: number): number => {
    const draw: Draw = mulberry32(1207);
    const runs = 400;
    let crossed = 0;
    for (let run = 0; run < runs; run += 1) {
      let state = emptyWorstCase;
      for (let pair = 1; pair <= 400; pair += 1) {
        const difference = drawDifference(draw, { p: 0.5, d: 0.2, rho: 0.5 });
        const isLost = draw() < lost;
        const outcome: PairOutcome = isLost
          ? { kind: 'void', missing: [draw() < 0.5 ? 'candidate' : 'baseline'] }
          : observed(Math.max(difference, 0), Math.max(-difference, 0));
        state = addWorstCase(state, outcome, { m0: 0 });
        if (pair >= 20 && logE(state.superiority) > Math.log(20)) {
          crossed += 1;
          break;
        }
      }
    }
    return crossed / runs;
  };

  test('a twentieth lost leaves nearly all of the power, a tenth about half', () => {
    expect(power(0.05)).toBeGreaterThanOrEqual(0.93);
    expect(power(0.1)).toBeGreaterThan(0.44);
    expect(power(0.1)).toBeLessThan(0.64);
  });
});
