import { failureCategories, categoriesThatGrew, shiftLabel } from './categories.js';
import type { ShiftLabel } from './categories.js';
import { effectInterval } from './confidence-sequence.js';
import { summarizeCost } from './cost.js';
import type { CostSummary } from './cost.js';
import { logE } from './eprocess.js';
import { isHarmed, isNonInferior, isSuperior } from './gate.js';
import type { GateDecision, GateState, SliceTests, Verdict } from './gate.js';
import { summarizeWorstCase } from './worst-case.js';
import type { WorstCaseSummary } from './worst-case.js';

export interface SliceSummary {
  readonly name: string;
  /** Pairs with the top-up. */
  readonly n: number;
  readonly mean: number;
  readonly lower: number;
  readonly upper: number;
  readonly verdict: 'non-inferior' | 'not-shown' | 'harm';
}

export interface CategorySummary {
  readonly name: string;
  readonly baseline: number;
  readonly candidate: number;
  /** ln E of growth. */
  readonly logE: number;
  readonly critical: boolean;
  readonly grew: boolean;
}

/** What `gate evaluate` prints: the whole evidence behind one decision. Bounds are at 95 %, whatever alpha is. */
export interface GateSummary {
  readonly verdict: Verdict;
  readonly reason: string;
  /** Observed pairs of the effect test where it stopped, without top-up. */
  readonly n: number;
  readonly effect: { readonly mean: number; readonly lower: number; readonly upper: number };
  readonly logE: number;
  /** ln(1 / alpha). */
  readonly threshold: number;
  readonly slices: readonly SliceSummary[];
  readonly categories: readonly CategorySummary[];
  readonly label: ShiftLabel | null;
}

/** Summarises a gate and its decision, which is `decideGate` or, where pairs ran out, `concludeGate`. */
export function summarizeGate(state: GateState, decision: GateDecision): GateSummary {
  const { mean, lower, upper } = effectInterval(state.differences);
  const grown = categoriesThatGrew(state.categories, state.policy.categoryLevel);
  return {
    verdict: decision.verdict,
    reason: reasonText(decision),
    n: state.superiority.n,
    effect: { mean, lower, upper },
    logE: logE(state.superiority),
    threshold: Math.log(1 / state.policy.alpha),
    slices: state.slices.map((slice) => summarizeSlice(slice, state)),
    categories: failureCategories(state.categories).map((category) => ({
      name: category.name,
      baseline: category.baseline,
      candidate: category.candidate,
      logE: logE(category.grew),
      critical: state.policy.criticalCategories.includes(category.name),
      grew: grown.includes(category.name),
    })),
    label: shiftLabel(state.categories, isSuperior(state), state.policy.criticalCategories) ?? null,
  };
}

/** A summary with what a person is told beside the verdict: the cost, and the effect with missing outcomes at their worst. */
export interface GateReport extends GateSummary {
  readonly cost: CostSummary | null;
  readonly worstCase: WorstCaseSummary;
}

export function reportGate(state: GateState, decision: GateDecision): GateReport {
  return {
    ...summarizeGate(state, decision),
    cost: summarizeCost(state.cost, state.policy),
    worstCase: summarizeWorstCase(state.worstCase, state.policy),
  };
}

/** The reason in one text: a slice or category is named after a colon. */
export function reasonText(decision: GateDecision): string {
  switch (decision.reason) {
    case 'slice-regression':
    case 'slice-not-shown':
      return `${decision.reason}: ${decision.slice}`;
    case 'failure-category-grew':
      return `${decision.reason}: ${decision.category}`;
    default:
      return decision.reason;
  }
}

function summarizeSlice(slice: SliceTests, { policy, slices }: GateState): SliceSummary {
  const { mean, lower, upper, n } = effectInterval(slice.differences);
  const held = isNonInferior(slice, policy) ? 'non-inferior' : 'not-shown';
  const verdict = isHarmed(slice, policy, slices.length) ? 'harm' : held;
  return { name: slice.name, n, mean, lower, upper, verdict };
}
