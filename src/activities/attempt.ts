import { Context } from '@temporalio/activity';

/** One attempt of an activity that may take long. */
export interface Attempt {
  /** From 1. */
  readonly number: number;
  /** The run of the workflow it is made for. */
  readonly run: string;
  /** A run schedules a call once: at its first attempt nothing of it is stored. */
  readonly isFirst: boolean;
  /** Nothing is tried again after this one. */
  readonly isLast: boolean;
  /** Aborted with what is to be thrown when the task is cancelled. */
  readonly signal: AbortSignal;
}

const HEARTBEAT_MS = 5_000;
/** What workflows allow a model or tool call; used where the server does not say. */
const ATTEMPTS = 5;

/**
 * Runs the work of an activity with a heartbeat, without which a cancellation would not arrive and a
 * lost worker not be noticed. A local activity has none.
 */
export async function attempting<T>(work: (attempt: Attempt) => Promise<T>): Promise<T> {
  const context = Context.current();
  const { attempt, isLocal, retryPolicy, workflowExecution } = context.info;
  const heartbeat = isLocal
    ? undefined
    : setInterval(() => {
        context.heartbeat();
      }, HEARTBEAT_MS);
  try {
    return await work({
      number: attempt,
      run: workflowExecution?.runId ?? '',
      // A local one is made again from the first attempt where its workflow task is.
      isFirst: attempt === 1 && !isLocal,
      isLast: attempt >= boundOf(retryPolicy?.maximumAttempts),
      signal: context.cancellationSignal,
    });
  } finally {
    clearInterval(heartbeat);
  }
}

/** The protocol writes 0 where there is no bound. */
function boundOf(maximumAttempts: number | undefined): number {
  return maximumAttempts === undefined || maximumAttempts === 0 ? ATTEMPTS : maximumAttempts;
}
