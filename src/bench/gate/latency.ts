import { gatePolicy } from '../../domain/gate/gate-policy.js';
import { summarizeGate } from '../../domain/gate/gate-summary.js';
import { addPair, concludeGate, emptyGate } from '../../domain/gate/gate.js';
import type { GatePair } from '../../domain/gate/pair.js';
import { drawDifference } from '../../domain/gate/simulation.js';
import { countPool, planSlices } from '../../domain/gate/slices.js';
import { mulberry32 } from '../../domain/random.js';
import { median, rounded } from '../durations.js';

/** Milliseconds of one whole decision: plan, every pair, guards, bounds and summary. */
export interface LatencyReport {
  readonly pairs: number;
  readonly slices: number;
  readonly decisions: number;
  readonly medianMs: number;
  readonly fastestMs: number;
}

const PAIRS = 400;
const SLICES = 8;
const DECISIONS = 30;

/** Times decisions that need all their pairs: no test crosses before the last. */
export function latencyReport(): LatencyReport {
  const draw = mulberry32(9);
  const pairs = Array.from({ length: PAIRS }, (_, index): GatePair => {
    const difference = drawDifference(draw, { p: 0.5, d: 0.05, rho: 0.5 });
    const [baseline, candidate] = [difference < 0 ? 1 : 0, difference > 0 ? 1 : 0];
    return {
      index,
      task: String(index),
      outcome: { kind: 'observed', baseline, candidate, missing: [] },
      slices: { part: String(index % SLICES) },
      baselineCategory: baseline === 1 ? 'ok' : 'wrong',
      candidateCategory: candidate === 1 ? 'ok' : 'wrong',
    };
  });
  const policy = gatePolicy({ alpha: 1e-9, futilityLevel: 1e-9 });
  const times = Array.from({ length: DECISIONS }, () => {
    const startedMs = performance.now();
    const plan = planSlices(countPool(pairs.map(({ slices }) => slices)), policy);
    const gate = pairs.reduce(addPair, emptyGate(policy, plan));
    summarizeGate(gate, concludeGate(gate));
    return performance.now() - startedMs;
  });
  return {
    pairs: PAIRS,
    slices: SLICES,
    decisions: DECISIONS,
    medianMs: rounded(median(times)),
    fastestMs: rounded(Math.min(...times)),
  };
}
