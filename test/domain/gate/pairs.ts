import { addPair, decideGate } from '../../../src/domain/gate/gate.js';
import type { GateState } from '../../../src/domain/gate/gate.js';
import type { GatePair, PairOutcome } from '../../../src/domain/gate/pair.js';
import { mulberry32 } from '../../../src/domain/random.js';

/** An observed pair with difference D = candidate - baseline in {-1, 0, 1}. */
export function observed(difference: number): PairOutcome {
  return {
    kind: 'observed',
    baseline: difference < 0 ? 1 : 0,
    candidate: difference > 0 ? 1 : 0,
    missing: [],
  };
}

/** A pair with defaults: a tie, in no slice. */
export function aPair(overrides: Partial<GatePair> = {}): GatePair {
  const index = overrides.index ?? 0;
  return { index, task: `t${index}`, outcome: observed(0), slices: {}, ...overrides };
}

/** Pairs 0, 1, 2, … with these differences, all else equal. */
export function pairsOf(
  differences: readonly number[],
  overrides: Partial<GatePair> = {},
): readonly GatePair[] {
  return differences.map((difference, offset) =>
    aPair({ ...overrides, index: (overrides.index ?? 0) + offset, outcome: observed(difference) }),
  );
}

/** The same difference over and over. */
export function repeated(difference: number, count: number): readonly number[] {
  return Array.from({ length: count }, () => difference);
}

/** Folds pairs through the gate until it decides. */
export function fold(gate: GateState, pairs: readonly GatePair[]): GateState {
  let state = gate;
  for (const pair of pairs) {
    if (decideGate(state) !== undefined) break;
    state = addPair(state, pair);
  }
  return state;
}

/** Seeded binary differences: +1 with probability `won`, -1 with probability `lost`. */
export function drawn(count: number, won: number, lost: number, seed: number): readonly number[] {
  const random = mulberry32(seed);
  return Array.from({ length: count }, () => {
    const u = random();
    if (u < won) return 1;
    return u < won + lost ? -1 : 0;
  });
}
