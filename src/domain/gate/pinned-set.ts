import { seedOf, uniformOf } from '../random.js';
import { stratumOf } from './live-outcome.js';
import { drawOrder, type SampledTask } from './sampling.js';
import { MIN_PINNED_CASES } from './slices.js';

/** A task that a promoted candidate won and its baseline lost; later candidates must not lose it again. */
export interface PinnedCase {
  readonly task: string;
  readonly slices: Readonly<Record<string, string>>;
}

/** Cases kept of each stratum. */
export const PINNED_CAP = 50;

/**
 * Adds the cases of a promotion and keeps a uniform sample of all ever seen in each stratum.
 *
 * A case's place is drawn from its task and the seed (bottom-k sampling, Cohen & Kaplan 2007), so the
 * set depends neither on the order nor on how often a case is added.
 */
export function pinCases(
  pinned: readonly PinnedCase[],
  added: readonly PinnedCase[],
  seed: string,
  cap: number = PINNED_CAP,
): readonly PinnedCase[] {
  const byTask = new Map([...pinned, ...added].map((entry) => [entry.task, entry]));
  const ranked = [...byTask.values()]
    .map((entry) => ({ entry, rank: uniformOf(seed, entry.task) }))
    .sort((a, b) => a.rank - b.rank || (a.entry.task < b.entry.task ? -1 : 1));
  const kept = new Map<string, number>();
  return ranked
    .filter(({ entry }) => {
      const stratum = stratumOf(entry.slices);
      const count = kept.get(stratum) ?? 0;
      kept.set(stratum, count + 1);
      return count < cap;
    })
    .map(({ entry }) => entry);
}

/** A run of a pinned case: the first, second, third, … of its task in one gate. */
export interface PinnedRun<T> {
  readonly task: T;
  readonly round: number;
}

/**
 * The pairs of a gate's pinned set, in an order that the seed alone decides. A small set runs in as many whole rounds
 * as stay below the number from which on a set is gated: under the harm guard a handful of cases could all be lost
 * and nobody told. What is asked is whether these very cases are lost, so that running one again is no repetition of
 * evidence: where none is lost the mean of every run is 0 or more given those before it, whatever its case, and
 * P(harm(D, 0) ever >= S/level) <= level/S (Ville).
 */
export function pinnedRuns<T extends SampledTask>(
  cases: readonly T[],
  seed: number,
): readonly PinnedRun<T>[] {
  const rounds = Math.max(1, Math.floor((MIN_PINNED_CASES - 1) / cases.length));
  return Array.from({ length: cases.length === 0 ? 0 : rounds }, (_none, round) =>
    drawOrder(cases, round === 0 ? seed : seedOf('pinned', String(seed), String(round))).map(
      (task) => ({ task, round }),
    ),
  ).flat();
}
