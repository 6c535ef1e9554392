import { z } from 'zod';

/**
 * A record of slice keys and values that refuses `__proto__`. zod's own record passes over that key, and what is
 * passed over is gated by nothing.
 */
export function sliceRecord(record: z.ZodType<Record<string, string>>) {
  return z
    .unknown()
    .check(({ value, issues }) => {
      if (typeof value !== 'object' || value === null || !Object.hasOwn(value, '__proto__')) return;
      const message = 'a slice key of another name';
      issues.push({ code: 'custom', path: ['__proto__'], input: '__proto__', message });
    })
    .pipe(record);
}
