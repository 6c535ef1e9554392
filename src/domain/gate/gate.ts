import { addCategories, criticalCategoryThatGrew, shiftLabel } from './categories.js';
import type { CategoryState } from './categories.js';
import { effectInterval } from './confidence-sequence.js';
import type { EffectInterval } from './confidence-sequence.js';
import { addCost, emptyCost, isCostNotUp, isCostUp } from './cost.js';
import type { CostState } from './cost.js';
import { addHarm, addOutcome, addSuperiority, emptyEProcess, hasReached } from './eprocess.js';
import type { EProcess } from './eprocess.js';
import type { GatePolicy } from './gate-policy.js';
import type { GatePair } from './pair.js';
import { isUnderpowered } from './power.js';
import { OTHER_SLICE, PINNED_SLICE, noSlices, watchedSlices } from './slices.js';
import type { SlicePlan } from './slices.js';
import { addToTally, emptyTally } from './tally.js';
import type { Tally } from './tally.js';
import { addWorstCase, emptyWorstCase } from './worst-case.js';
import type { WorstCase } from './worst-case.js';

/** How a gate ended. Only `pass` leads on by itself; the others end there or wait for a person. */
export type GateDecision =
  | { readonly verdict: 'pass'; readonly reason: 'superior'; readonly effect: EffectInterval }
  /** `budget`: the effect was not shown, and failures moved from one kind to another. */
  | { readonly verdict: 'reject'; readonly reason: 'futile' | 'budget' }
  | { readonly verdict: 'reject'; readonly reason: 'slice-regression'; readonly slice: string }
  | {
      readonly verdict: 'reject';
      readonly reason: 'failure-category-grew';
      readonly category: string;
    }
  | { readonly verdict: 'reject'; readonly reason: 'cost-grew' }
  | {
      readonly verdict: 'inconclusive';
      readonly reason: 'budget' | 'missing-outcomes' | 'cost-not-shown';
    }
  | { readonly verdict: 'inconclusive'; readonly reason: 'slice-not-shown'; readonly slice: string }
  | { readonly verdict: 'hold'; readonly reason: 'underpowered' };

export type Verdict = GateDecision['verdict'];

/** The paired tests of one slice. `other` has them all, but only its harm guard decides. */
export interface SliceTests {
  readonly name: string;
  readonly isGated: boolean;
  /** sup(D, -sliceMargin): not worse by more than the margin. */
  readonly nonInferiority: EProcess;
  /** harm(D, 0): worse at all. */
  readonly harm: EProcess;
  readonly differences: Tally;
}

/**
 * A gate under way: plain JSON, so that a workflow can carry it and a replay derive it again.
 *
 * Two phases: `effect`, in which every pair counts, until superiority, futility or the budget; then
 * `slices`, in which slices that have not shown non-inferiority get pairs of their own, and a small pinned set
 * all of its pairs. `decision`, once
 * there, never changes: a decided gate takes no more pairs.
 */
export interface GateState {
  readonly policy: GatePolicy;
  readonly plan: SlicePlan;
  readonly phase: 'effect' | 'slices';
  /** Index the next pair must have in phase `effect`, and at least have in phase `slices`. */
  readonly nextIndex: number;
  readonly superiority: EProcess;
  readonly futility: EProcess;
  readonly differences: Tally;
  /** Effect pairs committed, void ones among them: what the budget counts. */
  readonly committed: number;
  readonly missing: EProcess;
  readonly voids: EProcess;
  readonly voidPairs: number;
  readonly slices: readonly SliceTests[];
  /** Cases of a small pinned set that have not run yet; nothing passes before they have. */
  readonly pinnedLeft: number;
  readonly categories: CategoryState;
  readonly cost: CostState;
  readonly worstCase: WorstCase;
  readonly decision?: GateDecision;
}

/**
 * The gate of one candidate before its first pair, slices fixed. Decided as `hold` at once where the
 * policy knows the A/A discordance and the pairs cannot show an effect of `dPlan`.
 */
export function emptyGate(policy: GatePolicy, plan: SlicePlan = noSlices): GateState {
  const { alpha, maxPairs, dPlan, discordance } = policy;
  const { pinnedGuard = 0 } = plan;
  const guarded = [
    ...(plan.hasOther ? [OTHER_SLICE] : []),
    ...(pinnedGuard > 0 ? [PINNED_SLICE] : []),
  ];
  const names = [...plan.gated, ...guarded];
  const state: GateState = {
    policy,
    plan,
    phase: 'effect',
    nextIndex: 0,
    superiority: emptyEProcess(),
    futility: emptyEProcess(),
    differences: emptyTally,
    committed: 0,
    missing: emptyEProcess(),
    voids: emptyEProcess(),
    voidPairs: 0,
    slices: names.map((name) => ({
      name,
      isGated: plan.gated.includes(name),
      nonInferiority: emptyEProcess(),
      harm: emptyEProcess(),
      differences: emptyTally,
    })),
    pinnedLeft: pinnedGuard,
    categories: [],
    cost: emptyCost,
    worstCase: emptyWorstCase,
  };
  const isHeld =
    discordance !== undefined && isUnderpowered({ alpha, maxPairs, dPlan, discordance });
  return isHeld ? { ...state, decision: { verdict: 'hold', reason: 'underpowered' } } : state;
}

