/**
 * Postgres text cannot hold the character NUL, which a model or a tool may well produce: it becomes the
 * replacement character. In `json` columns it stays an escape sequence and is kept.
 */
export function storable(text: string): string {
  return text.includes('\0') ? text.replaceAll('\0', '\uFFFD') : text;
}

export function storableOrNull(text: string | null): string | null {
  return text === null ? null : storable(text);
}

/** The text of a `json` column; `pg` would send an array as a Postgres array. */
export function storableJson(value: unknown): string {
  return JSON.stringify(value);
}
