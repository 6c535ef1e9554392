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
  /** The same of outcomes that are scores between 0 and 1, of which no two pairs differ by the same. */
  readonly gradedMedianMs: number;
  readonly gradedFastestMs: number;
}

const PAIRS = 400;
const SLICES = 8;
const DECISIONS = 30;

/** Times decisions that need all their pairs: no test crosses before the last. */
export function latencyReport(): LatencyReport {
  const draw = mulberry32(9);
  const binary = decisionTimes(() => {
    const difference = drawDifference(draw, { p: 0.5, d: 0.05, rho: 0.5 });
    return [difference < 0 ? 1 : 0, difference > 0 ? 1 : 0];
  });
  const graded = decisionTimes(() => [draw(), draw()]);
  return {
    pairs: PAIRS,
    slices: SLICES,
    decisions: DECISIONS,
    medianMs: rounded(median(binary)),
    fastestMs: rounded(Math.min(...binary)),
    gradedMedianMs: rounded(median(graded)),
    gradedFastestMs: rounded(Math.min(...graded)),
  };
}

function decisionTimes(drawArms: () => readonly [baseline: number, candidate: number]): number[] {
  const pairs = Array.from({ length: PAIRS }, (_, index): GatePair => {
    const [baseline, candidate] = drawArms();
    return {
      index,
      task: String(index),
      outcome: { kind: 'observed', baseline, candidate, missing: [] },
      slices: { part: String(index % SLICES) },
      baselineCategory: baseline >= 0.5 ? 'ok' : 'wrong',
      candidateCategory: candidate >= 0.5 ? 'ok' : 'wrong',
    };
  });
  const policy = gatePolicy({ alpha: 1e-9, futilityLevel: 1e-9 });
  return Array.from({ length: DECISIONS }, () => {
    const startedMs = performance.now();
    const plan = planSlices(countPool(pairs.map(({ slices }) => slices)), policy);
    const gate = pairs.reduce(addPair, emptyGate(policy, plan));
    summarizeGate(gate, concludeGate(gate));
    return performance.now() - startedMs;
  });
}
