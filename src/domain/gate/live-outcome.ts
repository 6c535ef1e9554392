import { sliceName } from './slices.js';

/** One graded live task, in assignment order. */
export interface LiveOutcome {
  /** In [0, 1]. */
  readonly success: number;
  /** Slice values by slice key. */
  readonly slices: Readonly<Record<string, string>>;
  /** `ok` or the kind of failure; absent where it is not known. */
  readonly category?: string;
}

/** The slices of a task by name, `key=value`, in order of the keys. */
export function sliceNames(slices: Readonly<Record<string, string>>): readonly string[] {
  return Object.entries(slices)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => sliceName(key, value));
}

/** Slice values by key, of a slice or stratum by its name. A comma parts two slices, as `stratumOf` joins them. */
export function slicesOf(name: string): Readonly<Record<string, string>> {
  const slices = new Map<string, string>();
  for (const part of name.split(',')) {
    const end = part.indexOf('=');
    if (end > 0) slices.set(part.slice(0, end), part.slice(end + 1));
  }
  return Object.fromEntries(slices);
}

/** The stratum of a task: the combination of its slice values. With one slice key it is the slice's name. */
export function stratumOf(slices: Readonly<Record<string, string>>): string {
  return sliceNames(slices).join(',');
}
