import { defaultLedgerPolicy, type LedgerPolicy } from '../../domain/gate/ledger.js';
import { runLife, type LifeRun } from '../../domain/gate/simulation.js';
import { mean, repeated, shareOf, type Simulation } from './simulated.js';
import { cell, type Table } from './table.js';

const CANDIDATES = 60;

const constant = (cap: number): LedgerPolicy => ({ ...defaultLedgerPolicy, mode: 'single', cap });
const eLord = (omega: number): LedgerPolicy => ({ ...defaultLedgerPolicy, omega });

/** Share of good candidates, their effect, the rule, then FDR, power, false promotions a life, P(any), pairs. */
const LIVES: readonly (readonly [number, number, string, LedgerPolicy, readonly number[]])[] = [
  [0, 0.15, 'constant .05', constant(0.05), [0.605, NaN, 0.93, 0.605, 107]],
  [0, 0.15, 'e-LORD .05', eLord(0.05), [0.027, NaN, 0.03, 0.027, 111]],
  [0.1, 0.15, 'constant .05', constant(0.05), [0.128, 0.987, 0.84, 0.58, 108]],
  [0.1, 0.15, 'constant .01', constant(0.01), [0.02, 0.974, 0.12, 0.11, 115]],
  [0.1, 0.15, 'e-LORD .05', eLord(0.05), [0.005, 0.954, 0.04, 0.04, 119]],
  [0.1, 0.15, 'e-LORD .1', eLord(0.1), [0.004, 0.92, 0.04, 0.04, 121]],
  [0.1, 0.15, 'e-LORD .2', eLord(0.2), [0.004, 0.754, 0.04, 0.04, 127]],
  [0.3, 0.15, 'constant .05', constant(0.05), [0.036, 0.986, 0.66, 0.48, 106]],
  [0.3, 0.15, 'e-LORD .05', eLord(0.05), [0.006, 0.97, 0.11, 0.1, 123]],
  [0.3, 0.2, 'e-LORD .05', eLord(0.05), [0.006, 0.997, 0.11, 0.1, 105]],
  [0.1, 0.1, 'constant .05', constant(0.05), [0.147, 0.814, 0.85, 0.57, 115]],
  [0.1, 0.1, 'e-LORD .05', eLord(0.05), [0.009, 0.5, 0.04, 0.04, 129]],
  [0.3, 0.1, 'e-LORD .05', eLord(0.05), [0.006, 0.607, 0.07, 0.07, 160]],
];

/** 3.3: lives of sixty candidates, what is not good being half 0 and half -5 points. */
export function lifeTable({ runs, draw, tick }: Simulation): Table {
  const rows = LIVES.map(([shareGood, effect, rule, policy, published]) => {
    const label = `good ${String(shareGood)}, +${String(Math.round(100 * effect))}, ${rule}`;
    const draws = draw(`life ${label}`);
    const options = { candidates: CANDIDATES, shareGood, effect, policy };
    const lives = repeated(runs(1_000), () => runLife(draws, options));
    tick(`3.3 ${label}`);
    return { label, cells: measured(lives).map((value, at) => cell(value, published[at])) };
  });
  return {
    id: '3.3',
    title: 'lives of 60 candidates, rho .5, futility on',
    runs: runs(1_000),
    columns: ['FDR', 'power', 'false a life', 'P(any false)', 'pairs a candidate'],
    rows,
  };
}

function measured(lives: readonly LifeRun[]): readonly number[] {
  const total = (of: (life: LifeRun) => number): number => mean(lives.map(of)) * lives.length;
  const falseShare = ({ falsePromotions, truePromotions }: LifeRun): number =>
    falsePromotions / Math.max(1, falsePromotions + truePromotions);
  return [
    mean(lives.map(falseShare)),
    total(({ truePromotions }) => truePromotions) / total(({ good }) => good),
    mean(lives.map(({ falsePromotions }) => falsePromotions)),
    shareOf(lives, ({ falsePromotions }) => falsePromotions > 0),
    mean(lives.map(({ pairs, candidates }) => pairs / candidates)),
  ];
}
