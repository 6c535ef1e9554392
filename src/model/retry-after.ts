/** A server may ask for any time; nobody waits longer than this for one attempt. */
const LONGEST_MS = 15 * 60_000;

/**
 * How long a reply asks to wait, in milliseconds: `retry-after-ms`, else `Retry-After` in seconds or as
 * an HTTP date. `undefined` where it says nothing, or a time that is over.
 */
export function retryAfterMs(headers: Headers | undefined, nowMs: number): number | undefined {
  const asked =
    numberOf(headers?.get('retry-after-ms'), 1) ??
    numberOf(headers?.get('retry-after'), 1000) ??
    untilDate(headers?.get('retry-after'), nowMs);
  if (asked === undefined || asked <= 0) return undefined;
  return Math.min(Math.ceil(asked), LONGEST_MS);
}

function numberOf(text: string | null | undefined, unitMs: number): number | undefined {
  if (text === null || text === undefined || !/^\s*\d+(\.\d+)?\s*$/.test(text)) return undefined;
  return Number(text) * unitMs;
}

function untilDate(text: string | null | undefined, nowMs: number): number | undefined {
  const at = Date.parse(text ?? '');
  return Number.isNaN(at) ? undefined : at - nowMs;
}
