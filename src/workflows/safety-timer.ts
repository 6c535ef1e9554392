const FIRST_MS = 60_000;
const LONGEST_MS = 30 * 60_000;

/**
 * How long to wait for a wake before looking anyway: a crash between a commit and its wake leaves nobody
 * to call. Looks that found nothing make the next one rarer, or a wait of weeks would fill history after
 * history: at one look a minute in five days.
 */
export function safetyMs(emptyLooks: number): number {
  return Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(emptyLooks, 10));
}

/** How a rollout has been reading of late. */
export interface Pace {
  /** Looks in a row that found nothing. */
  readonly emptyLooks: number;
  /** Since when outcomes have come without a pause, and when some came last. */
  readonly sinceMs: number;
  readonly lastMs: number;
}

const SETTLING_MS = 500;
const LONGEST_SETTLING_MS = 15_000;
const SHARE = 200;

export function aPace(nowMs: number): Pace {
  return { emptyLooks: 0, sinceMs: nowMs, lastMs: nowMs };
}

export function paceAfter(pace: Pace, found: number, nowMs: number): Pace {
  if (found === 0) return { ...pace, emptyLooks: pace.emptyLooks + 1 };
  const isSteady = nowMs - pace.lastMs <= FIRST_MS;
  return { emptyLooks: 0, sinceMs: isSteady ? pace.sinceMs : nowMs, lastMs: nowMs };
}

/**
 * How long outcomes are left to gather after a wake. Each read costs eight or nine events of the history,
 * whatever it finds: the longer traffic has not paused, the more it leaves to one read, up to 15 s. So an alarm
 * is late by a two-hundredth of the time watched at most.
 */
export function settlingMs({ sinceMs, lastMs }: Pace, nowMs: number): number {
  if (nowMs - lastMs > FIRST_MS) return SETTLING_MS;
  return Math.min(LONGEST_SETTLING_MS, Math.max(SETTLING_MS, (nowMs - sinceMs) / SHARE));
}
