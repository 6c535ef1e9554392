/**
 * Seeded simulation of the gate: the model behind every measured number of its documentation, for tests and benches.
 *
 * Binary outcomes, baseline success p, candidate p + d. A share rho of tasks has common noise: there the
 * arms differ only where the candidate turned a failure into a success, or the other way round.
 */
import { detectorValue, addFailure, emptyDetector } from './detector.js';
import type { DetectorKind } from './detector.js';
import {
  addDiagnosisPair,
  concludeDiagnosis,
  defaultDiagnosisPolicy,
  emptyDiagnosis,
} from './diagnosis.js';
import type { Diagnosis, DiagnosisPolicy } from './diagnosis.js';
import { addHarm, addSuperiority, emptyEProcess, exceeds, hasReached } from './eprocess.js';
import type { EProcess } from './eprocess.js';
import { defaultGatePolicy } from './gate-policy.js';
import type { GatePolicy } from './gate-policy.js';
import { addPair, concludeGate, emptyGate, sliceNeeds } from './gate.js';
import type { GateDecision } from './gate.js';
import { emptyLedger, reserve, settle } from './ledger.js';
import type { LedgerPolicy } from './ledger.js';
import type { SlicePlan } from './slices.js';

/** A uniform draw on [0, 1), such as `mulberry32`. */
export type Draw = () => number;

/** What a pair of arms does. */
export interface PairedModel {
  /** Success rate of the baseline. */
  readonly p: number;
  /** Candidate minus baseline; may be negative. */
  readonly d: number;
  /** Share of tasks with common outcome noise. */
  readonly rho: number;
}

/** Chances of D = +1 and D = -1. */
export function discordantRates({ p, d, rho }: PairedModel): {
  readonly won: number;
  readonly lost: number;
} {
  return {
    won: rho * Math.max(d, 0) + (1 - rho) * (p + d) * (1 - p),
    lost: rho * Math.max(-d, 0) + (1 - rho) * p * (1 - p - d),
  };
}

/** Draws D in {-1, 0, 1}. */
export function drawDifference(draw: Draw, model: PairedModel): number {
  const { won, lost } = discordantRates(model);
  const u = draw();
  if (u < won) return 1;
  return u < won + lost ? -1 : 0;
}

/** An e-process of differences -1, 0 and 1, which grows in place. */
export interface TernaryTest {
  readonly add: (difference: number) => void;
  readonly hasReached: (threshold: number) => boolean;
}

/**
 * The e-process of a test on binary pairs. The gamblers gain one of three things at each pair, which is asked
 * of the engine once: millions of pairs are then sums of ten numbers.
 */
export function ternaryTest(
  test: (process: EProcess, difference: number) => EProcess,
): TernaryTest {
  const steps = [-1, 0, 1].map((difference) => test(emptyEProcess(), difference).logWealth);
  const logWealth = [...emptyEProcess().logWealth];
  let n = 0;
  return {
    add: (difference) => {
      n += 1;
      const step = steps[difference + 1] ?? [];
      for (let k = 0; k < logWealth.length; k += 1) {
        logWealth[k] = (logWealth[k] ?? 0) + (step[k] ?? 0);
      }
    },
    hasReached: (threshold) => hasReached({ n, logWealth }, threshold),
  };
}

export interface EffectRun {
  readonly end: 'promoted' | 'futile' | 'budget';
  /** Pairs until the end; the budget where it never crossed. */
  readonly pairs: number;
}

/** One effect test without slices: superiority, and futility unless it is switched off. */
export function runEffectTest(
  draw: Draw,
  model: PairedModel,
  options: {
    readonly alpha: number;
    readonly hasFutility: boolean;
    readonly margin?: number;
  } & Partial<Pick<GatePolicy, 'minPairs' | 'maxPairs' | 'deltaMin' | 'futilityLevel'>>,
): EffectRun {
  const { minPairs, maxPairs, deltaMin, futilityLevel } = { ...defaultGatePolicy, ...options };
  const superiority = ternaryTest((process, difference) =>
    addSuperiority(process, difference, options.margin ?? 0),
  );
  const futility = ternaryTest((process, difference) => addHarm(process, difference, deltaMin));
  for (let pairs = 1; pairs <= maxPairs; pairs += 1) {
    const difference = drawDifference(draw, model);
    superiority.add(difference);
    if (options.hasFutility) futility.add(difference);
    if (pairs < minPairs) continue;
    if (superiority.hasReached(1 / options.alpha)) return { end: 'promoted', pairs };
    if (options.hasFutility && futility.hasReached(1 / futilityLevel)) {
      return { end: 'futile', pairs };
    }
  }
  return { end: 'budget', pairs: maxPairs };
}

