/**
 * The error ledger: how much chance of a false promotion a candidate may use, so that over the life of
 * an agent the share of false promotions stays bounded however many candidates are tried.
 *
 * Rule e-LORD (e-GAI, ICML 2025; e-LOND, Xu & Ramdas 2024, is the case of fixed weights). Candidate j is tested at
 *
 *     alpha_j = min(cap, omega * (A - spent) * (R_j + 1)),     spent += alpha_j / (R_j + 1)
 *
 * with R_j the promotions counted when it starts. It needs E[e_j | past] <= 1 and nothing else: if j is
 * falsely promoted the final R is at least R_j + 1, so
 * FDR <= sum E[1{e_j >= 1/alpha_j} / (R_j + 1)] <= sum E[alpha_j / (R_j + 1)] <= A.
 */

export interface LedgerPolicy {
  readonly mode: 'e-lord' | 'single';
  /** A: the false discovery rate an epoch may have. */
  readonly falseDiscoveryRate: number;
  /** Share of what remains that the next candidate gets. */
  readonly omega: number;
  /** No promotion below e = 1 / cap; in mode `single` every candidate is tested at this level. */
  readonly cap: number;
  /** An epoch ends when it has seen this many candidates and is this old: the later of the two. */
  readonly epochCandidates: number;
  readonly epochMs: number;
}

/**
 * A = .10 is an owner's decision. omega = .05 had the best FDR and power of those tried in lives of 60
 * candidates (FDR .005, power .954 at +15 points in one of ten). The first threshold is e >= 200. Mode
 * `single` is for benches and tests: it gives no bound over a life.
 */
export const defaultLedgerPolicy: LedgerPolicy = {
  mode: 'e-lord',
  falseDiscoveryRate: 0.1,
  omega: 0.05,
  cap: 0.05,
  epochCandidates: 60,
  epochMs: 90 * 24 * 3_600_000,
};

export type ReservationState = 'open' | 'promoted' | 'not-promoted' | 'rolled-back';

export interface Reservation {
  readonly alpha: number;
  readonly epoch: number;
  readonly state: ReservationState;
}

export interface ErrorLedger {
  readonly policy: LedgerPolicy;
  readonly epoch: number;
  readonly openedAtMs: number;
  /** Sum of alpha_j / (R_j + 1) over the epoch; never more than A in mode `e-lord`. */
  readonly spent: number;
  /** R: promotions of this epoch that came through their canary and still stand. */
  readonly discoveries: number;
  /** Candidates reserved in this epoch. */
  readonly candidates: number;
  /** By candidate id: those of this epoch, and earlier ones that are still open. */
  readonly reservations: Readonly<Record<string, Reservation>>;
}

export function emptyLedger(
  openedAtMs: number,
  policy: LedgerPolicy = defaultLedgerPolicy,
): ErrorLedger {
  return {
    policy,
    epoch: 1,
    openedAtMs,
    spent: 0,
    discoveries: 0,
    candidates: 0,
    reservations: {},
  };
}

/** The level the next candidate would get; asking costs nothing, which the power check relies on. */
export function nextAlpha({ policy, spent, discoveries }: ErrorLedger): number {
  if (policy.mode === 'single') return policy.cap;
  const remaining = Math.max(0, policy.falseDiscoveryRate - spent);
  return Math.min(policy.cap, policy.omega * remaining * (discoveries + 1));
}

/**
 * Reserves a candidate's level before its first pair. A second call for the same candidate changes
 * nothing and answers the level it has. A candidate refused before its first pair is never reserved.
 */
export function reserve(
  ledger: ErrorLedger,
  candidateId: string,
): { readonly ledger: ErrorLedger; readonly alpha: number } {
  const held = reservationOf(ledger, candidateId);
  if (held !== undefined) return { ledger, alpha: held.alpha };
  const alpha = nextAlpha(ledger);
  return {
    alpha,
    ledger: {
      ...ledger,
      spent: ledger.spent + alpha / (ledger.discoveries + 1),
      candidates: ledger.candidates + 1,
      reservations: {
        ...ledger.reservations,
        [candidateId]: { alpha, epoch: ledger.epoch, state: 'open' },
      },
    },
  };
}

/**
 * Records how a reserved candidate ended, after its canary. Only a promotion counts as a discovery:
 * vetoed, aborted and not-shown candidates, and those a person forced, settle with `false`. Once settled, a
 * second call changes nothing; so does a call for a candidate that was never reserved. A promotion
 * from an earlier epoch does not enter the R of this one.
 */
export function settle(ledger: ErrorLedger, candidateId: string, promoted: boolean): ErrorLedger {
  const held = reservationOf(ledger, candidateId);
  if (held?.state !== 'open') return ledger;
  const counts = promoted && held.epoch === ledger.epoch;
  return {
    ...ledger,
    discoveries: ledger.discoveries + (counts ? 1 : 0),
    reservations: {
      ...ledger.reservations,
      [candidateId]: { ...held, state: promoted ? 'promoted' : 'not-promoted' },
    },
  };
}

/**
 * Takes a promotion that was rolled back out of R. Thresholds only get stricter, so the bound stands;
 * what the candidate spent stays spent.
 */
export function withdraw(ledger: ErrorLedger, candidateId: string): ErrorLedger {
  const held = reservationOf(ledger, candidateId);
  if (held?.state !== 'promoted') return ledger;
  const counted = held.epoch === ledger.epoch;
  return {
    ...ledger,
    discoveries: ledger.discoveries - (counted ? 1 : 0),
    reservations: { ...ledger.reservations, [candidateId]: { ...held, state: 'rolled-back' } },
  };
}

/**
 * Forgets the reservation of a candidate that is tested anew, so that its next evaluation gets a level of its
 * own: two tests at one level would be two chances. What it spent stays spent; a promotion leaves R.
 */
export function release(ledger: ErrorLedger, candidateId: string): ErrorLedger {
  const withdrawn = withdraw(ledger, candidateId);
  const others = Object.entries(withdrawn.reservations).filter(([id]) => id !== candidateId);
  return { ...withdrawn, reservations: Object.fromEntries(others) };
}

/**
 * Opens the next epoch when the present one has had its candidates and its days, else answers the
 * ledger unchanged. FDR <= A holds in each epoch. Open reservations keep the level they have.
 */
export function openEpochIfDue(ledger: ErrorLedger, nowMs: number): ErrorLedger {
  const { policy } = ledger;
  const isDue =
    ledger.candidates >= policy.epochCandidates && nowMs - ledger.openedAtMs >= policy.epochMs;
  if (!isDue) return ledger;
  const open = Object.entries(ledger.reservations).filter(([, held]) => held.state === 'open');
  return {
    ...emptyLedger(nowMs, policy),
    epoch: ledger.epoch + 1,
    reservations: Object.fromEntries(open),
  };
}

function reservationOf(ledger: ErrorLedger, candidateId: string): Reservation | undefined {
  return Object.hasOwn(ledger.reservations, candidateId)
    ? ledger.reservations[candidateId]
    : undefined;
}
