import { WorkflowNotFoundError, type Client } from '@temporalio/client';
import { Worker, type WorkflowBundleOption } from '@temporalio/worker';

import type { Store } from '../../activities/store.js';
import type { CandidateId, EpisodeId, TenantId } from '../../domain/ids.js';

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

/**
 * The run of a pair that no gate took in, since it was decided meanwhile: found among its candidate's
 * runs by what it was started with.
 */
export async function runsStartedFor(
  { workflow }: Client,
  candidate: CandidateId,
  episode: EpisodeId,
): Promise<readonly string[]> {
  const query = `WorkflowId STARTS_WITH "shadow/${candidate}/"`;
  for await (const { workflowId, runId } of workflow.list({ query })) {
    const { events } = await workflow.getHandle(workflowId, runId).fetchHistory();
    const input = events?.[0]?.workflowExecutionStartedEventAttributes?.input?.payloads ?? [];
    const given = input.map(({ data }) => Buffer.from(data ?? []).toString('utf8')).join('');
    if (given.includes(JSON.stringify(episode))) return [workflowId];
  }
  return [];
}

/** Replays histories on the workflows of this code; answers by workflow id what parted first. */
export async function replay(
  workflowBundle: WorkflowBundleOption,
  histories: readonly FoundHistory[],
): Promise<ReadonlyMap<string, string>> {
  const parted = new Map<string, string>();
  if (histories.length === 0) return parted;
  for await (const result of Worker.runReplayHistories({ workflowBundle }, histories)) {
    if (result.error === undefined || parted.has(result.workflowId)) continue;
    parted.set(
      result.workflowId,
      `${result.workflowId} (run ${result.runId}): ${result.error.message}`,
    );
  }
  return parted;
}