/** A slice of the simulated traffic and what the candidate does in it. */
export interface SimulatedSlice {
  readonly share: number;
  readonly model: PairedModel;
}

/** The whole gate with its slices, top-ups drawn from the slice in need; answers the pairs it took. */
export function runSlicedGate(
  draw: Draw,
  slices: readonly SimulatedSlice[],
  policy: GatePolicy,
): { readonly decision: GateDecision; readonly pairs: number } {
  const plan: SlicePlan = {
    keys: ['slice'],
    gated: slices.map((_, index) => `slice=${String(index)}`),
    hasOther: false,
  };
  let state = emptyGate(policy, plan);
  let pairs = 0;
  while (state.decision === undefined) {
    const needed = sliceNeeds(state)[0]?.slice;
    const index = needed === undefined ? drawSlice(draw, slices) : plan.gated.indexOf(needed);
    const model = slices[index]?.model;
    if (model === undefined) break;
    const difference = drawDifference(draw, model);
    state = addPair(state, {
      index: pairs,
      task: String(pairs),
      outcome: {
        kind: 'observed',
        baseline: difference < 0 ? 1 : 0,
        candidate: difference > 0 ? 1 : 0,
        missing: [],
      },
      slices: { slice: String(index) },
    });
    pairs += 1;
  }
  return { decision: concludeGate(state), pairs };
}

function drawSlice(draw: Draw, slices: readonly SimulatedSlice[]): number {
  let u = draw();
  const index = slices.findIndex(({ share }) => (u -= share) < 0);
  return index < 0 ? slices.length - 1 : index;
}

/** What became of the candidates of one life of an agent. */
export interface LifeRun {
  readonly candidates: number;
  readonly pairs: number;
  readonly good: number;
  readonly truePromotions: number;
  readonly falsePromotions: number;
}

/**
 * A life of candidates through the error ledger. A share of them is good, by `effect`; of the others half
 * change nothing and half lose 5 points.
 */
export function runLife(
  draw: Draw,
  options: {
    readonly candidates: number;
    readonly shareGood: number;
    readonly effect: number;
    readonly policy: LedgerPolicy;
  },
): LifeRun {
  let ledger = emptyLedger(0, options.policy);
  let [pairs, good, truePromotions, falsePromotions] = [0, 0, 0, 0];
  for (let j = 0; j < options.candidates; j += 1) {
    const isGood = draw() < options.shareGood;
    const loses = draw() < 0.5;
    const d = isGood ? options.effect : loses ? -0.05 : 0;
    const reserved = reserve(ledger, String(j));
    const run = runEffectTest(
      draw,
      { p: 0.5, d, rho: 0.5 },
      { alpha: reserved.alpha, hasFutility: true },
    );
    const isPromoted = run.end === 'promoted';
    ledger = settle(reserved.ledger, String(j), isPromoted);
    pairs += run.pairs;
    good += isGood ? 1 : 0;
    truePromotions += isPromoted && isGood ? 1 : 0;
    falsePromotions += isPromoted && !isGood ? 1 : 0;
  }
  return { candidates: options.candidates, pairs, good, truePromotions, falsePromotions };
}

/** Outcomes until a detector alarms on a stream that fails at `failureRate(t)`, t from 1; `limit` where it does not. */
export function runDetector(
  draw: Draw,
  options: {
    readonly kind: DetectorKind;
    readonly f0: number;
    readonly threshold: number;
    readonly limit: number;
    readonly failureRate: (t: number) => number;
  },
): number {
  let detector = emptyDetector(options.kind);
  for (let t = 1; t <= options.limit; t += 1) {
    detector = addFailure(detector, draw() < options.failureRate(t) ? 1 : 0, options.f0);
    if (exceeds(Math.log(detectorValue(detector)), options.threshold)) return t;
  }
  return options.limit;
}

/** One paired diagnosis of a version that differs by `model.d` from the one before. */
export function runDiagnosis(
  draw: Draw,
  model: PairedModel,
  policy: DiagnosisPolicy = defaultDiagnosisPolicy,
): { readonly diagnosis: Diagnosis; readonly pairs: number } {
  let state = emptyDiagnosis(policy);
  while (state.diagnosis === undefined) {
    const difference = drawDifference(draw, model);
    state = addDiagnosisPair(state, {
      current: difference > 0 ? 1 : 0,
      previous: difference < 0 ? 1 : 0,
    });
  }
  return { diagnosis: concludeDiagnosis(state), pairs: state.pairs };
}
