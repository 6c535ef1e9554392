import {
  type Client,
  WorkflowExecutionAlreadyStartedError,
  WorkflowFailedError,
  WorkflowIdConflictPolicy,
  WorkflowIdReusePolicy,
  WorkflowNotFoundError,
} from '@temporalio/client';

import type { Messenger } from '../activities/messenger.js';
import type { Scope } from '../domain/ids.js';
import {
  granted,
  outcomesWaiting,
  proposalsWaiting,
  reserve,
  settle,
} from '../workflows/messages.js';
import { pageMemo } from '../workflows/page-memo.js';
import type { reflectAndUpdate } from '../workflows/reflect-and-update.js';
import { keys } from '../workflows/search-attributes.js';

export function learnerId({ tenant, agent }: Scope): string {
  return `learner/${tenant}/${agent}`;
}

/** Messages from activities to workflows, through a Temporal client. */
export function createMessenger(
  client: Client,
  taskQueue: string,
  dashboard: string | null = null,
): Messenger {
  const { workflow } = client;

  const startLearner = async (scope: Scope): Promise<void> => {
    try {
      await workflow.start('learner', {
        workflowId: learnerId(scope),
        taskQueue,
        args: [{ tenant: scope.tenant, agent: scope.agent }],
        workflowIdConflictPolicy: WorkflowIdConflictPolicy.USE_EXISTING,
        staticSummary: `Learning of ${scope.agent}`,
        typedSearchAttributes: [
          { key: keys.tenant, value: scope.tenant },
          { key: keys.agent, value: scope.agent },
        ],
      });
    } catch (error) {
      if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
    }
  };

  return {
    wake: (workflowId) =>
      unlessClosed(() => workflow.getHandle(workflowId).signal(outcomesWaiting)),

    grant: (workflowId, grant) =>
      unlessClosed(() => workflow.getHandle(workflowId).signal(granted, grant)),

    async startCandidate({ tenant, agent }, candidate) {
      try {
        await workflow.start('reflectAndUpdate', {
          workflowId: `reflect/${candidate}`,
          taskQueue,
          args: [{ tenant, agent, candidate }],
          staticSummary: `Candidate ${candidate}`,
          memo: pageMemo(dashboard, tenant, candidate),
          typedSearchAttributes: [
            { key: keys.tenant, value: tenant },
            { key: keys.agent, value: agent },
          ],
        });
      } catch (error) {
        if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
      }
    },

    async wakeLearner(scope) {
      await startLearner(scope);
      await workflow.getHandle(learnerId(scope)).signal(proposalsWaiting);
    },

    async reserve(scope, candidate, attempt, maxPairs) {
      await startLearner(scope);
      const updateId = `reserve-${candidate}-${String(attempt)}`;
      return workflow.getHandle(learnerId(scope)).executeUpdate(reserve, {
        args: [{ candidate, ...(maxPairs === undefined ? {} : { maxPairs }) }],
        updateId,
      });
    },

    async settle(scope, settlement) {
      await startLearner(scope);
      const { said } = settlement;
      return workflow.getHandle(learnerId(scope)).executeUpdate(settle, {
        args: [settlement],
        ...(said === undefined ? {} : { updateId: `settle-${said.run}-${String(said.number)}` }),
      });
    },

    async reflectOnDrift({ tenant, agent }, episode) {
      const workflowId = `reflect/${episode}.drift`;
      const informative = { value: true, reason: 'drift' };
      try {
        await workflow.start('reflectAndUpdate', {
          workflowId,
          taskQueue,
          args: [{ tenant, agent, episode, isAnew: true, informative }],
          workflowIdReusePolicy: WorkflowIdReusePolicy.REJECT_DUPLICATE,
          staticSummary: `Reflect on ${episode} after a drift`,
          memo: pageMemo(dashboard, tenant),
          typedSearchAttributes: [
            { key: keys.tenant, value: tenant },
            { key: keys.agent, value: agent },
          ],
        });
      } catch (error) {
        if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
      }
      try {
        const handle = workflow.getHandle<typeof reflectAndUpdate>(workflowId);
        return (await handle.result()).proposed ?? [];
      } catch (error) {
        // A reflection that failed for good has nothing to propose; the others have.
        if (error instanceof WorkflowFailedError) return [];
        throw error;
      }
    },
  };
}

async function unlessClosed(send: () => Promise<void>): Promise<boolean> {
  try {
    await send();
    return true;
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return false;
    throw error;
  }
}
