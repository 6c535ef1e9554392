/** One run of an agent as the depot sees it: its session, and whether it is in a sandbox. */
export interface Visit {
  readonly session: string;
  readonly isSandbox: boolean;
}

/** `counted`: every request takes fifty milliseconds and every wait as long as it says, on paper. */
export type ClockKind = 'real' | 'counted';

/** What one session may read, and how long it lasts before it may read as much again. */
const READS = 3;
const WINDOW_MS = 1000;
const REQUEST_MS = 50;
/** Older sessions are forgotten: whoever they were has ended. */
const MAX_SESSIONS = 5000;

interface Session {
  nowMs: number;
  windowStartMs: number;
  reads: number;
}

/**
 * The time of each session and how much it has read in it. A sandbox always counts its time, so that
 * nobody waits in it and the same run ends the same on any machine.
 */
export class Visits {
  readonly #clock: ClockKind;
  readonly #sessions = new Map<string, Session>();

  constructor(clock: ClockKind) {
    this.#clock = clock;
  }

  /** Counts a request; false where it is a read too many. */
  admits(visit: Visit, isRead: boolean): boolean {
    const session = this.#sessionOf(visit);
    session.nowMs = this.#isReal(visit) ? Date.now() : session.nowMs + REQUEST_MS;
    if (!isRead) return true;
    if (session.nowMs - session.windowStartMs >= WINDOW_MS) {
      session.windowStartMs = session.nowMs;
      session.reads = 0;
    }
    session.reads += 1;
    return session.reads <= READS;
  }

  async rest(visit: Visit, milliseconds: number): Promise<void> {
    if (this.#isReal(visit)) await new Promise((resolve) => setTimeout(resolve, milliseconds));
    else this.#sessionOf(visit).nowMs += milliseconds;
  }

  #isReal({ isSandbox }: Visit): boolean {
    return this.#clock === 'real' && !isSandbox;
  }

  #sessionOf({ session, isSandbox }: Visit): Session {
    const key = `${isSandbox ? 'sandbox' : 'depot'}/${session}`;
    const found = this.#sessions.get(key);
    if (found !== undefined) return found;
    const fresh = { nowMs: 0, windowStartMs: -WINDOW_MS, reads: 0 };
    this.#sessions.set(key, fresh);
    const [oldest] = this.#sessions.keys();
    if (this.#sessions.size > MAX_SESSIONS && oldest !== undefined) this.#sessions.delete(oldest);
    return fresh;
  }
}
