const FIRST_MS = 60_000;
const LONGEST_MS = 30 * 60_000;

/**
 * How long to wait for a wake before looking anyway: a crash between a commit and its wake leaves nobody
 * to call. Looks that found nothing make the next one rarer, or a wait of weeks, which may not continue
 * as new halfway, would fill its history: at one look a minute in five days.
 */
export function safetyMs(emptyLooks: number): number {
  return Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(emptyLooks, 10));
}
