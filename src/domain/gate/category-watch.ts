import { addLiveCategory, emptyCategoryDrift, referenceShares } from './category-drift.js';
import type { CategoryDrift } from './category-drift.js';
import type { CategoryReference } from './critical-watch.js';
import { exceeds } from './eprocess.js';

/** Outcomes that the reference needs (GATE 2.6). */
const MIN_REFERENCE = 500;
/** E-value at which a shift is told: level .05, as elsewhere where nothing is taken back. */
const THRESHOLD = 20;

/** How often outcomes fell into a category before, and since. */
export interface CategoryShare {
  readonly category: string;
  readonly before: number;
  readonly since: number;
}

export interface CategoryShift {
  readonly logE: number;
  /** ln of the value at which it alarms. */
  readonly threshold: number;
  /** Outcomes since the reference was full. */
  readonly n: number;
  /** The categories whose shares moved most, first. */
  readonly shares: readonly CategoryShare[];
}

/**
 * Whether what serves still ends its tasks as it did: well, or in which kind of failure. Compared with its own
 * first outcomes; plain JSON. A shift labels and asks a person to look; it never takes anything back.
 */
export interface CategoryWatch {
  /** Outcomes by category until the reference is full. */
  readonly reference: Readonly<Record<string, number>>;
  /** Null until then. */
  readonly drift: CategoryDrift | null;
  /** The first crossing; it stays. */
  readonly shift?: CategoryShift;
}

/** Begins with what is known of the version's outcomes, over all strata. */
export function emptyCategoryWatch(known: readonly CategoryReference[]): CategoryWatch {
  const reference = known
    .flatMap(({ categories = {} }) => Object.entries(categories))
    .reduce<Readonly<Record<string, number>>>(
      (counts, [category, count]) => plus(counts, category, count),
      {},
    );
  return opened({ reference, drift: null });
}

/** Adds a live outcome of the version, in any order; one without a category says nothing. */
export function addWatchedCategory(
  watch: CategoryWatch,
  { category }: { readonly category?: string },
): CategoryWatch {
  if (category === undefined || watch.shift !== undefined) return watch;
  if (watch.drift === null) {
    return opened({ reference: plus(watch.reference, category, 1), drift: null });
  }
  const drift = addLiveCategory(watch.drift, category);
  const next = { ...watch, drift };
  return exceeds(drift.logE, THRESHOLD) ? { ...next, shift: shiftOf(drift) } : next;
}

function opened(watch: CategoryWatch): CategoryWatch {
  const { reference } = watch;
  const n = Object.values(reference).reduce((total, count) => total + count, 0);
  return n < MIN_REFERENCE
    ? watch
    : { reference, drift: emptyCategoryDrift(referenceShares(reference), n) };
}

function plus(
  counts: Readonly<Record<string, number>>,
  category: string,
  count: number,
): Readonly<Record<string, number>> {
  const before = Object.hasOwn(counts, category) ? (counts[category] ?? 0) : 0;
  return { ...counts, [category]: before + count };
}

function shiftOf({ theta, counts, n, logE }: CategoryDrift): CategoryShift {
  const shares = Object.entries(theta)
    .map(([category, before]) => ({ category, before, since: (counts[category] ?? 0) / n }))
    .sort((a, b) => Math.abs(b.since - b.before) - Math.abs(a.since - a.before))
    .slice(0, 5);
  return { logE, threshold: Math.log(THRESHOLD), n, shares };
}
