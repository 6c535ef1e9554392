/** The multiset of outcomes seen: all that an e-process or a confidence sequence depends on. */

/** One value and how often it came. */
export interface TallyEntry {
  readonly value: number;
  readonly count: number;
}

/** Distinct values in order of first appearance; three entries for binary pairs, however many pairs. */
export type Tally = readonly TallyEntry[];

export const emptyTally: Tally = [];

/** Counts one more outcome of this value. */
export function addToTally(tally: Tally, value: number): Tally {
  const at = tally.findIndex((entry) => entry.value === value);
  if (at < 0) return [...tally, { value, count: 1 }];
  return tally.map((entry, index) =>
    index === at ? { value: entry.value, count: entry.count + 1 } : entry,
  );
}

/** The tally of a list of outcomes. */
export function tallyOf(values: readonly number[]): Tally {
  const counts = new Map<number, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts].map(([value, count]) => ({ value, count }));
}
