import { proxyActivities, workflowInfo } from '@temporalio/workflow';

import type { LearningActivities, OfCandidate } from '../activities/learning-activities.js';
import type { CandidateState } from '../domain/candidate.js';
import { SYSTEM, type Actor } from '../domain/feedback.js';
import type { StandingWatch } from '../domain/gate/standing-watch.js';
import type { EpisodeId } from '../domain/ids.js';
import type { JsonObject } from '../domain/json.js';
import type { Standing } from './candidate-standing.js';
import type { Mailbox } from './mailbox.js';
import type { ReadSoFar, Settled, Settlement } from './messages.js';

/** What moves a candidate along; each is one transaction, safe to repeat. */
export const {
  planEvaluation,
  reserveAlpha,
  settleWithLearner,
  transition,
  rebase,
  promote,
  rollBack,
  stopWatching,
  scopeOut,
  noteDrift,
  abandon,
} = proxyActivities<LearningActivities>({
  startToCloseTimeout: '60s',
  retry: { initialInterval: '500ms', maximumInterval: '30s' },
});

export interface CandidateEnd {
  readonly state: CandidateState;
  readonly reason: string;
  /** What a survived probation is watched by from then on, and from where. */
  readonly watch?: StandingWatch;
  readonly read?: ReadSoFar;
  /** Taken back in probation: its newest live failures. */
  readonly failures?: readonly EpisodeId[];
}

/** One candidate on its way, as the parts of its workflow share it. */
export interface CandidateLife {
  readonly of: OfCandidate;
  readonly shadowQueue: string;
  readonly workflowId: string;
  readonly mailbox: Mailbox;
  /** Goes on as a new run from here where the history of this one has grown long; called at rest alone. */
  readonly handOver: (standing: Standing) => Promise<void>;
  /** Writes the candidate's next state, with its audit entry. */
  readonly enter: (
    from: readonly CandidateState[],
    to: CandidateState,
    reason: string,
    detail?: JsonObject,
    actor?: Actor,
  ) => Promise<void>;
  /** Tells the learner where the candidate has got to. */
  readonly settle: (
    step: Settlement['step'],
    more?: Pick<Settlement, 'byPerson' | 'end' | 'watch' | 'read' | 'failures'> & {
      readonly promoted?: boolean;
    },
  ) => Promise<Settled>;
}

export function candidateLife(
  given: Pick<CandidateLife, 'of' | 'shadowQueue' | 'workflowId' | 'mailbox' | 'handOver'>,
): CandidateLife {
  const { of, workflowId, mailbox } = given;
  let words = 0;
  return {
    ...given,
    enter: async (from, to, reason, detail = {}, actor = SYSTEM) => {
      await transition({ ...of, from, to, actor, reason, detail });
      mailbox.stage = to;
      mailbox.acting = null;
    },
    settle: (step, { promoted = false, ...more } = {}) => {
      words += 1;
      const said = { run: workflowInfo().runId, number: words };
      return settleWithLearner({ ...of, workflowId, step, promoted, said, ...more });
    },
  };
}
