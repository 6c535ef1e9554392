import type { Pool } from 'pg';

import type { Role } from '../domain/feedback.js';
import type { AgentId, CandidateId, EpisodeId, TaskId, TenantId } from '../domain/ids.js';
import type { EpisodeLabel } from '../domain/label.js';
import { withTenant } from './transaction.js';

/** An outcome that sources dispute, or of which too little is known. */
export interface ContestedEpisode {
  readonly episode: EpisodeId;
  readonly agent: AgentId;
  readonly task: TaskId;
  readonly reason: NonNullable<EpisodeLabel['reason']>;
  /** Whose word decides it. */
  readonly escalatedTo: Role;
  readonly probability: number;
  readonly disagreement: number;
  readonly since: string;
}

/** A judged pair that is to be judged again by a person, its runs in an order that does not tell them apart. */
export interface DueAudit {
  readonly agent: AgentId;
  readonly candidate: CandidateId;
  readonly judge: string;
  /** Runs that wait for a score. */
  readonly runs: readonly EpisodeId[];
}

export interface ReviewQueries {
  /** What waits for a person: disputed outcomes before those that are only uncertain, the oldest first. */
  awaitingReview(
    tenant: TenantId,
    limit: number,
  ): Promise<{
    readonly contested: readonly ContestedEpisode[];
    readonly audits: readonly DueAudit[];
  }>;
}

interface ContestedRow extends Omit<ContestedEpisode, 'since'> {
  readonly at: Date;
}

export function reviewQueries(pool: Pool): ReviewQueries {
  return {
    awaitingReview: (tenant, limit) =>
      withTenant(pool, tenant, async (client) => {
        const contested = await client.query<ContestedRow>(
          `select l.episode, e.agent, e.task, l.reason, l.escalated_to as "escalatedTo",
             l.probability, l.disagreement, l.at
           from labels l join episodes e on e.tenant = l.tenant and e.episode = l.episode
           where l.tenant = $1 and l.label = 'contested'
           order by l.reason = 'uncertain', l.at, l.episode limit $2`,
          [tenant, limit],
        );
        const audits = await client.query<DueAudit>(
          `select agent, candidate, judge, array(
             select run from unnest(array[
               case when audited_baseline is null then baseline_episode end,
               case when audited_candidate is null then candidate_episode end
             ]) run where run is not null order by run collate "C"
           ) as runs
           from judgements
           where tenant = $1 and audit_due
             and (audited_candidate is null or audited_baseline is null)
           order by at, candidate_episode limit $2`,
          [tenant, limit],
        );
        return {
          contested: contested.rows.map(({ at, ...row }) => ({ ...row, since: at.toISOString() })),
          audits: audits.rows,
        };
      }),
  };
}
