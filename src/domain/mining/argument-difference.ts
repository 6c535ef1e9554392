import type { Json, JsonObject } from '../json.js';
import { AFFIX_PATTERN, UNIT_FACTORS, type ArgumentDifference } from './recovery-note.js';
import { formatOf, scalarType } from './scalar-form.js';

/** More than this changed by more than what the error was about. */
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
  const renamed = renamedAmong(changed, before, after);
  const moved = new Set(renamed.flatMap(({ key, from }) => [key, from]));
  const rest = changed.filter((key) => !moved.has(key));
  const count = renamed.length + rest.length;
  if (count === 0 || count > MAX_DIFFERENCES) return undefined;
  const named = [
    ...renamed,
    ...rest.map(
      (key) =>
        differenceOf(key, before, after, message) ?? sourceDifference(key, after[key], sourceOf),
    ),
  ];
  return named.every((difference) => difference !== undefined) ? named : undefined;
}

/** Keys that left while another one came with the same short value, where no third one shares it. */
function renamedAmong(changed: readonly string[], before: JsonObject, after: JsonObject) {
  const added = changed.filter((key) => !Object.hasOwn(before, key));
  const removed = changed.filter((key) => !Object.hasOwn(after, key));
  return added.flatMap((key): Extract<ArgumentDifference, { kind: 'renamed' }>[] => {
    const [from, ...others] = removed.filter((left) => isSame(before[left], after[key]));
    const twins = added.filter((other) => isSame(after[other], after[key]));
    if (from === undefined || others.length > 0 || twins.length > 1) return [];
    return scalarType(after[key]) === undefined ? [] : [{ kind: 'renamed', key, from }];
  });
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
  if (typeof old === 'number' && typeof value === 'number') {
    return unitDifference(key, old, value, message);
  }
  if (typeof old !== 'string' || typeof value !== 'string') return undefined;
  const oldFormat = formatOf(old);
  const format = formatOf(value);
  if (oldFormat !== undefined && format !== undefined && oldFormat !== format) {
    return { kind: 'format', key, from: oldFormat, to: format };
  }
  if (isListWord(value, old, message)) return { kind: 'word', key, from: old, to: value };
  return affixDifference(key, old, value, message);
}

const AFFIX = new RegExp(`^(?:${AFFIX_PATTERN})$`);

/**
 * The same number or id with a short piece of text at one end, where the tool shows a value of that form. What
 * has no digit in it may be a name.
 */
function affixDifference(
  key: string,
  old: string,
  value: string,
  message: string,
): ArgumentDifference | undefined {
  if (!/\d/.test(old) || value.length <= old.length) return undefined;
  const place = value.endsWith(old) ? 'before' : value.startsWith(old) ? 'after' : undefined;
  if (place === undefined) return undefined;
  const length = value.length - old.length;
  const affix = place === 'before' ? value.slice(0, length) : value.slice(-length);
  if (!AFFIX.test(affix)) return undefined;
  const words = message.match(/[\p{L}\p{N}_#:/.-]+/gu) ?? [];
  const isShown = words.some((word) => shapeOf(word.replace(/[.:]+$/, '')) === shapeOf(value));
  return isShown ? { kind: 'affix', key, affix, place } : undefined;
}

/** A value with its digits left out of account. */
function shapeOf(value: string): string {
  return value.replace(/\d+/g, '#');
}

const SAYS_UNIT =
  /\b(?:units?|(?:milli|micro|nano|kilo|mega|centi)?(?:grams?|met(?:er|re)s?|lit(?:er|re)s?|seconds?|bytes?|watts?)|cents?|pence|minor|minutes?|hours?|days?|tonnes?|percent|basis points?|tenths?|hundredths?|thousandths?|kg|mg|ms|km|cm|mm|kb|mb)\b/i;

/** The same quantity in another unit: by a factor that units differ by, where the tool speaks of units. */
function unitDifference(
  key: string,
  old: number,
  value: number,
  message: string,
): ArgumentDifference | undefined {
  if (!SAYS_UNIT.test(message)) return undefined;
  for (const factor of UNIT_FACTORS) {
    if (isClose(old * factor, value)) return { kind: 'unit', key, factor, by: 'times' };
    if (isClose(value * factor, old)) return { kind: 'unit', key, factor, by: 'divided by' };
  }
  return undefined;
}

/** Equal but for what arithmetic with fractions loses; zero is the same in any unit. */
function isClose(left: number, right: number): boolean {
  return right !== 0 && Math.abs(left - right) <= 1e-9 * Math.abs(right);
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

/**
 * Whether what one attempt changed still holds for a later one: the same keys are there or gone, and of
 * the same kind. A value may have changed again, for another reason.
 */
export function isKept(
  difference: ArgumentDifference,
  attempt: JsonObject,
  later: JsonObject,
): boolean {
  const { key } = difference;
  switch (difference.kind) {
    case 'added':
      return Object.hasOwn(later, key);
    case 'removed':
      return !Object.hasOwn(later, key);
    case 'renamed':
      return Object.hasOwn(later, key) && !Object.hasOwn(later, difference.from);
    case 'type':
      return scalarType(later[key]) === difference.to;
    case 'format': {
      const value = later[key];
      return typeof value === 'string' && formatOf(value) === difference.to;
    }
    case 'affix': {
      const value = later[key];
      if (typeof value !== 'string') return false;
      return difference.place === 'before'
        ? value.startsWith(difference.affix)
        : value.endsWith(difference.affix);
    }
    case 'word':
    case 'unit':
    case 'source':
      return isSame(attempt[key], later[key]);
    case 'first':
    case 'pace':
      return true;
  }
}

/** Whether two values are the same JSON, keys in the same order. */
export function isSame(left: Json | undefined, right: Json | undefined): boolean {
  return left === undefined || right === undefined
    ? left === right
    : JSON.stringify(left) === JSON.stringify(right);
}
