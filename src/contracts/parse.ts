import type { z } from 'zod';

import { InvalidInputError } from '../domain/errors.js';

/** Turns the first issue of a failed parse into the error a caller can act on; the rest is its cause. */
export function fieldOf(where: string, error: z.ZodError): InvalidInputError {
  const [issue] = error.issues;
  const path = issue === undefined ? '' : issue.path.map((part) => `.${String(part)}`).join('');
  const more = error.issues.length - 1;
  const message = issue?.message ?? 'invalid';
  return new InvalidInputError(
    `${where}${path}`,
    foundOf(issue),
    more > 0 ? `${message} (and ${String(more)} more)` : message,
    { cause: error },
  );
}

function foundOf(issue: z.core.$ZodIssue | undefined): string {
  if (issue === undefined) return 'something else';
  if (issue.code === 'unrecognized_keys') return `unknown key ${issue.keys.join(', ')}`;
  const text = JSON.stringify(issue.input);
  if (typeof text !== 'string') return issue.code;
  return text.length > 64 ? `${text.slice(0, 64)}…` : text;
}

/** Parses what came from outside, or throws an error that names the field. */
export function parseOr<T>(schema: z.ZodType<T>, value: unknown, where: string): T {
  const parsed = schema.safeParse(value, { reportInput: true });
  if (!parsed.success) throw fieldOf(where, parsed.error);
  return parsed.data;
}
