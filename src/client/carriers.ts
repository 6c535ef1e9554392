import { type Client, WorkflowNotFoundError } from '@temporalio/client';

import type { Carriers } from '../activities/uncarried.js';
import { candidateProgress, learnerState } from '../workflows/messages.js';
import { learnerId } from './messenger.js';

/** Who carries what, asked of the workflows themselves. */
export function createCarriers({ workflow }: Client): Carriers {
  return {
    async carries(workflowId, candidate) {
      const handle = workflow.getHandle(workflowId);
      try {
        const { status } = await handle.describe();
        if (status.name !== 'RUNNING' && status.name !== 'PAUSED') return false;
        // A later run under the id of an episode looks at that episode, and knows nothing of the candidate.
        return (await handle.query(candidateProgress)).candidate === candidate;
      } catch (error) {
        if (error instanceof WorkflowNotFoundError) return false;
        throw error;
      }
    },

    async heldByLearner(scope) {
      try {
        const handle = workflow.getHandle(learnerId(scope));
        const { status } = await handle.describe();
        if (status.name !== 'RUNNING') return [];
        const { evaluating, canary, canaryQueue, reserved } = await handle.query(learnerState);
        return [...evaluating, ...(canary === null ? [] : [canary]), ...canaryQueue, ...reserved];
      } catch (error) {
        if (error instanceof WorkflowNotFoundError) return [];
        throw error;
      }
    },
  };
}
