import { z } from 'zod';

/** An object of these keys and no others; where another one stands, the message names those that may. */
export function objectOf<Shape extends z.core.$ZodShape>(shape: Shape, kind = 'one JSON object') {
  return z.strictObject(shape, { error: onlyKeys(Object.keys(shape), kind) });
}

/** The same for what a configuration writes, which is no JSON. */
export function settingsOf<Shape extends z.core.$ZodShape>(shape: Shape) {
  return objectOf(shape, 'an object');
}

/** Names the keys that may stand where another one does. */
export function onlyKeys(known: readonly string[], kind: string) {
  return (issue: z.core.$ZodRawIssue) =>
    issue.code === 'unrecognized_keys' ? `one of ${known.join(', ')}` : kind;
}

/** A function; its arguments and what it returns are known where it is called. */
export function functionOf() {
  return z.custom((value) => typeof value === 'function', 'a function');
}
