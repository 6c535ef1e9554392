/** Draws of one propensity, and how many of them were held out. */
export interface DrawTally {
  readonly propensity: number;
  readonly draws: number;
  readonly heldOut: number;
}

/** A deviation this large comes by chance in one look of some 16,000. */
const LIMIT = 4;

/**
 * The A/A check of hold-out: whether as many tasks went without their lessons as were drawn to. In
 * standard deviations; null where there is nothing to tell from. Beyond four either the draws are not what
 * they are said to be, or tasks with one arm get lost, and no comparison of the arms can be trusted.
 */
export function sampleRatio(
  tallies: readonly DrawTally[],
): { readonly deviations: number; readonly isBroken: boolean } | null {
  const variance = tallies.reduce(
    (sum, { propensity, draws }) => sum + draws * propensity * (1 - propensity),
    0,
  );
  if (variance < 1) return null;
  const surplus = tallies.reduce(
    (sum, { propensity, draws, heldOut }) => sum + heldOut - draws * propensity,
    0,
  );
  const deviations = surplus / Math.sqrt(variance);
  return { deviations, isBroken: Math.abs(deviations) > LIMIT };
}
