import { sliceName } from './slices.js';

/** One graded live task, in assignment order. */
export interface LiveOutcome {
  /** In [0, 1]. */
  readonly success: number;
  /** Slice values by slice key. */
  readonly slices: Readonly<Record<string, string>>;
}

/** The slices of a task by name, `key=value`, in order of the keys. */
export function sliceNames(slices: Readonly<Record<string, string>>): readonly string[] {
  return Object.entries(slices)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => sliceName(key, value));
}

/** The stratum of a task: the combination of its slice values. With one slice key it is the slice's name. */
export function stratumOf(slices: Readonly<Record<string, string>>): string {
  return sliceNames(slices).join(',');
}
