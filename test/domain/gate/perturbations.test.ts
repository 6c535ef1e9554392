import { describe, expect, test, vi } from 'vitest';

import { gatePolicy } from '../../../src/domain/gate/gate-policy.js';
import { addPair, concludeGate, emptyGate } from '../../../src/domain/gate/gate.js';
import type { GateDecision } from '../../../src/domain/gate/gate.js';
import type { Arm, PairOutcome } from '../../../src/domain/gate/pair.js';
import { drawDifference } from '../../../src/domain/gate/simulation.js';
import type { Draw } from '../../../src/domain/gate/simulation.js';
import { mulberry32 } from '../../../src/domain/random.js';
import { aPair, observed } from './pairs.js';

// Seconds of computing, which a busy machine may stretch.
vi.setConfig({ testTimeout: 180_000 });

const RUNS = 500;
const NULL_MODEL = { p: 0.5, d: 0, rho: 0.5 };
/** Futility switched off, so that every run goes on to its 400th pair. */
const patient = gatePolicy({ futilityLevel: 1e-12 });

/** Shares of decisions over seeded gates whose pairs `next` draws; the index order is the order of the list. */
const gates = (next: (draw: Draw) => readonly PairOutcome[]): Map<string, number> => {
  const draw = mulberry32(37);
  const shares = new Map<string, number>();
  for (let run = 0; run < RUNS; run += 1) {
    const { reason } = decided(next(draw));
    shares.set(reason, (shares.get(reason) ?? 0) + 1 / RUNS);
  }
  return shares;
};

const decided = (outcomes: readonly PairOutcome[]): GateDecision => {
  let state = emptyGate(patient);
  for (const [index, outcome] of outcomes.entries()) {
    state = addPair(state, aPair({ index, outcome }));
    if (state.decision !== undefined) break;
  }
  return concludeGate(state);
};

const pairs = (draw: Draw, model = NULL_MODEL, count = 400): readonly number[] =>
  Array.from({ length: count }, () => drawDifference(draw, model));

describe('a candidate that changes nothing', () => {
  test('is promoted in one of ten or more where pairs count as they finish and wins finish first', () => {
    // What `addPair` refuses to take: waves of 100 pairs sorted by completion time.
    const shares = gates((draw) => {
      const differences = pairs(draw);
      return [0, 100, 200, 300].flatMap((from) =>
        differences
          .slice(from, from + 100)
          .map((difference) => ({ difference, at: draw() * (1 - 0.5 * difference) }))
          .sort((a, b) => a.at - b.at)
          .map(({ difference }) => observed(difference)),
      );
    });

    expect(shares.get('superior') ?? 0).toBeGreaterThan(0.1);
  });

  test('that loses a fifth of its failures is found out, not promoted', () => {
    const lost = { kind: 'void', missing: ['candidate'] } as const;
    const shares = gates((draw) =>
      pairs(draw).map((difference) => (isLost(draw, difference) ? lost : observed(difference))),
    );

    expect(shares.get('superior') ?? 0).toBeLessThan(0.05);
    expect(shares.get('missing-outcomes') ?? 0).toBeGreaterThan(0.95);
  });
});

describe('outcomes that go missing at random in both arms', () => {
  const missingAtRandom = (draw: Draw, difference: number): PairOutcome => {
    const missing: Arm[] = [];
    if (draw() < 0.05) missing.push('baseline');
    if (draw() < 0.05) missing.push('candidate');
    return missing.length > 0 ? { kind: 'void', missing } : observed(difference);
  };

  test('end few gates and promote no more', () => {
    const shares = gates((draw) =>
      pairs(draw).map((difference) => missingAtRandom(draw, difference)),
    );

    expect(shares.get('superior') ?? 0).toBeLessThanOrEqual(0.04);
    expect(shares.get('missing-outcomes') ?? 0).toBeLessThanOrEqual(0.06);
  });

  test('cost a good candidate next to nothing', () => {
    const shares = gates((draw) =>
      pairs(draw, { p: 0.5, d: 0.2, rho: 0.5 }).map((difference) =>
        missingAtRandom(draw, difference),
      ),
    );

    expect(shares.get('superior') ?? 0).toBeGreaterThan(0.95);
  });
});

test('a judge that adds 5 points to the candidate breaks the gate, and the margin m0 mends it', () => {
  const biased = (m0: number): number => {
    const draw = mulberry32(41);
    const policy = gatePolicy({ m0, futilityLevel: 1e-12 });
    let passed = 0;
    for (let run = 0; run < RUNS; run += 1) {
      let state = emptyGate(policy);
      for (const [index, difference] of pairs(draw, { ...NULL_MODEL, d: 0.05 }).entries()) {
        state = addPair(state, aPair({ index, outcome: observed(difference) }));
        if (state.decision !== undefined) break;
      }
      passed += state.decision?.verdict === 'pass' ? 1 : 0;
    }
    return passed / RUNS;
  };

  expect(biased(0)).toBeGreaterThan(0.2);
  expect(biased(0.05)).toBeLessThanOrEqual(0.05);
});

/** The candidate fails in half of the ties and in every loss; a fifth of its failures never arrive. */
function isLost(draw: Draw, difference: number): boolean {
  const failed = difference < 0 || (difference === 0 && draw() < 0.5);
  return failed && draw() < 0.2;
}
