import type { GatePolicy } from './gate-policy.js';

/** The remainder: what lies outside the gated slices of some key. Harm guard only. */
export const OTHER_SLICE = 'other';

/** The pinned regression set: pairs that an earlier candidate alone won. Drawn apart, never traffic. */
export const PINNED_SLICE = 'pinned';

/** Pinned cases from which on the set is a gated slice: non-inferiority cannot be shown by fewer. */
export const MIN_PINNED_CASES = 30;

/**
 * Which slices a gate watches, fixed before the first pair. Each slice key is a partition of its own, so
 * a pair belongs to one slice a key.
 */
export interface SlicePlan {
  readonly keys: readonly string[];
  /** Names `key=value`, and `PINNED_SLICE` where there is such a set. */
  readonly gated: readonly string[];
  readonly hasOther: boolean;
  /** Pairs of a pinned set too small to be gated: all of them are run, under the harm guard alone. */
  readonly pinnedGuard?: number;
}

export const noSlices: SlicePlan = { keys: [], gated: [], hasOther: false };

/** Tasks of the pool drawn before running: how many in all, and by slice key and value. */
export interface PoolCounts {
  readonly size: number;
  readonly byKey: Readonly<Record<string, Readonly<Record<string, number>>>>;
  readonly pinned?: number;
}

/**
 * `key=value`. What would be read as the end of a key or of a slice in a stratum, `=` in a key and `,` in either, is
 * escaped by a backslash, as a backslash is: two slices never share a name.
 */
export function sliceName(key: string, value: string): string {
  return `${key.replaceAll(/[\\=,]/g, '\\$&')}=${value.replaceAll(/[\\,]/g, '\\$&')}`;
}

export const emptyPool: PoolCounts = { size: 0, byKey: {} };

/** Counts one more task, by its slice values. */
export function addToPool(pool: PoolCounts, slices: Readonly<Record<string, string>>): PoolCounts {
  const touched = Object.entries(slices).map(([key, value]) => {
    const counts = (Object.hasOwn(pool.byKey, key) ? pool.byKey[key] : undefined) ?? {};
    const count = (Object.hasOwn(counts, value) ? counts[value] : undefined) ?? 0;
    return [key, { ...counts, [value]: count + 1 }] as const;
  });
  return {
    ...pool,
    size: pool.size + 1,
    byKey: { ...pool.byKey, ...Object.fromEntries(touched) },
  };
}

/** The counts of a whole pool, and the size of the pinned set beside it. */
export function countPool(
  pool: readonly Readonly<Record<string, string>>[],
  pinned = 0,
): PoolCounts {
  return pool.reduce(addToPool, { ...emptyPool, pinned });
}

/**
 * Chooses the gated slices: critical ones and those of at least `minSliceShare` of the pool, critical and
 * large ones first, at most `maxSlices` with the pinned set; the rest is `other`. A critical slice is
 * gated even where the pool has none of it: non-inferiority then cannot be shown, and the gate says so.
 */
export function planSlices(
  pool: PoolCounts,
  policy: Pick<GatePolicy, 'sliceKeys' | 'minSliceShare' | 'maxSlices' | 'criticalSlices'>,
): SlicePlan {
  const keys = policy.sliceKeys ?? Object.keys(pool.byKey).sort();
  const pinned = (pool.pinned ?? 0) >= MIN_PINNED_CASES ? [PINNED_SLICE] : [];
  const critical = policy.criticalSlices.filter((name) => name !== PINNED_SLICE);
  const found = keys.flatMap((key) =>
    Object.entries(pool.byKey[key] ?? {}).map(([value, count]) => ({
      name: sliceName(key, value),
      count,
    })),
  );
  const large = found
    .filter(
      ({ name, count }) => count >= policy.minSliceShare * pool.size && !critical.includes(name),
    )
    .sort((a, b) => b.count - a.count || (a.name < b.name ? -1 : 1))
    .map(({ name }) => name);
  const room = Math.max(0, policy.maxSlices - pinned.length - critical.length);
  const gated = [...critical, ...large.slice(0, room), ...pinned];
  const hasOther = keys.some((key) => hasRemainder(key, pool, gated));
  const cases = pool.pinned ?? 0;
  const isGuarded = cases > 0 && pinned.length === 0;
  return { keys, gated, hasOther, ...(isGuarded && { pinnedGuard: cases }) };
}

function hasRemainder(key: string, pool: PoolCounts, gated: readonly string[]): boolean {
  const covered = Object.entries(pool.byKey[key] ?? {})
    .filter(([value]) => gated.includes(sliceName(key, value)))
    .reduce((total, [, count]) => total + count, 0);
  return covered < pool.size;
}

/** The watched slices a task belongs to, `OTHER_SLICE` where some key leaves it outside the gated ones. */
export function watchedSlices(
  plan: SlicePlan,
  slices: Readonly<Record<string, string>>,
): readonly string[] {
  const names = Object.entries(slices)
    .map(([key, value]) => sliceName(key, value))
    .filter((name) => plan.gated.includes(name));
  const isOutside = plan.keys.some((key) => {
    const value = Object.hasOwn(slices, key) ? slices[key] : undefined;
    return value === undefined || !names.includes(sliceName(key, value));
  });
  return isOutside && plan.hasOther ? [...names, OTHER_SLICE] : names;
}
