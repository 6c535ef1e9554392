import {
  addHarm,
  addSuperiority,
  emptyEProcess,
  exceeds,
  hasReached,
} from '../../domain/gate/eprocess.js';
import { defaultGatePolicy } from '../../domain/gate/gate-policy.js';
import { drawDifference, type Draw, type PairedModel } from '../../domain/gate/simulation.js';
import { median } from '../durations.js';
import { exactTestPromotes, logBetaBinomial, zTestPromotes } from './comparators.js';
import { mean, repeated, shareOf, type Simulation } from './simulated.js';
import { cell, type Table } from './table.js';

const { minPairs, maxPairs, deltaMin, futilityLevel } = defaultGatePolicy;

/** Pair at which each procedure promoted, looked at after every pair; infinite where it never did. */
export interface Crossings {
  readonly ours: number;
  /** The same at the first level of the error ledger, e >= 200. */
  readonly strict: number;
  /** Where futility ended it, promotion or not. */
  readonly withFutility: { readonly end: 'promoted' | 'futile' | 'budget'; readonly pairs: number };
  readonly betaBinomial: number;
  readonly zTest: number;
  readonly exactTest: number;
  readonly fixed: { readonly at100: boolean; readonly at400: boolean };
}

/** One seeded candidate put to every procedure at once, on the same pairs. */
export function crossingsOf(draw: Draw, model: PairedModel): Crossings {
  let [superiority, futility] = [emptyEProcess(), emptyEProcess()];
  let [won, lost] = [0, 0];
  const first = { ours: Infinity, strict: Infinity, futile: Infinity };
  const others = { betaBinomial: Infinity, zTest: Infinity, exactTest: Infinity };
  let [at100, at400] = [false, false];
  for (let pairs = 1; pairs <= maxPairs; pairs += 1) {
    const difference = drawDifference(draw, model);
    won += difference > 0 ? 1 : 0;
    lost += difference < 0 ? 1 : 0;
    if (first.strict === Infinity) superiority = addSuperiority(superiority, difference, 0);
    if (first.futile === Infinity) futility = addHarm(futility, difference, deltaMin);
    if (pairs < minPairs) continue;
    if (hasReached(superiority, 20)) first.ours = Math.min(first.ours, pairs);
    if (hasReached(superiority, 200)) first.strict = Math.min(first.strict, pairs);
    if (hasReached(futility, 1 / futilityLevel)) first.futile = Math.min(first.futile, pairs);
    if (exceeds(logBetaBinomial(won, lost), 20)) {
      others.betaBinomial = Math.min(others.betaBinomial, pairs);
    }
    if (zTestPromotes(won, lost, pairs)) others.zTest = Math.min(others.zTest, pairs);
    const exact = exactTestPromotes(won, lost);
    if (exact) others.exactTest = Math.min(others.exactTest, pairs);
    if (pairs === 100) at100 = exact;
    if (pairs === maxPairs) at400 = exact;
  }
  const stopped = Math.min(first.ours, first.futile, maxPairs);
  const futileEnd = first.futile < first.ours ? 'futile' : 'promoted';
  const end = Math.min(first.ours, first.futile) === Infinity ? 'budget' : futileEnd;
  return {
    ours: first.ours,
    strict: first.strict,
    withFutility: { end, pairs: stopped },
    ...others,
    fixed: { at100, at400 },
  };
}

const MODEL = { p: 0.5, rho: 0.5 };

/** d, rho, then what section 3.1 publishes, in the order of the columns. */
const EFFECTS: readonly (readonly [number, number, readonly (number | undefined)[]])[] = [
  [0, 0, [0.0281, 391, 0.0279, 0.664, 236, 0.0281, 0.305, 0.231, 0.045, 0.038]],
  [0, 0.5, [0.0266, 392, 0.026, 0.931, 141, 0.0266, 0.298, 0.198, 0.041, 0.033]],
  [0.05, 0, [0.158, 361, 0.156, 0.219, 305, 0.157, 0.692, 0.634, 0.388, 0.138]],
  [0.05, 0.5, [0.302, 335, 0.286, 0.367, 248, 0.301, 0.829, 0.769, 0.59, 0.19]],
  [0.1, 0, [0.566, 278, 0.555, 0.051, 263, 0.564, 0.954, 0.941, 0.871, 0.358]],
  [0.1, 0.5, [0.867, 196, 0.836, 0.059, 181, 0.865, 0.995, 0.993, 0.98, 0.52]],
  [0.2, 0, [0.998, 90, 0.996, 0.003, 90, 0.998, 1, 1, 1, 0.874]],
  [0.2, 0.5, [1, 60, 0.998, 0.002, 60, 1, 1, 1, 1, 0.965]],
  [0.3, 0, [1, 40, 1, 0, 40, 1, 1, 1, 1, 0.997]],
  [0.3, 0.5, [1, 32, 1, 0, 32, 1, 1, 1, 1, 1]],
];

