import type { CandidateId, EpisodeId, Scope } from '../domain/ids.js';
import type { Proposed } from './store.js';
import type { Grant, Reservation, Settled, Settlement } from '../workflows/messages.js';

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
    maxPairs?: number,
  ): Promise<Reservation>;
  /** Answers what the learner decides by as of then. */
  settle(scope: Scope, settlement: Settlement): Promise<Settled>;
  /** Reflects on an episode once more, for the world has changed, and answers what that proposes. */
  reflectOnDrift(scope: Scope, episode: EpisodeId): Promise<readonly Proposed[]>;
}
