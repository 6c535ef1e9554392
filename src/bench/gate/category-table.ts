import {
  addCategories,
  categoriesThatGrew,
  logHomogeneity,
  SUCCESS_CATEGORY,
  type CategoryState,
} from '../../domain/gate/categories.js';
import { exceeds } from '../../domain/gate/eprocess.js';
import type { Draw } from '../../domain/gate/simulation.js';
import { repeated, shareOf, type Simulation } from './simulated.js';
import { cell, type Table } from './table.js';

const PAIRS = 400;

/** Chances of success and of five kinds of failure, of the baseline and of the candidate. */
const CASES: readonly (readonly [
  string,
  readonly number[],
  readonly number[],
  readonly (number | undefined)[],
])[] = [
  [
    'nothing changed',
    [0.5, 0.1, 0.1, 0.1, 0.1, 0.1],
    [0.5, 0.1, 0.1, 0.1, 0.1, 0.1],
    [0.024, 0.021],
  ],
  [
    'one kind .10 -> .20, success as before',
    [0.5, 0.1, 0.1, 0.1, 0.1, 0.1],
    [0.5, 0.2, 0.075, 0.075, 0.075, 0.075],
    [0.78, 0.73],
  ],
  [
    'one kind .10 -> .20, success +10',
    [0.5, 0.1, 0.1, 0.1, 0.1, 0.1],
    [0.6, 0.2, 0.05, 0.05, 0.05, 0.05],
    [0.78, 0.94],
  ],
  [
    'a rare kind .02 -> .08, success as before',
    [0.5, 0.02, 0.12, 0.12, 0.12, 0.12],
    [0.5, 0.08, 0.105, 0.105, 0.105, 0.105],
    [0.82, 0.75],
  ],
];

/** 3.6: the guard of five kinds of failure, and the test of homogeneity; the arms independent. */
export function categoryTable({ runs, draw, tick }: Simulation): Table {
  const rows = CASES.map(([label, before, after, published]) => {
    const draws = draw(`categories ${label}`);
    const ran = repeated(runs(1_000), () => categoryRun(draws, before, after));
    tick(`3.6 categories ${label}`);
    const cells = [
      cell(
        shareOf(ran, ({ grew }) => grew),
        published[0],
      ),
      cell(
        shareOf(ran, ({ shifted }) => shifted),
        published[1],
      ),
    ];
    return { label, cells };
  });
  const columns = ['a kind grew', 'homogeneity'];
  const title = 'five kinds of failure, 400 pairs';
  return { id: '3.6', title, runs: runs(1_000), columns, rows };
}

function categoryRun(
  draw: Draw,
  before: readonly number[],
  after: readonly number[],
): { readonly grew: boolean; readonly shifted: boolean } {
  let state: CategoryState = [];
  let [grew, shifted] = [false, false];
  for (let pair = 0; pair < PAIRS && !(grew && shifted); pair += 1) {
    state = addCategories(state, drawCategory(draw, before), drawCategory(draw, after));
    // Before all kinds have been seen the guard divides by fewer than it will.
    grew ||= state.length > before.length - 1 && categoriesThatGrew(state).length > 0;
    shifted ||= exceeds(logHomogeneity(state), 20);
  }
  return { grew, shifted };
}

function drawCategory(draw: Draw, chances: readonly number[]): string {
  let u = draw();
  const index = chances.findIndex((chance) => (u -= chance) < 0);
  return index === 0 ? SUCCESS_CATEGORY : `failure-${String(index)}`;
}
