/** A NUL, or half of a surrogate pair: the two things a JavaScript string may hold and stored text may not. */
const UNSTORABLE = /\0|\p{Surrogate}/gu;

/**
 * Text that Postgres can hold and canonical JSON can be made of: a model or a tool may well produce what
 * neither can, which becomes the replacement character. In `json` columns it stays an escape sequence.
 */
export function storable(text: string): string {
  return text.replace(UNSTORABLE, '\uFFFD');
}

export function storableOrNull(text: string | null): string | null {
  return text === null ? null : storable(text);
}

/** Slices are filtered by: they stand in `jsonb`, which takes no escape sequence for what text cannot hold. */
export function storableSlices(slices: Readonly<Record<string, string>>): string {
  const entries = Object.entries(slices).map(([key, value]) => [storable(key), storable(value)]);
  return JSON.stringify(Object.fromEntries(entries));
}

/** The text of a `json` column; `pg` would send an array as a Postgres array. */
export function storableJson(value: unknown): string {
  return JSON.stringify(value);
}
