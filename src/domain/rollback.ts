import type { Actor } from './feedback.js';
import type { CandidateId } from './ids.js';
import type { JsonObject } from './json.js';

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

/** What the audit entry of a rollback says. */
export interface RollbackEntry {
  readonly actor: Actor;
  readonly detail: JsonObject;
}

/**
 * Whether paired replays can tell why a candidate was taken back: by the monitor of its probation, for how its
 * tasks ended. A canary has had its controls beside it, so that no drift can have done it. Replays compare success:
 * they say nothing of a critical category that grew, of outcomes that never came, or of what a person knew.
 */
export function asksForDiagnosis({ actor, detail }: RollbackEntry): boolean {
  const isOfMonitor = actor.role === 'system' && detail['automatic'] === true;
  const isOfSuccess = detail['category'] === undefined && detail['missing'] === undefined;
  return (
    isOfMonitor &&
    isOfSuccess &&
    detail['stage'] === 'probation' &&
    typeof detail['test'] === 'string'
  );
}
