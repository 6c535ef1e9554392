import { z } from 'zod';

/** A history as `temporal workflow show -o json` writes it. */
export const GoldenHistory = z.looseObject({
  events: z.array(z.looseObject({ eventType: z.string() })).min(1),
});
export type GoldenHistory = z.infer<typeof GoldenHistory>;

/** What says where and by whom a history was made, or only decorates it; no replay looks at it. */
const DROPPED = new Set([
  'binaryChecksum',
  'header',
  'historySizeBytes',
  'identity',
  'memo',
  'meteringMetadata',
  'namespaceId',
  'requestId',
  'sdkName',
  'sdkVersion',
  'stackTrace',
  'taskId',
  'userMetadata',
  'workerVersion',
]);

/**
 * What a child was asked and under which attributes is in its own history, and its id stands where it is
 * initiated: a replay compares that and the type. A task's queue may name a machine.
 */
const DROPPED_IN: Readonly<Record<string, readonly string[]>> = {
  startChildWorkflowExecutionInitiatedEventAttributes: [
    'searchAttributes',
    'input',
    'taskQueue',
    'workflowRunTimeout',
    'workflowTaskTimeout',
    'namespace',
    'parentClosePolicy',
    'workflowIdReusePolicy',
  ],
  childWorkflowExecutionStartedEventAttributes: ['namespace', 'workflowType'],
  childWorkflowExecutionCompletedEventAttributes: [
    'workflowExecution',
    'workflowType',
    'namespace',
  ],
  workflowTaskScheduledEventAttributes: ['taskQueue', 'startToCloseTimeout', 'attempt'],
};

/** A workflow's clock counts milliseconds. */
const NANOSECONDS = /(\.\d{3})\d+Z$/;

/** The same history without the machine it was recorded on. */
export function withoutMachine(value: unknown, under = ''): unknown {
  if (Array.isArray(value)) return value.map((entry) => withoutMachine(entry));
  if (under === 'eventTime' && typeof value === 'string') return value.replace(NANOSECONDS, '$1Z');
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key]) => !DROPPED.has(key) && DROPPED_IN[under]?.includes(key) !== true)
      .map(([key, entry]) => [key, withoutMachine(entry, key)]),
  );
}
