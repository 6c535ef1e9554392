import type { PoolCounts } from '../../domain/gate/slices.js';
import { MalformedInputError, placeOf } from '../malformed-input.js';

/** Slice keys a pool may have, where nobody says which ones count. */
const MOST_KEYS = 100;

/** Values of one key that are counted side by side. */
const MOST_VALUES = 1_000;

export interface PoolCounter {
  /** Counts a task by its slice values; `line` is where it stands. */
  readonly add: (slices: Readonly<Record<string, string>>, line: number) => void;
  readonly counts: () => PoolCounts;
}

/**
 * Counts the slices of a pool line by line, in memory that does not grow with it.
 *
 * Up to a thousand values a key the counts are exact. Above that they are those of Misra and Gries
 * ("Finding repeated elements", Science of Computer Programming 1982): short by at most a thousandth of
 * the pool, while a slice is gated from a twentieth on.
 */
export function createPoolCounter(keys?: readonly string[]): PoolCounter {
  const byKey = new Map<string, Map<string, number>>();
  let size = 0;
  return {
    add: (slices, line) => {
      size += 1;
      for (const [key, value] of Object.entries(slices)) {
        if (keys?.includes(key) === false) continue;
        const counts = byKey.get(key) ?? new Map<string, number>();
        byKey.set(key, counts);
        if (byKey.size > MOST_KEYS) {
          const found = `more than ${String(MOST_KEYS)} slice keys`;
          throw new MalformedInputError(
            placeOf(line),
            'slice',
            found,
            'fewer, or --slice-key with those that count',
          );
        }
        count(counts, value);
      }
    },
    counts: () => ({
      size,
      byKey: Object.fromEntries(
        [...byKey].map(([key, counts]) => [key, Object.fromEntries(counts)]),
      ),
    }),
  };
}

function count(counts: Map<string, number>, value: string): void {
  const before = counts.get(value);
  if (before !== undefined || counts.size < MOST_VALUES) {
    counts.set(value, (before ?? 0) + 1);
    return;
  }
  for (const [name, times] of counts) {
    if (times === 1) counts.delete(name);
    else counts.set(name, times - 1);
  }
}
