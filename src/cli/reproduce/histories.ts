import { WorkflowNotFoundError, type Client } from '@temporalio/client';
import { Worker, type WorkflowBundleOption } from '@temporalio/worker';

import type { Store } from '../../activities/store.js';
import type { CandidateId, TenantId } from '../../domain/ids.js';

export interface FoundHistory {
  readonly workflowId: string;
  readonly history: unknown;
}

/** Every run of a workflow, those it continued as new among them: from Temporal, else from the archive. */
export async function historiesOf(
  temporal: Client,
  store: Pick<Store, 'archivedHistories'>,
  tenant: TenantId,
  workflowId: string,
): Promise<readonly FoundHistory[]> {
  const found = new Map<string, FoundHistory>();
  for (const { runId, history } of await store.archivedHistories(tenant, workflowId)) {
    found.set(runId, { workflowId, history });
  }
  for (const runId of await runsOf(temporal, workflowId)) {
    try {
      const history = await temporal.workflow.getHandle(workflowId, runId).fetchHistory();
      found.set(runId, { workflowId, history });
    } catch (error) {
      if (!(error instanceof WorkflowNotFoundError)) throw error;
    }
  }
  return [...found.values()];
}

/** The runs that Temporal remembers; the newest one is asked for by id, as lists lag behind. */
async function runsOf({ workflow }: Client, workflowId: string): Promise<ReadonlySet<string>> {
  const runs = new Set<string>();
  const query = `WorkflowId = "${workflowId.replaceAll('"', '')}"`;
  for await (const { runId } of workflow.list({ query })) runs.add(runId);
  try {
    runs.add((await workflow.getHandle(workflowId).describe()).runId);
  } catch (error) {
    if (!(error instanceof WorkflowNotFoundError)) throw error;
  }
  return runs;
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
