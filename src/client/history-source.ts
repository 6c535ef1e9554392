import { type Client, WorkflowNotFoundError } from '@temporalio/client';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { z } from 'zod';

import type { HistorySource } from '../activities/maintenance-activities.js';

/** Closed runs of an agent, as Temporal's visibility and histories have them. */
export function createHistorySource({ workflow }: Client): HistorySource {
  return {
    async *closedRuns({ tenant, agent }) {
      const query = `RatchetTenant = "${quoted(tenant)}" and RatchetAgent = "${quoted(agent)}" and ExecutionStatus != "Running"`;
      for await (const { workflowId, runId } of workflow.list({ query })) {
        yield { workflowId, runId };
      }
    },

    async history({ workflowId, runId }) {
      try {
        const history = await workflow.getHandle(workflowId, runId).fetchHistory();
        return z.json().parse(JSON.parse(historyToJSON(history)));
      } catch (error) {
        if (error instanceof WorkflowNotFoundError) return null;
        throw error;
      }
    },
  };
}

function quoted(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('"', '\\"');
}