/**
 * Commits the next pair and decides where that decides it.
 *
 * Pairs come in index order, without gap while the effect is tested: anything else is a RangeError,
 * since a gate fed by completion time promotes what finishes fast. In phase `slices` a pair counts for
 * the open slices it belongs to, or is passed over where it belongs to none. A pair drawn for one slice
 * (`topUpFor`) counts for that one alone, in either phase.
 */
export function addPair(state: GateState, pair: GatePair): GateState {
  if (state.decision !== undefined) return state;
  const isNext =
    state.phase === 'effect' ? pair.index === state.nextIndex : pair.index >= state.nextIndex;
  if (!isNext) {
    throw new RangeError(
      `Pair has index ${String(pair.index)}, expected ${String(state.nextIndex)}: commit in index order`,
    );
  }
  const isEffect = state.phase === 'effect' && pair.topUpFor === undefined;
  const counted = isEffect ? watchedSlices(state.plan, pair.slices) : topUpSlices(state, pair);
  const next: GateState = {
    ...state,
    nextIndex: pair.index + 1,
    pinnedLeft: Math.max(0, state.pinnedLeft - (pair.topUpFor === PINNED_SLICE ? 1 : 0)),
    committed: state.committed + (isEffect ? 1 : 0),
  };
  if (!isEffect && counted.length === 0) return next;
  const observed = addSliceOutcome(addMissing(next, pair), pair, counted);
  return settleGate(isEffect ? addEffect(observed, pair) : observed);
}

/** The decision, or undefined while the gate needs more pairs. */
export function decideGate(state: GateState): GateDecision | undefined {
  return state.decision;
}

/**
 * The decision where no more pairs can be had. Evidence that has not come is never taken for evidence:
 * an open effect is `budget`, an open slice `slice-not-shown`. Only evidence against a candidate decides.
 */
export function concludeGate(state: GateState): GateDecision {
  if (state.decision !== undefined) return state.decision;
  const open = sliceNeeds(state)[0];
  return open !== undefined
    ? { verdict: 'inconclusive', reason: 'slice-not-shown', slice: open.slice }
    : outOfPairs(state);
}

/** What the gate wants next; undefined once it has decided. */
export function nextNeed(
  state: GateState,
): 'any pair' | { readonly slice: string; readonly atMost: number } | undefined {
  if (state.decision !== undefined) return undefined;
  if (state.phase === 'effect') return 'any pair';
  return sliceNeeds(state)[0];
}

/** The slices that wait for top-up pairs, with how many each may still get; empty in phase `effect`. */
export function sliceNeeds(
  state: GateState,
): readonly { readonly slice: string; readonly atMost: number }[] {
  if (state.decision !== undefined || state.phase === 'effect') return [];
  const open = openSlices(state).map(({ name, harm }) => ({
    slice: name,
    atMost: state.policy.sliceCap - harm.n,
  }));
  const { pinnedLeft } = state;
  return pinnedLeft > 0 ? [...open, { slice: PINNED_SLICE, atMost: pinnedLeft }] : open;
}

/** Whether superiority has been shown, whatever came of the slices after it. */
export function isSuperior(state: GateState): boolean {
  return state.phase === 'slices';
}

function openSlices(state: GateState): readonly SliceTests[] {
  return state.slices.filter((slice) => slice.isGated && !isNonInferior(slice, state.policy));
}

/**
 * Non-inferiority of a slice at its own level: all slices must show it, so that no level is divided
 * (intersection-union, Berger, "Multiparameter hypothesis testing and acceptance sampling", Technometrics 1982).
 */
export function isNonInferior(slice: SliceTests, policy: GatePolicy): boolean {
  return hasReached(slice.nonInferiority, 1 / policy.sliceLevel);
}

/** The harm guard of one of S slices: any may fire, so each is tested at level / S (Bonferroni; no order, no dependence assumed). */
export function isHarmed(slice: SliceTests, policy: GatePolicy, sliceCount: number): boolean {
  return (
    slice.harm.n >= policy.minHarmPairs && hasReached(slice.harm, sliceCount / policy.harmLevel)
  );
}

function topUpSlices(state: GateState, pair: GatePair): readonly string[] {
  if (pair.topUpFor !== undefined) return [pair.topUpFor];
  const open = openSlices(state).map(({ name }) => name);
  return watchedSlices(state.plan, pair.slices).filter((name) => open.includes(name));
}

