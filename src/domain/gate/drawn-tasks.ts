import type { Slices } from '../episode.js';
import { sliceNeeds, type GateState } from './gate.js';
import { PINNED_SLICE, watchedSlices } from './slices.js';

/** Tasks that are drawn and have no pair yet, in the order that was fixed before the first pair ran (GATE 2.2). */
export interface DrawnTasks<T> {
  readonly queue: readonly T[];
  /** Cases of the pinned regression set that are not run yet. */
  readonly pinned: readonly T[];
  /** Of the next pair; one that is passed over keeps its number. */
  readonly nextIndex: number;
}

export interface Taken<T> {
  readonly drawn: T;
  readonly index: number;
  /** The slice it is drawn for, where it counts for one alone. */
  readonly topUpFor: string | null;
}

/**
 * The next task worth a pair: a pinned case while the gate waits for them, else the first in the queue; once the
 * effect is shown, the first in a slice that is still open, and what stands before it is passed over for good.
 * Without a gate (diagnosis, A/A) every task is worth one.
 */
export function takeNext<T extends { readonly slices: Slices }>(
  drawn: DrawnTasks<T>,
  gate: GateState | null,
): { readonly taken: Taken<T> | undefined; readonly left: DrawnTasks<T> } {
  const { queue, nextIndex } = drawn;
  const open = gate === null ? [] : sliceNeeds(gate).map(({ slice }) => slice);
  const [pinned, ...otherPinned] = drawn.pinned;
  if (pinned !== undefined && open.includes(PINNED_SLICE)) {
    return {
      taken: { drawn: pinned, index: nextIndex, topUpFor: PINNED_SLICE },
      left: { queue, pinned: otherPinned, nextIndex: nextIndex + 1 },
    };
  }
  const isWanted = ({ slices }: T): boolean =>
    gate === null ||
    gate.phase === 'effect' ||
    watchedSlices(gate.plan, slices).some((name) => open.includes(name));
  const found = queue.findIndex(isWanted);
  const passed = found === -1 ? queue.length : found;
  const next = queue[passed];
  const index = nextIndex + passed;
  return {
    taken: next && { drawn: next, index, topUpFor: null },
    left: {
      queue: queue.slice(passed + 1),
      pinned: drawn.pinned,
      nextIndex: next === undefined ? index : index + 1,
    },
  };
}
