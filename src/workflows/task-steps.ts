import {
  ActivityCancellationType,
  proxyActivities,
  proxyLocalActivities,
  scheduleActivity,
  scheduleLocalActivity,
} from '@temporalio/workflow';

import type {
  ModelAnswer,
  ModelRequest,
  OfferedTool,
  TaskActivities,
  TaskContext,
  ToolAnswer,
  ToolRequest,
} from '../activities/task-activities.js';

/** Database only, a few milliseconds: local activities, so that they cost no round trip. */
export const { recall, answerCall, recordEpisode } = proxyLocalActivities<TaskActivities>({
  startToCloseTimeout: '20s',
  localRetryThreshold: '1m',
  retry: { initialInterval: '200ms', maximumInterval: '10s' },
});

export const { storeFeedback } = proxyActivities<TaskActivities>({
  startToCloseTimeout: '30s',
});

/** Paid calls: a bounded number of attempts, whatever fails. */
const MODEL_ATTEMPTS = 5;
/** Attempts of one tool call; what a tool itself answers, errors too, is no reason to try again. */
const TOOL_ATTEMPTS = 5;

/**
 * The SDK sends "try cancel" where nothing is said: the task would end while its model or tool is still at
 * work, which would store a step after the end.
 */
const UNTIL_IT_HAS_ENDED = ActivityCancellationType.WAIT_CANCELLATION_COMPLETED;

export function callModel(context: TaskContext, request: ModelRequest): Promise<ModelAnswer> {
  const options = {
    startToCloseTimeout: `${String(context.modelTimeoutSeconds + 5)}s` as const,
    retry: {
      initialInterval: '500ms' as const,
      maximumInterval: '30s' as const,
      maximumAttempts: MODEL_ATTEMPTS,
    },
    summary: `model: ${context.model}`,
    cancellationType: UNTIL_IT_HAS_ENDED,
  };
  return context.isLocal
    ? scheduleLocalActivity<ModelAnswer>('callModel', [request], options)
    : scheduleActivity<ModelAnswer>('callModel', [request], {
        ...options,
        heartbeatTimeout: '20s',
      });
}

/** A tool runs under its own name, so that the Temporal UI tells the story without our code. */
export function callTool(
  context: TaskContext,
  tool: OfferedTool,
  request: ToolRequest,
): Promise<ToolAnswer> {
  const options = {
    startToCloseTimeout: `${String(tool.timeoutSeconds + 5)}s` as const,
    retry: {
      initialInterval: '500ms' as const,
      maximumInterval: '30s' as const,
      maximumAttempts: TOOL_ATTEMPTS,
    },
    summary: summaryOf(request),
    cancellationType: UNTIL_IT_HAS_ENDED,
  };
  return context.isLocal
    ? scheduleLocalActivity<ToolAnswer>(tool.name, [request], options)
    : scheduleActivity<ToolAnswer>(tool.name, [request], { ...options, heartbeatTimeout: '20s' });
}

const SUMMARY_CHARACTERS = 80;

/** What the tool says of the call; its arguments where it says nothing. */
function summaryOf({ call }: ToolRequest): string {
  if (call.summary !== undefined) return call.summary;
  const text = `${call.tool} ${call.arguments}`.replace(/\s+/g, ' ');
  return text.length > SUMMARY_CHARACTERS ? `${text.slice(0, SUMMARY_CHARACTERS)}…` : text;
}
