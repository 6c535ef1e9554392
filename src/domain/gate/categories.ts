import { addHarm, addSuperiority, emptyEProcess, exceeds, hasReached, logE } from './eprocess.js';
import type { EProcess } from './eprocess.js';

/** The category of an outcome that is no failure. */
export const SUCCESS_CATEGORY = 'ok';

/** Level at which a category counts as grown, before division by the number of categories: e >= K / .05. */
export const CATEGORY_LEVEL = 0.05;

/** Level of the homogeneity test: e >= 20. */
const HOMOGENEITY_LEVEL = 0.05;

/** One outcome category in both arms of the pairs, with the tests of D^k = 1{candidate in k} - 1{baseline in k}. */
export interface CategoryCounts {
  readonly name: string;
  readonly baseline: number;
  readonly candidate: number;
  /** sup(D^k, 0): the category grew. */
  readonly grew: EProcess;
  /** harm(D^k, 0): it shrank. */
  readonly shrank: EProcess;
}

/**
 * Categories in order of first appearance. One that has not appeared had ties so far, whose factor is 1,
 * so it may enter late with E = 1.
 */
export type CategoryState = readonly CategoryCounts[];

/** Adds the categories of one pair. Only the two that the arms fell into can change: elsewhere it is a tie. */
export function addCategories(
  state: CategoryState,
  baseline: string,
  candidate: string,
): CategoryState {
  const known = [baseline, candidate].reduce(withCategory, state);
  return known.map((category) => {
    const inBaseline = category.name === baseline ? 1 : 0;
    const inCandidate = category.name === candidate ? 1 : 0;
    if (inBaseline + inCandidate === 0) return category;
    return {
      name: category.name,
      baseline: category.baseline + inBaseline,
      candidate: category.candidate + inCandidate,
      grew: addSuperiority(category.grew, inCandidate - inBaseline, 0),
      shrank: addHarm(category.shrank, inCandidate - inBaseline, 0),
    };
  });
}

function withCategory(state: CategoryState, name: string): CategoryState {
  if (state.some((category) => category.name === name)) return state;
  const entry = {
    name,
    baseline: 0,
    candidate: 0,
    grew: emptyEProcess(),
    shrank: emptyEProcess(),
  };
  return [...state, entry];
}

/** The kinds of failure seen; success is none. */
export function failureCategories(state: CategoryState): readonly CategoryCounts[] {
  return state.filter(({ name }) => name !== SUCCESS_CATEGORY);
}

/**
 * The first critical category that grew, at level / Kc each: a gate that rejects for any of Kc tests
 * divides by Kc to keep the chance of a false block at the level.
 */
export function criticalCategoryThatGrew(
  state: CategoryState,
  critical: readonly string[],
  level: number = CATEGORY_LEVEL,
): string | undefined {
  const threshold = critical.length / level;
  return state.find(({ name, grew }) => critical.includes(name) && hasReached(grew, threshold))
    ?.name;
}

/** Every failure category that grew, at level / K each with K the kinds of failure seen. */
export function categoriesThatGrew(
  state: CategoryState,
  level: number = CATEGORY_LEVEL,
): readonly string[] {
  const failures = failureCategories(state);
  const threshold = failures.length / level;
  return failures.filter(({ grew }) => hasReached(grew, threshold)).map(({ name }) => name);
}

/**
 * ln E of "the candidate's outcomes fall into the same categories as the baseline's": a sequential
 * Stuart-Maxwell test of marginal homogeneity. It is the arithmetic mean of the one-sided e-values of all
 * K + 1 categories, and a mean of e-values is one under any dependence (Vovk & Wang, "E-values:
 * calibration, combination and applications", Annals of Statistics 2021).
 */
export function logHomogeneity(state: CategoryState): number {
  if (state.length === 0) return 0;
  const values = state.flatMap(({ grew, shrank }) => [logE(grew), logE(shrank)]);
  const largest = Math.max(...values);
  const sum = values.reduce((total, value) => total + Math.exp(value - largest), 0);
  return largest + Math.log(sum / values.length);
}

/** Whether a candidate improved, improved while its errors moved elsewhere, or only moved them. */
export type ShiftLabel = 'improved' | 'improved-shifted' | 'shifted-only';

/**
 * Labels a candidate by its effect and its categories; undefined where neither moved, or where a
 * critical category grew, which no label excuses. What moved into success is not `shifted-only`, though the
 * effect is not shown at its level.
 */
export function shiftLabel(
  state: CategoryState,
  isSuperior: boolean,
  critical: readonly string[],
): ShiftLabel | undefined {
  if (criticalCategoryThatGrew(state, critical) !== undefined) return undefined;
  if (isSuperior) return categoriesThatGrew(state).length > 0 ? 'improved-shifted' : 'improved';
  const hasMoved = exceeds(logHomogeneity(state), 1 / HOMOGENEITY_LEVEL);
  return hasMoved && !hasSuccessGrown(state) ? 'shifted-only' : undefined;
}

/** Where the move is one into success, an effect short of its level is all there is to say. */
function hasSuccessGrown(state: CategoryState): boolean {
  const success = state.find(({ name }) => name === SUCCESS_CATEGORY);
  return success !== undefined && hasReached(success.grew, 1 / HOMOGENEITY_LEVEL);
}
