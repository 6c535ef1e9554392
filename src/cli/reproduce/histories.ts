import { status } from '@grpc/grpc-js';
import { isGrpcServiceError, WorkflowNotFoundError, type Client } from '@temporalio/client';
import { Worker, type WorkflowBundleOption } from '@temporalio/worker';

import type { Store } from '../../activities/store.js';
import type { CandidateId, TenantId } from '../../domain/ids.js';

export interface FoundHistory {
  readonly workflowId: string;
  readonly history: unknown;
}

/** Runs by the id of their workflow. */
export type ListedRuns = ReadonlyMap<string, readonly string[]>;

/** The runs that Temporal lists for a query. */
export async function listedRuns({ workflow }: Client, query: string): Promise<ListedRuns> {
  const runs = new Map<string, string[]>();
  for await (const { workflowId, runId } of workflow.list({ query, pageSize: 1000 })) {
    runs.set(workflowId, [...(runs.get(workflowId) ?? []), runId]);
  }
  return runs;
}

/**
 * Every run of a workflow, those it continued as new among them: from Temporal, else from the archive. Where
 * many are read, what Temporal lists is asked for once.
 */
export async function historiesOf(
  temporal: Client,
  store: Pick<Store, 'archivedHistories'>,
  tenant: TenantId,
  workflowId: string,
  listed?: ListedRuns,
): Promise<readonly FoundHistory[]> {
  const found = new Map<string, FoundHistory>();
  for (const { runId, history } of await store.archivedHistories(tenant, workflowId)) {
    found.set(runId, { workflowId, history });
  }
  const query = `WorkflowId = "${workflowId.replaceAll('"', '')}"`;
  const runs = listed ?? (await listedRuns(temporal, query));
  // The newest run is asked for by the workflow alone, as lists lag behind.
  const newest = await historyOf(temporal, workflowId);
  if (newest !== undefined) found.set(newest.runId, { workflowId, history: newest.history });
  for (const runId of runs.get(workflowId) ?? []) {
    if (runId === newest?.runId) continue;
    const earlier = await historyOf(temporal, workflowId, runId);
    if (earlier !== undefined) found.set(runId, { workflowId, history: earlier.history });
  }
  return [...found.values()];
}

/** The history of one run, the newest unless told; undefined where Temporal has forgotten it. */
async function historyOf({ workflow }: Client, workflowId: string, runId?: string) {
  try {
    const history = await workflow.getHandle(workflowId, runId).fetchHistory();
    const started = history.events?.[0]?.workflowExecutionStartedEventAttributes;
    return { runId: runId ?? started?.originalExecutionRunId ?? '', history };
  } catch (error) {
    const isGone = isGrpcServiceError(error) && error.code === status.NOT_FOUND;
    if (isGone || error instanceof WorkflowNotFoundError) return undefined;
    throw error;
  }
}

/** A run of a candidate's pair, and what it was started with. */
export interface StartedRun {
  readonly workflowId: string;
  readonly given: string;
}

/** Every run that was started for pairs of a candidate. */
export async function startedRuns(
  { workflow, workflowService, options }: Client,
  candidate: CandidateId,
): Promise<readonly StartedRun[]> {
  const query = `WorkflowId STARTS_WITH "shadow/${candidate}/"`;
  const runs: StartedRun[] = [];
  for await (const { workflowId, runId } of workflow.list({ query })) {
    const { history } = await workflowService.getWorkflowExecutionHistory({
      namespace: options.namespace,
      execution: { workflowId, runId },
      maximumPageSize: 1,
    });
    const started = history?.events?.[0]?.workflowExecutionStartedEventAttributes;
    const payloads = started?.input?.payloads ?? [];
    const given = payloads.map(({ data }) => Buffer.from(data ?? []).toString('utf8')).join('');
    runs.push({ workflowId, given });
  }
  return runs;
}

/** Replays histories on the workflows of this code as they come; answers by workflow id what parted first. */
export async function replay(
  workflowBundle: WorkflowBundleOption,
  histories: Iterable<FoundHistory> | AsyncIterable<FoundHistory>,
): Promise<ReadonlyMap<string, string>> {
  const parted = new Map<string, string>();
  for await (const result of Worker.runReplayHistories({ workflowBundle }, histories)) {
    if (result.error === undefined || parted.has(result.workflowId)) continue;
    parted.set(
      result.workflowId,
      `${result.workflowId} (run ${result.runId}): ${result.error.message}`,
    );
  }
  return parted;
}

/** Answers in the order of the items; a few more are already being worked on. */
export async function* ahead<T, R>(
  items: Iterable<T>,
  read: (item: T) => Promise<R>,
): AsyncGenerator<R> {
  const waiting: Promise<R>[] = [];
  for (const item of items) {
    const next = read(item);
    // Told when its turn comes.
    next.catch(() => undefined);
    waiting.push(next);
    const first = waiting.length > READ_AHEAD ? waiting.shift() : undefined;
    if (first !== undefined) yield await first;
  }
  for (const rest of waiting) yield await rest;
}

const READ_AHEAD = 8;
