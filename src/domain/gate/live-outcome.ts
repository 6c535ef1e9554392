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

/** Slice values by key, of a slice or stratum by its name: the inverse of `sliceName` and `stratumOf`. */
export function slicesOf(name: string): Readonly<Record<string, string>> {
  const slices = new Map<string, string>();
  // A part is a run of escaped characters and others but a comma, its key one without `=` as well.
  for (const [part] of name.matchAll(/(?:\\.|[^\\,])+/gsu)) {
    const [key = ''] = /^(?:\\.|[^\\=])+/su.exec(part) ?? [];
    if (part[key.length] === '=') slices.set(plain(key), plain(part.slice(key.length + 1)));
  }
  return Object.fromEntries(slices);
}

function plain(escaped: string): string {
  return escaped.replaceAll(/\\(.)/gsu, '$1');
}

/** The stratum of a task: the combination of its slice values. With one slice key it is the slice's name. */
export function stratumOf(slices: Readonly<Record<string, string>>): string {
  return sliceNames(slices).join(',');
}
