import type { Json, JsonObject } from '../json.js';
import type { ArgumentDifference } from './recovery-note.js';
import { formatOf, scalarType } from './scalar-form.js';

/** More keys than this changed by more than what the error was about. */
const MAX_DIFFERENCES = 2;

/** The tool in whose answer a value was found; undefined where it stands in none. */
export type SourceOf = (value: Json) => string | undefined;

/**
 * What has a name in the change of the arguments; undefined where anything in it has none. A value that
 * only became another one is named by where it came from.
 */
export function differencesOf(
  before: JsonObject,
  after: JsonObject,
  message: string,
  sourceOf: SourceOf = () => undefined,
): ArgumentDifference[] | undefined {
  const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
  const changed = keys.filter((key) => !isSame(before[key], after[key]));
  if (changed.length === 0 || changed.length > MAX_DIFFERENCES) return undefined;
  const added = changed.filter((key) => !Object.hasOwn(before, key));
  const removed = changed.filter((key) => !Object.hasOwn(after, key));
  const [key] = added;
  const [from] = removed;
  if (key !== undefined && from !== undefined && isSame(before[from], after[key])) {
    return scalarType(after[key]) === undefined ? undefined : [{ kind: 'renamed', key, from }];
  }
  const named = changed.map(
    (key) =>
      differenceOf(key, before, after, message) ?? sourceDifference(key, after[key], sourceOf),
  );
  return named.every((difference) => difference !== undefined) ? named : undefined;
}

function differenceOf(
  key: string,
  before: JsonObject,
  after: JsonObject,
  message: string,
): ArgumentDifference | undefined {
  const old = before[key];
  const value = after[key];
  const from = scalarType(old);
  const to = scalarType(value);
  if (!Object.hasOwn(before, key)) return to === undefined ? undefined : { kind: 'added', key };
  if (!Object.hasOwn(after, key)) return from === undefined ? undefined : { kind: 'removed', key };
  if (from === undefined || to === undefined) return undefined;
  if (from !== to) return { kind: 'type', key, from, to };
  if (typeof old !== 'string' || typeof value !== 'string') return undefined;
  const oldFormat = formatOf(old);
  const format = formatOf(value);
  if (oldFormat !== undefined && format !== undefined && oldFormat !== format) {
    return { kind: 'format', key, from: oldFormat, to: format };
  }
  return isListWord(value, old, message) ? { kind: 'word', key, from: old, to: value } : undefined;
}

function sourceDifference(
  key: string,
  value: Json | undefined,
  sourceOf: SourceOf,
): ArgumentDifference | undefined {
  const from = value === undefined ? undefined : sourceOf(value);
  return from === undefined ? undefined : { kind: 'source', key, from };
}

const LIST_WORD = /^[A-Za-z][A-Za-z_-]{0,23}$/;
const SAYS_LIST = /\b(?:one of|allowed|valid|expected|must be|choose|options?|enum|either)\b/i;

/** Whether a word is one of a list: only written otherwise than before, or named by the tool so. */
function isListWord(value: string, old: string, message: string): boolean {
  if (!LIST_WORD.test(value) || !LIST_WORD.test(old)) return false;
  const bare = (word: string): string => word.toLowerCase().replace(/[_-]/g, '');
  if (bare(value) === bare(old)) return true;
  const isNamed = new RegExp(`(?<![\\w-])${value}(?![\\w-])`).test(message);
  return isNamed && SAYS_LIST.test(message);
}

/** Whether two values are the same JSON, keys in the same order. */
export function isSame(left: Json | undefined, right: Json | undefined): boolean {
  return left === undefined || right === undefined
    ? left === right
    : JSON.stringify(left) === JSON.stringify(right);
}
