import {
  addCommittedToDiagnosis,
  gatePairOf,
  type CommittedPair,
  type GateBasis,
} from './committed-pair.js';
import { effectInterval, REPORT_LEVEL } from './confidence-sequence.js';
import { emptyDiagnosis } from './diagnosis.js';
import { hasReached, logE, type EProcess } from './eprocess.js';
import { addPair, emptyGate, type GateState } from './gate.js';

/** Where the effect test stood after one more pair. */
export interface TracePoint {
  /** Pairs committed by then, void ones among them. */
  readonly pairs: number;
  readonly superiority: number;
  readonly futility: number;
  readonly mean: number;
  /** The 95 % confidence sequence: it may be looked at after every pair. */
  readonly lower: number;
  readonly upper: number;
}

/** One test of a gate as it stood at the end. */
export interface TestReading {
  readonly test:
    | 'superiority'
    | 'futility'
    | 'non-inferiority'
    | 'harm'
    | 'missing outcomes'
    | 'void pairs'
    | 'cost'
    | 'failure category';
  /** The slice or category it is about; null for all pairs. */
  readonly of: string | null;
  /** What is rejected where the threshold is reached. */
  readonly hypothesis: string;
  readonly n: number;
  readonly logE: number;
  /** ln of the E that it takes. */
  readonly threshold: number;
  readonly isReached: boolean;
}

/** Points of a chart; more would lie on each other. */
const MOST_POINTS = 160;
/** Exact enough for a bound in a chart, and a third of the work. */
const CHART = 1e-4;

/**
 * The path of the effect test over the committed pairs: each is what anybody would have seen who looked
 * then. At most 160 points, the last one always among them.
 */
export function traceGate(
  { policy, plan }: GateBasis,
  pairs: readonly CommittedPair[],
): readonly TracePoint[] {
  const every = Math.max(1, Math.ceil(pairs.length / MOST_POINTS));
  const points: TracePoint[] = [];
  let state = emptyGate(policy, plan);
  for (const pair of pairs) {
    const before = state.committed;
    state = addPair(state, gatePairOf(pair));
    if (state.committed > before && state.committed % every === 0)
      points.push(pointOf(state, CHART));
  }
  if (state.committed === 0) return [];
  const others = state.committed % every === 0 ? points.slice(0, -1) : points;
  return [...others, pointOf(state)];
}

function pointOf(state: GateState, tolerance?: number): TracePoint {
  const { mean, lower, upper } = effectInterval(state.differences, REPORT_LEVEL, tolerance);
  return {
    pairs: state.committed,
    superiority: logE(state.superiority),
    futility: logE(state.futility),
    mean,
    lower,
    upper,
  };
}

/** Both tests of a diagnosis, from its committed pairs: a loss of what serves, and no loss that matters. */
export function readDiagnosis(pairs: readonly CommittedPair[]): readonly TestReading[] {
  const {
    policy,
    harm,
    nonInferiority,
    pairs: n,
  } = pairs.reduce(addCommittedToDiagnosis, emptyDiagnosis());
  const reading = (process: EProcess) => ({
    of: null,
    n,
    logE: logE(process),
    threshold: Math.log(1 / policy.level),
    isReached: hasReached(process, 1 / policy.level),
  });
  const margin = String(Math.round(100 * policy.margin));
  return [
    { test: 'harm', hypothesis: 'no loss', ...reading(harm) },
    { test: 'non-inferiority', hypothesis: `loss ≥ ${margin} points`, ...reading(nonInferiority) },
  ];
}

/** Every test of a gate with its value and threshold, decided again from its committed pairs. */
export function readGate(
  { policy, plan }: GateBasis,
  pairs: readonly CommittedPair[],
): readonly TestReading[] {
  const state = pairs.map(gatePairOf).reduce(addPair, emptyGate(policy, plan));
  const slices = state.slices.length;
  const critical = policy.criticalCategories.length;
  const read = (
    test: TestReading['test'],
    process: EProcess,
    level: number,
    hypothesis: string,
    of: string | null = null,
  ): TestReading => {
    const value = logE(process);
    const threshold = Math.log(1 / level);
    const isReached = hasReached(process, 1 / level);
    return { test, of, hypothesis, n: process.n, logE: value, threshold, isReached };
  };
  return [
    read('superiority', state.superiority, policy.alpha, `effect ≤ ${points(policy.m0)}`),
    read('futility', state.futility, policy.futilityLevel, `effect ≥ ${points(policy.deltaMin)}`),
    ...state.slices.flatMap(({ name, isGated, nonInferiority, harm }) => [
      ...(isGated
        ? [
            read(
              'non-inferiority',
              nonInferiority,
              policy.sliceLevel,
              `loss ≥ ${points(policy.sliceMargin)}`,
              name,
            ),
          ]
        : []),
      read('harm', harm, policy.harmLevel / slices, 'no loss', name),
    ]),
    read('missing outcomes', state.missing, policy.missingLevel, 'no more missing than baseline'),
    read('void pairs', state.voids, policy.missingLevel, `void ≤ ${points(policy.voidShare)}`),
    ...(state.cost.notUp.n === 0
      ? []
      : [
          read('cost', state.cost.notUp, policy.costLevel, `up by ≥ ${percent(policy.costMargin)}`),
        ]),
    ...state.categories
      .filter(({ name }) => policy.criticalCategories.includes(name))
      .map(({ name, grew }) =>
        read('failure category', grew, policy.categoryLevel / critical, 'no more of it', name),
      ),
  ];
}

function percent(share: number): string {
  return `${String(Math.round(1000 * share) / 10)} %`;
}

/** A share as points in a hundred. */
function points(share: number): string {
  return `${String(Math.round(1000 * share) / 10)} points`;
}
