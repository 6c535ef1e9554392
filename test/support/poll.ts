import { setTimeout as sleep } from 'node:timers/promises';

/** Looks until there is an answer; what was waited for is in the error of a wait that was too long. */
export async function until<T>(
  what: string,
  look: () => Promise<T | undefined>,
  { capMs = 60_000, everyMs = 50 }: { readonly capMs?: number; readonly everyMs?: number } = {},
): Promise<T> {
  const deadline = Date.now() + capMs;
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    if (Date.now() > deadline) throw new Error(`${what}: not within ${String(capMs / 1000)} s`);
    await sleep(everyMs);
  }
}
