import {
  ApplicationFailure,
  isCancellation,
  TerminatedFailure,
  TimeoutFailure,
} from '@temporalio/workflow';

/** What a workflow or activity ended by, without its message: that may quote what nobody should keep. */
export function failureName(error: unknown): string {
  if (isCancellation(error)) return 'cancelled';
  if (error instanceof TerminatedFailure) return 'terminated';
  if (error instanceof TimeoutFailure) return 'timed out';
  if (error instanceof ApplicationFailure) return error.type ?? 'a failure';
  if (!(error instanceof Error)) return 'a failure';
  return error.cause === undefined ? error.name : failureName(error.cause);
}
