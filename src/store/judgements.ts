import type { Pool, PoolClient } from 'pg';

import type { JudgedPair, Store } from '../activities/store.js';
import { InvalidInputError } from '../domain/errors.js';
import type { Feedback } from '../domain/feedback.js';
import type { EpisodeId, TenantId } from '../domain/ids.js';
import { UNJUDGED } from '../domain/judging.js';
import { relabel } from './labels.js';
import { raiseWakes } from './wakes.js';
import { storable, storableJson } from './storable.js';
import { withTenant } from './transaction.js';

interface AuditedRow {
  readonly judged: number;
  readonly audited: number;
}

export function judgementStore(
  pool: Pool,
): Pick<
  Store,
  'putJudgement' | 'judgementOf' | 'judgeAudits' | 'putJudgedOutcome' | 'spendJudgement'
> {
  return {
    putJudgement: (scope, judgement) =>
      withTenant(pool, scope.tenant, async (client) => {
        const { candidate, judge, arms, scores, calls, isAuditDue, audit } = judgement;
        await client.query(
          `insert into judgements (
             tenant, agent, candidate, judge, baseline_episode, candidate_episode, baseline_score,
             candidate_score, calls, audit_due, audited_baseline, audited_candidate, auditor
           ) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
           on conflict do nothing`,
          [
            scope.tenant,
            scope.agent,
            candidate,
            judge,
            arms.baseline,
            arms.candidate,
            scores?.baseline ?? null,
            scores?.candidate ?? null,
            storableJson(calls),
            isAuditDue,
            audit?.baseline ?? null,
            audit?.candidate ?? null,
            audit === null ? null : storable(audit.auditor),
          ],
        );
        return stored(client, scope.tenant, arms.candidate);
      }),

    putJudgedOutcome: (tenant, episode, outcome) =>
      withTenant(pool, tenant, async (client) => {
        const { rowCount } = await client.query(
          `update outcomes set score = $3, evaluator = $4, source = $5, category = $6, detail = $7,
             missing = $8, at = clock_timestamp()
           where tenant = $1 and episode = $2 and score is null and category = $9`,
          [
            tenant,
            episode,
            outcome.score,
            storable(outcome.evaluator),
            outcome.source,
            storable(outcome.category),
            storable(outcome.detail),
            outcome.missing ?? null,
            UNJUDGED,
          ],
        );
        const label = await relabel(client, tenant, episode);
        return { label, wake: rowCount === 0 ? [] : await raiseWakes(client, tenant, episode) };
      }),

    spendJudgement: (scope, perDay) =>
      withTenant(pool, scope.tenant, async (client) => {
        if (perDay === 0) return false;
        const { rowCount } = await client.query(
          `insert into live_judgements as spent (tenant, agent, day, judgements)
           values ($1, $2, (now() at time zone 'utc')::date, 1)
           on conflict (tenant, agent, day) do update set judgements = spent.judgements + 1
             where spent.judgements < $3`,
          [scope.tenant, scope.agent, perDay],
        );
        return rowCount === 1;
      }),

    judgementOf: (tenant, candidateEpisode) =>
      withTenant(pool, tenant, (client) => find(client, tenant, candidateEpisode)),

    judgeAudits: (tenant, judge) =>
      withTenant(pool, tenant, async (client) => {
        const { rows } = await client.query<AuditedRow>(
          `select candidate_score - baseline_score as judged,
             audited_candidate - audited_baseline as audited
           from judgements
           where tenant = $1 and judge = $2 and candidate_score is not null
             and audited_candidate is not null and audited_baseline is not null
           order by at, candidate_episode`,
          [tenant, judge],
        );
        return rows;
      }),
  };
}

interface JudgementRow {
  readonly candidate: JudgedPair['candidate'];
  readonly judge: string;
  readonly baseline_episode: EpisodeId;
  readonly candidate_episode: EpisodeId;
  readonly baseline_score: number | null;
  readonly candidate_score: number | null;
  readonly calls: JudgedPair['calls'];
  readonly audit_due: boolean;
  readonly audited_baseline: number | null;
  readonly audited_candidate: number | null;
  readonly auditor: string | null;
}

async function find(
  client: PoolClient,
  tenant: TenantId,
  candidateEpisode: EpisodeId,
): Promise<JudgedPair | null> {
  const { rows } = await client.query<JudgementRow>(
    `select candidate, judge, baseline_episode, candidate_episode, baseline_score, candidate_score,
       calls, audit_due, audited_baseline, audited_candidate, auditor
     from judgements where tenant = $1 and candidate_episode = $2`,
    [tenant, candidateEpisode],
  );
  const [row] = rows;
  if (row === undefined) return null;
  const { baseline_score: baseline, candidate_score: candidate, auditor } = row;
  const { audited_baseline: ofBaseline, audited_candidate: ofCandidate } = row;
  return {
    candidate: row.candidate,
    judge: row.judge,
    arms: { baseline: row.baseline_episode, candidate: row.candidate_episode },
    scores: baseline === null || candidate === null ? null : { baseline, candidate },
    calls: row.calls,
    isAuditDue: row.audit_due,
    audit:
      ofBaseline === null || ofCandidate === null || auditor === null
        ? null
        : { baseline: ofBaseline, candidate: ofCandidate, auditor },
  };
}

async function stored(
  client: PoolClient,
  tenant: TenantId,
  candidateEpisode: EpisodeId,
): Promise<JudgedPair> {
  const found = await find(client, tenant, candidateEpisode);
  if (found === null) throw new Error(`judgement of ${candidateEpisode} was not stored`);
  return found;
}

/**
 * Feedback on a run of a pair audits the judge: an expert says of each arm's output, without being told
 * whose it is, how good it was. Refused for everybody else and for pairs no judge has judged.
 */
export async function auditJudgement(
  client: PoolClient,
  tenant: TenantId,
  given: Feedback,
): Promise<void> {
  const refuse = (found: string, expected: string): never => {
    throw new InvalidInputError(`feedback on ${given.episode}`, found, expected);
  };
  if (given.role === 'user') refuse('role user', 'an expert or owner, who audits the judge');
  if (given.score === null) refuse('no score', 'how good this output was, 0 to 1');
  const { rowCount } = await client.query(
    `update judgements set
       audited_baseline = case when baseline_episode = $2 then $3 else audited_baseline end,
       audited_candidate = case when candidate_episode = $2 then $3 else audited_candidate end,
       auditor = $4
     where tenant = $1 and (baseline_episode = $2 or candidate_episode = $2)`,
    [tenant, given.episode, given.score, given.actor],
  );
  if (rowCount === 0) {
    refuse('a run that serves nobody', 'a live episode, or one of a pair that a judge has judged');
  }
}
