import type { GateSummary } from './gate/gate-summary.js';
import type { LessonKind } from './lesson.js';
import type { LessonRef } from './strategy.js';

/** A lesson's revision whose candidate ended without passing its gate. */
export interface FailedTry extends LessonRef {
  readonly verdict: GateSummary['verdict'];
  readonly reason: string;
  /** Mean paired difference of the whole bundle, in [-1, 1]. */
  readonly meanEffect: number;
  /** Bundles that have held this revision, at least 1. */
  readonly tries: number;
}

/** Each bundle spends its own share of the error ledger, so that what never helps must fall silent. */
export const MAX_TRIES = 4;

/**
 * The kind that is tried again beside later ones of its kind: facts complement one another. A rule says all
 * there is to say, and what was measured of it holds.
 */
export const COMPLEMENTARY: LessonKind = 'tool-note';

/**
 * Whether a revision may stand in a later bundle. One note seldom changes an outcome by itself: a join
 * needs the notes on both tables, so that a bundle of few ends as futile and the same notes pass beside
 * those that come later (the later bundle is a candidate of its own, with its own pairs and its own alpha).
 * A bundle that lost more than it won, harmed a slice or was refused by a person brings nothing along.
 */
export function mayTryAgain({ verdict, reason, meanEffect, tries }: FailedTry): boolean {
  if (tries >= MAX_TRIES || meanEffect < 0) return false;
  if (verdict === 'reject') return reason === 'futile';
  return verdict === 'inconclusive' && reason !== 'missing-outcomes';
}

/**
 * Whether an evaluation whose pool is used up ends undecided and hands its lessons to the bundle that
 * waits, rather than wait for mirrored tasks: once the next bundle would be a quarter larger. Sizes grow
 * geometrically from try to try, so that a lesson comes to a verdict in few of them.
 */
export function makesWay(held: number, waiting: number): boolean {
  return waiting > 0 && waiting * 4 >= held;
}
