import {
  ActivityFailure,
  ApplicationFailure,
  CancellationScope,
  condition,
  isCancellation,
  patched,
  proxyActivities,
  proxyLocalActivities,
  sleep,
} from '@temporalio/workflow';

import type { LearningActivities } from '../activities/learning-activities.js';
import type { Scope } from '../domain/ids.js';
import { addEntry, type JournalEntry, type LearnerBooks } from '../domain/learner-journal.js';

type JournalActivities = Pick<LearningActivities, 'openJournal' | 'writeJournal'>;
const local = proxyLocalActivities<JournalActivities>({
  startToCloseTimeout: '60s',
  localRetryThreshold: '2m',
});
/**
 * What a handler waits for beside the loop of the learner is no local activity: of two that are under way at once
 * the results come apart when they are made, and together when they are replayed.
 */
const scheduled = proxyActivities<JournalActivities>({ startToCloseTimeout: '60s' });

/** After a failure that is not tried again by itself: longer each time, up to ten minutes. */
const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 600_000;

export function pauseMs(failures: number): number {
  return Math.min(FIRST_PAUSE_MS * 2 ** failures, LONGEST_PAUSE_MS);
}

/** Tries until it is done: an activity that fails for good today may be served by another worker tomorrow. */
export async function untilDone<T>(
  work: () => Promise<T>,
  failed: (error: unknown) => Promise<void> = () => Promise.resolve(),
): Promise<T> {
  for (let failures = 0; ; failures += 1) {
    try {
      return await work();
    } catch (error) {
      if (isCancellation(error)) throw error;
      await sleep(pauseMs(failures));
      await failed(error);
    }
  }
}

/** What follows from a journal, and how many entries it has. */
export interface JournalState {
  readonly books: LearnerBooks;
  readonly number: number;
}

export interface Journal {
  readonly books: () => LearnerBooks;
  /** Adds an entry at once, and ends when it is written. */
  readonly note: (entry: JournalEntry) => Promise<void>;
  readonly hasWritten: () => boolean;
  readonly state: () => JournalState;
}

/**
 * The books of a learner, with every entry written to the store in order before anybody is answered by it. A
 * workflow may be lost (terminated, or its server with it); its promise that false promotions are few may not.
 */
export function keepJournal(scope: Scope, opened: JournalState): Journal {
  const { openJournal, writeJournal } = patched('journal-by-activity') ? scheduled : local;
  let { books, number } = opened;
  let waiting: readonly JournalEntry[] = [];
  let added = 0;
  let written = 0;
  let isWriting = false;

  /** A learner that was lost may have written after this one had read: what it did comes first. */
  const readAnew = async (error: unknown): Promise<void> => {
    if (!isConflict(error)) return;
    const found = await untilDone(() => openJournal({ ...scope, nowMs: Date.now() }));
    number = found.number;
    books = waiting.reduce(addEntry, found.books);
  };

  const write = async (): Promise<void> => {
    isWriting = true;
    try {
      while (waiting.length > 0) {
        const count = waiting.length;
        await untilDone(
          () => writeJournal({ ...scope, after: number, entries: waiting.slice(0, count) }),
          readAnew,
        );
        waiting = waiting.slice(count);
        number += count;
        written += count;
      }
    } finally {
      // In the step that found nothing more to write: an entry that comes a step later must find nobody writing.
      isWriting = false;
    }
  };

  return {
    books: () => books,
    async note(entry) {
      books = addEntry(books, entry);
      waiting = [...waiting, entry];
      added += 1;
      const own = added;
      if (!isWriting) await CancellationScope.nonCancellable(write);
      await condition(() => written >= own);
    },
    hasWritten: () => waiting.length === 0,
    state: () => ({ books, number }),
  };
}

/** What the learner before this one left, and whether the agent is frozen. */
export function openedJournal(
  scope: Scope,
): Promise<{ readonly journal: JournalState; readonly frozen: boolean }> {
  return untilDone(async () => {
    const { frozen, ...journal } = await local.openJournal({ ...scope, nowMs: Date.now() });
    return { journal, frozen };
  });
}

function isConflict(error: unknown): boolean {
  if (!(error instanceof ActivityFailure)) return false;
  return error.cause instanceof ApplicationFailure && error.cause.type === 'ConflictError';
}

/** What an activity failed with stands below the failure of the activity. */
export function messageOf(error: unknown): string {
  const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
  return cause instanceof Error ? cause.message : String(cause);
}
