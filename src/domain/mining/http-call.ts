import type { Trajectory } from '../episode.js';
import type { Json, JsonObject } from '../json.js';
import { isJsonObject, jsonObjectIn, textOf } from './json-object.js';

/**
 * How the arguments of a general HTTP tool are read: one tool calls many operations, so that what was
 * learned of it holds for a method and a path; and what matters lies inside `headers`, `query`, `body`.
 */

const METHOD = /^(?:GET|HEAD|POST|PUT|PATCH|DELETE)$/;
const PATH = /^(?:https?:\/\/[^/?#\s]+)?(\/[^?#\s]*)(?:\?([^#\s]*))?$/;
/** Arguments under one of these names hold what an HTTP request is made of. */
const PARTS = /^(?:headers?|query|params|parameters|body|json|payload)$/i;
/** Deeper objects are compared whole. */
const MAX_DEPTH = 3;
const MAX_SEGMENTS = 6;
const SEGMENT = /^(?:[a-z][a-z_-]{1,31}|v\d{1,2})$/;
const ANY = '*';

/** A method and a path, or a path alone; what varies in a path is a star. */
export const PLACE_PATTERN = `(?:(?:GET|HEAD|POST|PUT|PATCH|DELETE) )?(?:/(?:[a-z][a-z_-]{1,31}|v\\d{1,2}|\\*)){1,${String(MAX_SEGMENTS)}}`;
const PLACE = new RegExp(`^${PLACE_PATTERN}$`);

/** Whether a text is a place, from its first character to its last. */
export function isPlace(text: string): boolean {
  return PLACE.test(text);
}

/** Tools of a trajectory that make HTTP requests: called with a path, and with what belongs to a request. */
export function httpTools(trajectory: Trajectory): ReadonlySet<string> {
  const tools = new Set<string>();
  for (const step of trajectory) {
    if (step.kind !== 'tool' || tools.has(step.tool)) continue;
    const given = jsonObjectIn(step.arguments);
    if (given !== undefined && isRequest(given)) tools.add(step.tool);
  }
  return tools;
}

function isRequest(given: JsonObject): boolean {
  const path = pathIn(given);
  if (path === undefined) return false;
  const entries = Object.entries(given);
  return (
    path.written.startsWith('http') ||
    entries.some(
      ([key, value]) => METHOD.test(textOf(value)) || (PARTS.test(key) && isJsonObject(value)),
    )
  );
}

/**
 * Where a request goes: `POST /orders/*`. Ids and everything else that is no plain word is a star, and
 * so is a single thing behind the word for many. Undefined where there is no path, or two.
 */
export function placeOf(given: JsonObject): string | undefined {
  const path = pathIn(given)?.path;
  if (path === undefined) return undefined;
  const segments = path.split('/').filter((segment) => segment !== '');
  if (segments.length === 0 || segments.length > MAX_SEGMENTS) return undefined;
  const fixed = segments.map((segment, at) => {
    const isOne = isMany(segments[at - 1]) && !isMany(segment);
    return SEGMENT.test(segment) && !isOne ? segment : ANY;
  });
  const method = Object.values(given).find((value) => METHOD.test(textOf(value)));
  return `${method === undefined ? '' : `${textOf(method)} `}/${fixed.join('/')}`;
}

/** A plural, as collections are called. */
function isMany(segment: string | undefined): boolean {
  return segment !== undefined && SEGMENT.test(segment) && /(?:[^s]s|people|data)$/.test(segment);
}

/**
 * Arguments with what lies inside objects under dotted names (`body.amount`), and what stands behind the
 * question mark of a path as `query.…`. What a request carries as text is text, however it was written.
 * Lists stay whole; an empty object is nothing.
 */
export function flatArguments(given: JsonObject): JsonObject {
  const path = pathIn(given);
  const search = searchOf(path?.search).map(([name, value]): [string, Json] => [
    `query.${name}`,
    value,
  ]);
  const entriesOf = (object: JsonObject, prefix: string, depth: number): [string, Json][] =>
    Object.entries(object).flatMap(([key, value]): [string, Json][] => {
      const name = `${prefix}${key}`;
      if (isJsonObject(value) && depth < MAX_DEPTH) return entriesOf(value, `${name}.`, depth + 1);
      if (path !== undefined && name === path.key) return [[name, path.written]];
      return [[name, AS_TEXT.test(name) && isScalar(value) ? textOf(value) : value]];
    });
  return Object.fromEntries([...search, ...entriesOf(given, '', 1)]);
}

/** Sent as text: a number and its digits are the same there. */
const AS_TEXT = /^(?:headers?|query|params|parameters)\./i;

function isScalar(value: Json): value is string | number | boolean {
  return ['string', 'number', 'boolean'].includes(typeof value);
}

function searchOf(search: string | undefined): [string, string][] {
  return (search ?? '')
    .split('&')
    .filter((pair) => pair !== '')
    .map((pair): [string, string] => {
      const [name = '', ...value] = pair.split('=');
      return [name, value.join('=')];
    });
}

/** The only argument that is a path; `written` is without what stands behind its question mark. */
function pathIn(given: JsonObject) {
  const found = Object.entries(given).flatMap(([key, value]) => {
    const [, path, search] = (typeof value === 'string' ? PATH.exec(value) : null) ?? [];
    if (path === undefined) return [];
    return [{ key, path, search, written: textOf(value).split('?')[0] ?? '' }];
  });
  return found.length === 1 ? found[0] : undefined;
}
