import { z } from 'zod';

/** An object of these keys and no others; where another one stands, the message names those that may. */
export function objectOf<Shape extends z.core.$ZodShape>(shape: Shape) {
  const known = Object.keys(shape).join(', ');
  return z.strictObject(shape, {
    error: (issue) => (issue.code === 'unrecognized_keys' ? `one of ${known}` : 'one JSON object'),
  });
}