/** 3.1: false promotion and power at e >= 20, beside tests that people peek at. */
export function effectTable({ runs, draw, tick }: Simulation): Table {
  const rows = EFFECTS.map(([d, rho, published]) => {
    const label = `d ${d.toFixed(2)}, rho ${String(rho)}`;
    const draws = draw(`effect ${label}`);
    const count = runs(d === 0 ? 20_000 : 5_000);
    const ran = repeated(count, () => crossingsOf(draws, { ...MODEL, d, rho }));
    tick(`3.1 ${label}`);
    const values = [
      shareOf(ran, ({ ours }) => ours <= maxPairs),
      mean(ran.map(({ ours }) => Math.min(ours, maxPairs))),
      shareOf(ran, ({ withFutility }) => withFutility.end === 'promoted'),
      shareOf(ran, ({ withFutility }) => withFutility.end === 'futile'),
      mean(ran.map(({ withFutility }) => withFutility.pairs)),
      shareOf(ran, ({ betaBinomial }) => betaBinomial <= maxPairs),
      shareOf(ran, ({ zTest }) => zTest <= maxPairs),
      shareOf(ran, ({ exactTest }) => exactTest <= maxPairs),
      shareOf(ran, ({ fixed }) => fixed.at400),
      shareOf(ran, ({ fixed }) => fixed.at100),
    ];
    return { label, cells: values.map((value, at) => cell(value, published[at])) };
  });
  return {
    id: '3.1',
    title: 'false promotion and power, e >= 20',
    runs: runs(20_000),
    columns: [
      'promoted',
      'pairs',
      'with futility',
      'futile',
      'pairs',
      'beta-binomial',
      'z peeked',
      'McNemar peeked',
      'McNemar at 400',
      'McNemar at 100',
    ],
    rows,
  };
}

/** 3.1: how often the 95 % confidence sequence ever misses within 400 pairs. */
export function coverageTable({ runs, draw, tick }: Simulation): Table {
  const cases: readonly (readonly [number, number, number])[] = [
    [0, 0, 0.0275],
    [0, 0.5, 0.029],
    [0.1, 0.5, 0.0286],
    [0.3, 0.5, 0.0339],
  ];
  const rows = cases.map(([d, rho, published]) => {
    const label = `d ${d.toFixed(2)}, rho ${String(rho)}`;
    const draws = draw(`coverage ${label}`);
    const missed = shareOf(
      repeated(runs(10_000), () => everMisses(draws, { ...MODEL, d, rho })),
      Boolean,
    );
    tick(`3.1 coverage ${label}`);
    return { label, cells: [cell(missed, published)] };
  });
  const title = 'the 95 % confidence sequence ever misses';
  return { id: '3.1', title, runs: runs(10_000), columns: ['ever misses'], rows };
}

/** By duality the sequence misses the true mean exactly where a test of that mean crosses 2 / .05. */
function everMisses(draw: Draw, model: PairedModel): boolean {
  let [above, below] = [emptyEProcess(), emptyEProcess()];
  for (let pairs = 1; pairs <= maxPairs; pairs += 1) {
    const difference = drawDifference(draw, model);
    above = addSuperiority(above, difference, model.d);
    below = addHarm(below, difference, model.d);
    if (hasReached(above, 40) || hasReached(below, 40)) return true;
  }
  return false;
}

