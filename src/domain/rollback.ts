import type { CandidateId } from './ids.js';

/** A promotion that the active version is made of. */
export interface StandingPromotion {
  readonly id: CandidateId;
  readonly state: 'probation' | 'promoted';
}

/** What a rollback takes back. */
export interface Retreat<T extends StandingPromotion> {
  /** Every promotion that leaves service, newest first: the requested one and all that came after. */
  readonly undone: readonly T[];
  /** The lineage that is taken to have done it. */
  readonly quarantined: T;
  /** What came after the last known-good version besides: evaluated again on what serves then. */
  readonly again: readonly T[];
}

/**
 * The way back to the last known-good version: what served before the oldest promotion that is still on
 * probation, or before the requested one where that is older.
 *
 * In probation several may overlap and the stream cannot tell which did it, so that the newest is
 * quarantined and the others are evaluated again. One that was found to have done harm after its own
 * probation is itself quarantined. `chain` is newest first; undefined where the candidate is not in it.
 */
export function planRetreat<T extends StandingPromotion>(
  chain: readonly T[],
  candidate: CandidateId,
): Retreat<T> | undefined {
  const requested = chain.find(({ id }) => id === candidate);
  if (requested === undefined) return undefined;
  const depth = Math.max(
    chain.indexOf(requested),
    chain.findLastIndex(({ state }) => state === 'probation'),
  );
  const undone = chain.slice(0, depth + 1);
  const onProbation = undone.filter(({ state }) => state === 'probation');
  const quarantined = requested.state === 'promoted' ? requested : (onProbation[0] ?? requested);
  return { undone, quarantined, again: undone.filter((row) => row !== quarantined) };
}
