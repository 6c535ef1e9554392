import type { Json } from './json.js';

/** Where two values part first, in words; null where they are the same. Keys in the order of the first. */
export function firstDifference(where: string, stored: Json, derived: Json): string | null {
  if (Array.isArray(stored) && Array.isArray(derived)) {
    return differenceOfLists(where, stored, derived);
  }
  if (isObject(stored) && isObject(derived)) {
    const names = [...new Set([...Object.keys(stored), ...Object.keys(derived)])];
    for (const name of names) {
      const found = firstDifference(
        `${where}.${name}`,
        own(stored, name) ?? null,
        own(derived, name) ?? null,
      );
      if (found !== null) return found;
    }
    return null;
  }
  if (stored === derived) return null;
  return `${where}: stored ${JSON.stringify(stored)}, derived ${JSON.stringify(derived)}`;
}

function differenceOfLists(
  where: string,
  stored: readonly Json[],
  derived: readonly Json[],
): string | null {
  if (stored.length !== derived.length) {
    return `${where}: stored ${String(stored.length)}, derived ${String(derived.length)}`;
  }
  for (const [index, value] of stored.entries()) {
    const found = firstDifference(`${where}[${String(index)}]`, value, derived[index] ?? null);
    if (found !== null) return found;
  }
  return null;
}

function isObject(value: Json): value is Readonly<Record<string, Json>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function own(value: Readonly<Record<string, Json>>, name: string): Json | undefined {
  return Object.hasOwn(value, name) ? value[name] : undefined;
}
