/** What is known before the first pair is run. */
export interface PowerQuestion {
  /** Level the candidate would be tested at. */
  readonly alpha: number;
  /** Pairs that can be had: the policy's cap, and what the learning budget pays for. */
  readonly maxPairs: number;
  /** Smallest effect worth a gate. */
  readonly dPlan: number;
  /** Share of tasks on which the baseline differs from itself, from the A/A job. */
  readonly discordance: number;
}

/**
 * Pairs that superiority at effect `dPlan` takes in the mean, roughly.
 *
 * With q the expected share of discordant pairs, a and b those won and lost, the wealth of a gambler who
 * stakes c = d / q (the Kelly fraction of a tie-or-coin game) grows by g = a ln(1+c) + b ln(1-c) a pair;
 * Wald's approximation of the time to ln(1/alpha), one nat added for the price of the mixture.
 * q is at least dPlan, or the losing share b would be negative where A/A never differs.
 */
export function expectedPairs({
  alpha,
  dPlan,
  discordance,
}: Omit<PowerQuestion, 'maxPairs'>): number {
  const q = Math.max(dPlan, discordance + dPlan / 2);
  const won = (q + dPlan) / 2;
  const lost = (q - dPlan) / 2;
  const stake = Math.min(0.9, dPlan / q);
  const growth = won * Math.log(1 + stake) + lost * Math.log(1 - stake);
  return (Math.log(1 / alpha) + 1) / growth;
}

/** Whether a candidate should be held rather than tested: no wealth is spent on a test that cannot end. */
export function isUnderpowered(question: PowerQuestion): boolean {
  return expectedPairs(question) > question.maxPairs;
}