/** Missingness: the candidate's outcomes must not go missing more often, nor pairs be void more than by chance. */
function addMissing(state: GateState, { outcome }: GatePair): GateState {
  const candidate = outcome.missing.includes('candidate') ? 1 : 0;
  const baseline = outcome.missing.includes('baseline') ? 1 : 0;
  const isVoid = outcome.kind === 'void';
  return {
    ...state,
    missing: addSuperiority(state.missing, candidate - baseline, 0),
    voids: addOutcome(state.voids, isVoid ? 1 : 0, state.policy.voidShare),
    voidPairs: state.voidPairs + (isVoid ? 1 : 0),
  };
}

function addEffect(before: GateState, { outcome, cost }: GatePair): GateState {
  const state = { ...before, worstCase: addWorstCase(before.worstCase, outcome, before.policy) };
  if (outcome.kind === 'void') return state;
  const difference = outcome.candidate - outcome.baseline;
  return {
    ...state,
    cost: cost === undefined ? state.cost : addCost(state.cost, cost, state.policy),
    superiority: addSuperiority(state.superiority, difference, state.policy.m0),
    futility: addHarm(state.futility, difference, state.policy.deltaMin),
    differences: addToTally(state.differences, difference),
  };
}

function addSliceOutcome(
  state: GateState,
  { outcome, baselineCategory, candidateCategory }: GatePair,
  counted: readonly string[],
): GateState {
  if (outcome.kind === 'void') return state;
  const difference = outcome.candidate - outcome.baseline;
  const margin = -state.policy.sliceMargin;
  return {
    ...state,
    slices: state.slices.map((slice) =>
      counted.includes(slice.name)
        ? {
            ...slice,
            nonInferiority: addSuperiority(slice.nonInferiority, difference, margin),
            harm: addHarm(slice.harm, difference, 0),
            differences: addToTally(slice.differences, difference),
          }
        : slice,
    ),
    categories:
      baselineCategory === undefined || candidateCategory === undefined
        ? state.categories
        : addCategories(state.categories, baselineCategory, candidateCategory),
  };
}

/** Guards first, whatever the score; then the effect; then the slices. */
function settleGate(state: GateState): GateState {
  const guard = guardDecision(state);
  if (guard !== undefined) return { ...state, decision: guard };
  if (state.phase === 'slices') return settleSlices(state);

  const { policy, superiority, futility } = state;
  if (superiority.n >= policy.minPairs) {
    if (policy.costBlocks && isCostUp(state.cost, policy)) {
      return { ...state, decision: { verdict: 'reject', reason: 'cost-grew' } };
    }
    // Both at one look: evidence of a gain goes on counting while that of the cost is waited for.
    if (hasReached(superiority, 1 / policy.alpha) && isCostSettled(state)) {
      return settleSlices({ ...state, phase: 'slices' });
    }
    if (hasReached(futility, 1 / policy.futilityLevel)) {
      return { ...state, decision: { verdict: 'reject', reason: 'futile' } };
    }
  }
  return state.committed >= policy.maxPairs ? { ...state, decision: outOfPairs(state) } : state;
}

function isCostSettled({ cost, policy }: GateState): boolean {
  return !policy.costBlocks || isCostNotUp(cost, policy);
}

/**
 * What an effect is where pairs end: not shown, or shown at a cost that is not. Not shown by a candidate that only
 * moved its failures it is rejected, by another one it waits.
 */
function outOfPairs(state: GateState): GateDecision {
  const { superiority, policy } = state;
  const isShown = superiority.n >= policy.minPairs && hasReached(superiority, 1 / policy.alpha);
  if (isShown && !isCostSettled(state))
    return { verdict: 'inconclusive', reason: 'cost-not-shown' };
  const label = shiftLabel(state.categories, false, policy.criticalCategories);
  return { verdict: label === 'shifted-only' ? 'reject' : 'inconclusive', reason: 'budget' };
}

function guardDecision(state: GateState): GateDecision | undefined {
  const { policy, slices } = state;
  const harmed = slices.find((slice) => isHarmed(slice, policy, slices.length));
  if (harmed !== undefined) {
    return { verdict: 'reject', reason: 'slice-regression', slice: harmed.name };
  }
  const category = criticalCategoryThatGrew(
    state.categories,
    policy.criticalCategories,
    policy.categoryLevel,
  );
  if (category !== undefined) {
    return { verdict: 'reject', reason: 'failure-category-grew', category };
  }
  const isLosingOutcomes = [state.missing, state.voids].some((process) =>
    hasReached(process, 1 / policy.missingLevel),
  );
  return isLosingOutcomes ? { verdict: 'inconclusive', reason: 'missing-outcomes' } : undefined;
}

function settleSlices(state: GateState): GateState {
  const open = openSlices(state);
  const exhausted = open.find(({ harm }) => harm.n >= state.policy.sliceCap);
  if (exhausted !== undefined) {
    return {
      ...state,
      decision: { verdict: 'inconclusive', reason: 'slice-not-shown', slice: exhausted.name },
    };
  }
  if (open.length > 0 || state.pinnedLeft > 0) return state;
  const effect = effectInterval(state.differences);
  return { ...state, decision: { verdict: 'pass', reason: 'superior', effect } };
}
