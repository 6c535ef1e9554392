/** Every number the gate decides by. Levels are error probabilities; a level of .05 is a threshold of e >= 20. */
export interface GatePolicy {
  /** Level of this candidate, from the error ledger. */
  readonly alpha: number;
  /** Observed pairs before the effect may decide; keeps a lucky streak from promoting. */
  readonly minPairs: number;
  /** Committed pairs, void ones among them, after which the effect test ends. */
  readonly maxPairs: number;
  /** Bound on the bias of the judge that the effect must exceed. */
  readonly m0: number;
  /** Effect below which a candidate is not worth having: the futility test. */
  readonly deltaMin: number;
  readonly futilityLevel: number;
  /** Smallest effect the power check plans for. */
  readonly dPlan: number;
  /** A/A discordance; without it no power check is made. */
  readonly discordance?: number;
  /** Slice keys to partition by; every key found where it is absent. */
  readonly sliceKeys?: readonly string[];
  /** Share of the pool from which a slice is gated without being critical. */
  readonly minSliceShare: number;
  readonly maxSlices: number;
  /** delta_s: the loss in a slice that non-inferiority rules out. */
  readonly sliceMargin: number;
  readonly sliceLevel: number;
  /** Pairs of a slice after which non-inferiority counts as not shown. */
  readonly sliceCap: number;
  /** Family-wise level of the harm guard, divided by the number of slices. */
  readonly harmLevel: number;
  readonly minHarmPairs: number;
  readonly criticalSlices: readonly string[];
  /** Level of the failure-category guard, divided by the number of critical categories. */
  readonly categoryLevel: number;
  readonly criticalCategories: readonly string[];
  readonly missingLevel: number;
  /** Share of void pairs that is still taken for chance. */
  readonly voidShare: number;
  /** Share by which cost may be up and still count as not up. */
  readonly costMargin: number;
  readonly costLevel: number;
  /** Whether a candidate must show that its cost is not up; else it is told, and decides nothing. */
  readonly costBlocks: boolean;
}

/**
 * - alpha .05: the single level; with an error ledger its own, stricter one takes its place.
 * - 20 and 400 pairs: 20 stops lucky streaks, 400 resolves +10 points in 61 to 87 % of cases.
 * - deltaMin .10 at level .10: a candidate that changes nothing costs 141 to 236 pairs, not 392, for at
 *   most 3 points of power at +10.
 * - dPlan .15: the smallest effect worth a gate.
 * - sliceMargin .15 at level .10, cap 100: at +10 points 99 % pass, at -20 2 %. A margin of .10 would pass
 *   93 % at +10 and 45 % of candidates that change nothing in the slice.
 * - 8 slices of 5 %: each needs its own evidence, and small ones cannot give it within the cap.
 * - harmLevel .10 from 10 pairs: 10 % false blocks at most over all slices, 2.9 % measured.
 * - costMargin .10 at level .10: that of a slice; 45 pairs show it where no cost changes.
 * - categoryLevel .05: 2.4 % measured. missingLevel .05: e >= 20, like every other single test.
 */
export const defaultGatePolicy: GatePolicy = {
  alpha: 0.05,
  minPairs: 20,
  maxPairs: 400,
  m0: 0,
  deltaMin: 0.1,
  futilityLevel: 0.1,
  dPlan: 0.15,
  minSliceShare: 0.05,
  maxSlices: 8,
  sliceMargin: 0.15,
  sliceLevel: 0.1,
  sliceCap: 100,
  harmLevel: 0.1,
  minHarmPairs: 10,
  criticalSlices: [],
  categoryLevel: 0.05,
  criticalCategories: [],
  missingLevel: 0.05,
  voidShare: 0.2,
  costMargin: 0.1,
  costLevel: 0.1,
  costBlocks: false,
};

/**
 * The defaults with some values replaced. A judge margin m0 raises deltaMin to m0 + .10 and tightens the
 * slice margin by m0, unless these are given: a slice must not lose what the judge may have hidden.
 */
export function gatePolicy(overrides: Partial<GatePolicy> = {}): GatePolicy {
  const m0 = overrides.m0 ?? defaultGatePolicy.m0;
  return {
    ...defaultGatePolicy,
    deltaMin: m0 + defaultGatePolicy.deltaMin,
    sliceMargin: defaultGatePolicy.sliceMargin - m0,
    ...overrides,
  };
}
