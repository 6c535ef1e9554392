import type { CandidateId, Scope } from '../domain/ids.js';
import type { Grant, Settlement } from '../workflows/messages.js';

/**
 * What activities say to workflows. A workflow that has closed takes no message: `false`, and the
 * caller decides whether that matters.
 */
export interface Messenger {
  /** Wakes a workflow that reads outcomes. */
  wake(workflowId: string): Promise<boolean>;
  grant(workflowId: string, grant: Grant): Promise<boolean>;
  /** Starts the workflow of a candidate that no episode's workflow can carry. */
  startCandidate(scope: Scope, candidate: CandidateId): Promise<void>;
  /** Starts the learner where it is not there, then tells it that proposals wait. */
  wakeLearner(scope: Scope): Promise<void>;
  /** Update with candidate and attempt as update id, so that asking twice reserves once. */
  reserve(
    scope: Scope,
    candidate: CandidateId,
    attempt: number,
  ): Promise<{ readonly alpha: number }>;
  settle(scope: Scope, settlement: Settlement): Promise<void>;
}
