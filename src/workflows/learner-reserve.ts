import { nextAlpha, openEpochIfDue } from '../domain/gate/ledger.js';
import { defaultGatePolicy } from '../domain/gate/gate-policy.js';
import { isUnderpowered } from '../domain/gate/power.js';
import type { Journal } from './journal.js';
import type { LevelWanted, Reservation } from './messages.js';

/** The level of a candidate's evaluation; nothing is reserved where so many pairs could not show an effect worth having. */
export async function reserveLevel(
  { books, note }: Journal,
  { candidate, maxPairs }: LevelWanted,
  discordance: number | null,
): Promise<Reservation> {
  const atMs = Date.now();
  const isReserved = (): boolean => Object.hasOwn(books().ledger.reservations, candidate);
  const next = nextAlpha(openEpochIfDue(books().ledger, atMs));
  const { dPlan, minPairs } = defaultGatePolicy;
  const isHeld =
    maxPairs !== undefined &&
    !isReserved() &&
    (maxPairs < minPairs ||
      (discordance !== null && isUnderpowered({ alpha: next, maxPairs, dPlan, discordance })));
  if (isHeld) return { alpha: next, epoch: books().ledger.epoch, isUnderpowered: true };
  if (!isReserved()) await note({ kind: 'reserved', candidate, atMs });
  const { reservations, epoch } = books().ledger;
  return { alpha: reservations[candidate]?.alpha ?? next, epoch, isUnderpowered: false };
}
