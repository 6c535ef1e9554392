import { z } from 'zod';

import { InvalidInputError } from '../domain/errors.js';

/**
 * Turns the first issue of a failed parse into the error a caller can act on; the rest is its cause. Where
 * somebody else has parsed, zod kept what it found to itself: `whole` is what that was a part of.
 */
export function fieldOf(where: string, error: z.ZodError, whole?: unknown): InvalidInputError {
  const [issue] = error.issues;
  const path = issue === undefined ? '' : issue.path.map((part) => `.${String(part)}`).join('');
  const more = error.issues.length - 1;
  const message = plainExpectation(issue?.message ?? 'another value');
  return new InvalidInputError(
    `${where}${path}`,
    foundOf(issue, whole),
    more > 0 ? `${message} (and ${String(more)} more)` : message,
    { cause: error },
  );
}

function foundOf(issue: z.core.$ZodIssue | undefined, whole: unknown): string {
  if (issue === undefined) return 'something else';
  if (issue.code === 'unrecognized_keys') return `unknown key ${issue.keys.join(', ')}`;
  return foundText('input' in issue ? issue.input : issue.path.reduce(valueAt, whole));
}

function valueAt(value: unknown, key: PropertyKey): unknown {
  if (typeof value !== 'object' || value === null) return undefined;
  const entries: readonly (readonly [string, unknown])[] = Object.entries(value);
  return entries.find(([name]) => name === String(key))?.[1];
}

/** A value as an error shows it: in JSON where it has such a form, cut after 64 characters. */
export function foundText(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (typeof value === 'function') return 'a function';
  if (typeof value === 'number') return String(value);
  const text = jsonOf(value);
  return text.length > 64 ? `${text.slice(0, 64)}…` : text;
}

function jsonOf(value: unknown): string {
  try {
    const text: unknown = JSON.stringify(value);
    return typeof text === 'string' ? text : `a ${typeof value}`;
  } catch {
    return `a ${typeof value} without a JSON form`;
  }
}

/** What zod says by itself names what was found too, which is told already; whatever else is said stays. */
function plainExpectation(message: string): string {
  const own = /^(?:Invalid|Too) \w+: expected (.+?)(?:, received .*)?$/.exec(message)?.[1];
  return own === undefined ? message : (KINDS[own] ?? own);
}

const KINDS: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
  record: 'an object',
};

/** What a schema expected that does not say so itself. */
function expectedOf(issue: z.core.$ZodRawIssue): string | undefined {
  switch (issue.code) {
    case 'invalid_type':
      return KINDS[issue.expected] ?? issue.expected;
    case 'invalid_value':
      return issue.values.map(foundText).join(' | ');
    case 'unrecognized_keys':
      return 'no such key';
    case 'too_small':
      return boundOf(issue.origin, issue.inclusive === true ? 'at least' : 'above', issue.minimum);
    case 'too_big':
      return boundOf(issue.origin, issue.inclusive === true ? 'at most' : 'below', issue.maximum);
    case 'invalid_union':
      return unionOf(issue.errors);
    default:
      return undefined;
  }
}

/** What each member of a union expected, and where inside it, one after the other. */
function unionOf(members: readonly (readonly z.core.$ZodIssue[])[]): string | undefined {
  const texts = members.flatMap(([issue]) => {
    if (issue === undefined) return [];
    const at = issue.path.map(String).join('.');
    return [at === '' ? issue.message : `${issue.message} at ${at}`];
  });
  return texts.length === 0 ? undefined : [...new Set(texts)].join(' or ');
}

function boundOf(origin: string, word: string, bound: number | bigint): string {
  if (origin === 'string') return `a text of ${word} ${String(bound)} characters`;
  if (origin === 'array') return `a list of ${word} ${String(bound)} entries`;
  return `${KINDS[origin] ?? 'a value'} of ${word} ${String(bound)}`;
}

/** How errors name what a user defines: by its kind, and by its name where it has one. */
export function whereOf(kind: string, definition: unknown, key: string): string {
  const name: unknown =
    typeof definition === 'object' && definition !== null ? Reflect.get(definition, key) : null;
  return typeof name === 'string' ? `${kind} ${JSON.stringify(name)}` : kind;
}

/** Parses what came from outside, or throws an error that names the field. */
export function parseOr<T>(schema: z.ZodType<T>, value: unknown, where: string): T {
  const parsed = schema.safeParse(value, { reportInput: true, error: expectedOf });
  if (!parsed.success) throw fieldOf(where, parsed.error);
  return parsed.data;
}
