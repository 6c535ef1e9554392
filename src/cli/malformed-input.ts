import type { z } from 'zod';

import { RatchetError } from '../domain/errors.js';

/**
 * What a person or a script handed in does not fit. `place` is `line N`, counted from 1, and `field`
 * what is at fault there; for an option the place is the option. The message stands on stderr as it is.
 */
export class MalformedInputError extends RatchetError {
  override readonly name = 'MalformedInputError';
  override readonly retryable = false;
  readonly place: string;
  readonly field: string;

  constructor(place: string, field: string, found: string, expected: string) {
    const where = field === '' ? place : `${place}: ${field}`;
    super(`${where}: found ${found}, expected ${expected}`);
    this.place = place;
    this.field = field;
  }
}

/** A line of the input by its number, from 1. */
export function placeOf(line: number): string {
  return `line ${String(line)}`;
}

/** A value as its schema reads it; what does not fit is told by place, field, what was found and expected. */
export function parsedAt<T>(schema: z.ZodType<T>, value: unknown, place: string): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const path = issue?.path.map(String) ?? [];
  if (issue?.code === 'unrecognized_keys') {
    const [key = ''] = issue.keys;
    const field = [...path, key].join('.');
    throw new MalformedInputError(place, field, 'a key that is not known', issue.message);
  }
  const found = foundText(path.reduce<unknown>(childOf, value));
  throw new MalformedInputError(place, path.join('.'), found, issue?.message ?? 'another value');
}

/** A value in few words, for a message; `JSON.stringify` would call what is not finite null. */
export function foundText(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (typeof value === 'number') return String(value);
  const text = JSON.stringify(value);
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
}

const LONGEST = 60;

function childOf(value: unknown, key: string): unknown {
  if (typeof value !== 'object' || value === null) return undefined;
  return Object.entries(value).find(([name]) => name === key)?.[1];
}