/** 3.1: rewards that are 0 with chance z and else Beta(2, 1), the arms independent. */
export function sparseTable({ runs, draw, tick }: Simulation): Table {
  const cases: readonly (readonly [number, number, number?])[] = [
    [0.7, 0.0296],
    [0.6, 0.57, 277],
    [0.5, 0.993, 105],
    [0.4, 1, 52],
  ];
  const rows = cases.map(([candidateZero, share, pairs]) => {
    const label = `z .7 -> ${String(candidateZero)}`;
    const draws = draw(`sparse ${label}`);
    const ends = repeated(runs(5_000), () => sparseEnd(draws, candidateZero));
    tick(`3.1 sparse ${label}`);
    const promoted = shareOf(ends, (end) => end <= maxPairs);
    const counted = mean(ends.map((end) => Math.min(end, maxPairs)));
    return { label, cells: [cell(promoted, share), cell(counted, pairs)] };
  });
  const title = 'sparse rewards in [0, 1], e >= 20';
  return { id: '3.1', title, runs: runs(5_000), columns: ['promoted', 'pairs'], rows };
}

function sparseEnd(draw: Draw, candidateZero: number): number {
  // The square root of a uniform draw is Beta(2, 1).
  const reward = (zero: number): number => (draw() < zero ? 0 : Math.sqrt(draw()));
  let superiority = emptyEProcess();
  for (let pairs = 1; pairs <= maxPairs; pairs += 1) {
    superiority = addSuperiority(superiority, reward(candidateZero) - reward(0.7), 0);
    if (pairs >= minPairs && hasReached(superiority, 20)) return pairs;
  }
  return Infinity;
}

const THRESHOLDS = [20, 200, 1000] as const;
const LOOKS = [100, 200, 400, 800] as const;

/** d, then per threshold: crossed by 100, 200, 400, 800, and the median pair. */
const STRICT: readonly (readonly [number, readonly number[]])[] = [
  [0.1, [0.3, 0.54, 0.86, 0.99, 182, 0.08, 0.24, 0.61, 0.96, 341, 0.02, 0.12, 0.43, 0.9, 441]],
  [0.15, [0.59, 0.89, 1, 1, 82, 0.25, 0.66, 0.97, 1, 157, 0.13, 0.49, 0.94, 1, 205]],
  [0.2, [0.84, 0.99, 1, 1, 49, 0.56, 0.94, 1, 1, 92, 0.38, 0.87, 1, 1, 120]],
  [0.3, [1, 1, 1, 1, 27, 0.97, 1, 1, 1, 45, 0.92, 1, 1, 1, 58]],
];

/** 3.2: power at stricter thresholds. */
export function thresholdTable({ runs, draw, tick }: Simulation): Table {
  const rows = STRICT.map(([d, published]) => {
    const draws = draw(`threshold ${String(d)}`);
    const ran = repeated(runs(5_000), () => thresholdCrossings(draws, d));
    tick(`3.2 d ${String(d)}`);
    const values = THRESHOLDS.flatMap((_, at) => {
      const crossed = ran.map((run) => run[at] ?? Infinity);
      return [...LOOKS.map((look) => shareOf(crossed, (n) => n <= look)), median(crossed)];
    });
    const cells = values.map((value, at) => cell(value, published[at]));
    return { label: `d ${d.toFixed(2)}`, cells };
  });
  const columns = THRESHOLDS.flatMap((threshold) => [
    ...LOOKS.map((look) => `e${String(threshold)} by ${String(look)}`),
    'median',
  ]);
  const title = 'power at stricter thresholds, rho .5';
  return { id: '3.2', title, runs: runs(5_000), columns, rows };
}

function thresholdCrossings(draw: Draw, d: number): readonly number[] {
  let superiority = emptyEProcess();
  const crossed = THRESHOLDS.map(() => Infinity);
  for (let pairs = 1; pairs <= 800 && crossed.includes(Infinity); pairs += 1) {
    superiority = addSuperiority(superiority, drawDifference(draw, { ...MODEL, d }), 0);
    if (pairs < minPairs) continue;
    for (const [at, threshold] of THRESHOLDS.entries()) {
      if (hasReached(superiority, threshold)) crossed[at] = Math.min(crossed[at] ?? 0, pairs);
    }
  }
  return crossed;
}
