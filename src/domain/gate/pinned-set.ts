import { uniformOf } from '../random.js';
import { stratumOf } from './live-outcome.js';

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
