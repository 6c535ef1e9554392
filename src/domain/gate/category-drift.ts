/**
 * Whether live outcomes still fall into categories as they did: a Dirichlet-multinomial e-process
 * (Lindon & Malek, "Anytime-valid inference for multinomial count data", NeurIPS 2022).
 *
 *     E_n = prod_t [(kappa * theta_k + count_k(before t)) / (kappa + t - 1)] / theta_k,   k the category of t
 *
 * The predictive of a Dirichlet(kappa * theta) prior against the fixed theta, a product that needs no
 * lgamma. Where theta is an estimate from w outcomes, the error of estimating it is paid for as in the watch over a
 * promotion: theta_k in the denominator is then (w * theta_k + count_k) / (w + t - 1), the predictive of "nothing
 * changed" from before and since. With theta as it stands, 500 outcomes before and 500 after cross e = 20 in 18 %
 * where nothing changed; with the predictive in 4 %, a shift of 15 points being found some 15 outcomes later.
 *
 * It labels and pages, it never rolls back.
 */
export interface CategoryDrift {
  /** Reference share of each category; they sum to 1. */
  readonly theta: Readonly<Record<string, number>>;
  /** Outcomes that theta was estimated from; absent where it is known exactly. */
  readonly weight?: number;
  readonly counts: Readonly<Record<string, number>>;
  readonly n: number;
  readonly logE: number;
}

/** Weight of the reference in pseudo-outcomes: small shifts are found late, large ones at once. */
const KAPPA = 50;

/** Where outcomes of a category go that the reference never saw. */
export const UNSEEN_CATEGORY = '(unseen)';

/** Shares of reference counts with one added to each category and to the unseen, so that none is impossible. */
export function referenceShares(
  counts: Readonly<Record<string, number>>,
): Readonly<Record<string, number>> {
  const smoothed = Object.entries({ [UNSEEN_CATEGORY]: 0, ...counts }).map(
    ([name, count]) => [name, count + 1] as const,
  );
  const total = smoothed.reduce((sum, [, count]) => sum + count, 0);
  return Object.fromEntries(smoothed.map(([name, count]) => [name, count / total]));
}

export function emptyCategoryDrift(
  theta: Readonly<Record<string, number>>,
  weight?: number,
): CategoryDrift {
  return { theta, ...(weight === undefined ? {} : { weight }), counts: {}, n: 0, logE: 0 };
}

/** Adds the category of one live outcome; the order of outcomes never matters. */
export function addLiveCategory(state: CategoryDrift, category: string): CategoryDrift {
  const name = Object.hasOwn(state.theta, category) ? category : UNSEEN_CATEGORY;
  const theta = state.theta[name];
  if (theta === undefined) {
    throw new RangeError(
      `Category ${category} has no reference share, and none is set for unseen ones`,
    );
  }
  const count = Object.hasOwn(state.counts, name) ? (state.counts[name] ?? 0) : 0;
  const predicted = (KAPPA * theta + count) / (KAPPA + state.n);
  const { weight = Infinity } = state;
  const unchanged = weight === Infinity ? theta : (weight * theta + count) / (weight + state.n);
  return {
    ...state,
    counts: { ...state.counts, [name]: count + 1 },
    n: state.n + 1,
    logE: state.logE + Math.log(predicted / unchanged),
  };
}
