import { workflowInfo } from '@temporalio/workflow';

/** Whether a run should continue as new: after this many events, else when the server suggests it. */
export function isHistoryLong({
  maxHistoryEvents,
}: {
  readonly maxHistoryEvents?: number;
}): boolean {
  const { historyLength, continueAsNewSuggested } = workflowInfo();
  if (maxHistoryEvents !== undefined) return historyLength >= maxHistoryEvents;
  return continueAsNewSuggested;
}
