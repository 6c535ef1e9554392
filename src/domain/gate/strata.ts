import { stratumOf } from './live-outcome.js';
import type { LiveOutcome } from './live-outcome.js';
import { referenceRate } from './monitor.js';
import type { FailureCounts } from './monitor.js';

/** One stratum: what it did before the promotion, and since. A stratum is a combination of slice values. */
export interface Stratum {
  readonly reference: FailureCounts;
  readonly live: FailureCounts;
}

/** Strata by name, see `stratumOf`. */
export type Strata = Readonly<Record<string, Stratum>>;

export const NOTHING: FailureCounts = { n: 0, failures: 0 };

function stratum(strata: Strata, name: string): Stratum {
  const known = Object.hasOwn(strata, name) ? strata[name] : undefined;
  return known ?? { reference: NOTHING, live: NOTHING };
}

function plus({ n, failures }: FailureCounts, success: number): FailureCounts {
  return { n: n + 1, failures: failures + 1 - success };
}

/** Strata with what is known of them before a promotion. */
export function referenceStrata(
  counts: readonly (FailureCounts & { readonly slices: Readonly<Record<string, string>> })[],
): Strata {
  return Object.fromEntries(
    counts.map(({ slices, n, failures }) => [
      stratumOf(slices),
      { reference: { n, failures }, live: NOTHING },
    ]),
  );
}

/** Counts an outcome from before the promotion. */
export function addReferenceOutcome(strata: Strata, { success, slices }: LiveOutcome): Strata {
  const name = stratumOf(slices);
  const { reference, live } = stratum(strata, name);
  return { ...strata, [name]: { reference: plus(reference, success), live } };
}

/** Counts an outcome from after the promotion; `name` is that of its stratum where it is known already. */
export function addStratumOutcome(
  strata: Strata,
  { success, slices }: LiveOutcome,
  name = stratumOf(slices),
): Strata {
  const { reference, live } = stratum(strata, name);
  return { ...strata, [name]: { reference, live: plus(live, success) } };
}

/** Strata that can be compared with their own past. */
export function strataWithReference(strata: Strata, minReference: number): readonly string[] {
  return Object.entries(strata)
    .filter(([, { reference }]) => reference.n >= minReference)
    .map(([name]) => name);
}

/** Outcomes of a stratum, before the promotion and since. */
export function knownOf(strata: Strata, name: string): number {
  const { reference, live } = stratum(strata, name);
  return reference.n + live.n;
}

/** The failure rate expected of the next outcome where all strata are taken as one. */
export function pooledRate(strata: Strata): number {
  const { n, failures } = Object.values(strata).reduce(
    (total, { reference, live }) => ({
      n: total.n + reference.n + live.n,
      failures: total.failures + reference.failures + live.failures,
    }),
    NOTHING,
  );
  return (failures + 0.5) / (n + 1);
}

/** Failures of all strata before the promotion. */
export function referenceTotal(strata: Strata): FailureCounts {
  return Object.values(strata).reduce(
    (total, { reference }) => ({
      n: total.n + reference.n,
      failures: total.failures + reference.failures,
    }),
    NOTHING,
  );
}

/**
 * The failure rate expected of the next outcome of a stratum if nothing changed in it: the
 * Beta(1/2, 1/2) predictive (Krichevsky & Trofimov 1981) of its outcomes before and since.
 *
 * A bet against it has mean one given the past, averaged over the prior, so the error of estimating the
 * reference is paid for inside: neither slack nor a least number of reference tasks is needed.
 */
export function predictiveRate(strata: Strata, name: string): number {
  const { reference, live } = stratum(strata, name);
  return (reference.failures + live.failures + 0.5) / (reference.n + live.n + 1);
}

/**
 * The failure rate of a stratum before the promotion, with slack: what a rollback would bring back. Half a
 * failure of two outcomes is added (Krichevsky & Trofimov), so that a stratum without any says little.
 */
export function previousRate(strata: Strata, name: string, slack: number): number {
  const { n, failures } = stratum(strata, name).reference;
  return referenceRate({ n: n + 1, failures: failures + 0.5 }, slack);
}
