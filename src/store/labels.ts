import type { PoolClient } from 'pg';

import { SUCCESS_THRESHOLD, type Outcome } from '../domain/episode.js';
import type { Feedback, FeedbackAct, Role } from '../domain/feedback.js';
import type { EpisodeId, TenantId } from '../domain/ids.js';
import type { ImplicitKind } from '../domain/implicit-signal.js';
import {
  auditedVotes,
  labelOutcome,
  votesOn,
  type AuditRecord,
  type EpisodeLabel,
  type Judgements,
} from '../domain/label.js';
import { storableJson } from './storable.js';

/**
 * The score that learning reads of an episode `e` with outcome `o` and label `l`: what the accepted label
 * says, else what its evaluator said; 0 where the arm itself is why there is none. Null where nobody
 * knows, and where sources disagree.
 */
export const LABELLED_SCORE = `case
    when l.score is not null then l.score
    when l.reason in ('disagreement', 'experts-disagree') then null
    when o.missing = 'arm' then 0
    else o.score
  end`;

/**
 * The category that goes with it: the evaluator's, unless an accepted label says that a failure was none or the
 * other way round.
 */
export const LABELLED_CATEGORY = `case
    when l.score is null or o.score is null and l.score < ${String(SUCCESS_THRESHOLD)} then o.category
    when (l.score >= ${String(SUCCESS_THRESHOLD)}) = (o.score >= ${String(SUCCESS_THRESHOLD)}) then o.category
    when l.score >= ${String(SUCCESS_THRESHOLD)} then 'ok'
    else 'judged-wrong'
  end`;

/** Joins the label that `LABELLED_SCORE` and `LABELLED_CATEGORY` read. */
export const JOIN_LABEL = 'left join labels l on l.tenant = o.tenant and l.episode = o.episode';

interface FeedbackRow extends Omit<Feedback, 'group' | 'act'> {
  readonly source_group: string | null;
  readonly act: FeedbackAct;
}

const FEEDBACK_COLUMNS = 'id, episode, actor, role, score, correction, comment, source_group, act';

function feedbackOf({ source_group: group, act, ...row }: FeedbackRow): Feedback {
  return { ...row, ...(act === 'vote' ? {} : { act }), ...(group === null ? {} : { group }) };
}

/** Feedback on an episode, oldest first. */
export async function feedbackOn(
  client: PoolClient,
  tenant: TenantId,
  episode: EpisodeId,
): Promise<readonly Feedback[]> {
  const { rows } = await client.query<FeedbackRow>(
    `select ${FEEDBACK_COLUMNS} from feedback where tenant = $1 and episode = $2 order by at, id`,
    [tenant, episode],
  );
  return rows.map(feedbackOf);
}

interface OutcomeRow extends Omit<Outcome, 'missing'> {
  readonly missing: Outcome['missing'] | null;
  readonly kind: ImplicitKind | null;
  readonly subject: string | null;
}

async function judgementsOn(
  client: PoolClient,
  tenant: TenantId,
  episode: EpisodeId,
): Promise<Judgements> {
  const { rows } = await client.query<Partial<OutcomeRow>>(
    `select o.score, o.evaluator, o.source, o.category, o.detail, o.missing, s.kind, s.subject
     from (select $1::text as tenant, $2::text as episode) it
     left join outcomes o on o.tenant = it.tenant and o.episode = it.episode
     left join signals s on s.tenant = it.tenant and s.episode = it.episode`,
    [tenant, episode],
  );
  const [row] = rows;
  const { score = null, evaluator, source, category, detail, missing, kind, subject } = row ?? {};
  const isGraded = evaluator != null && source != null && category != null && detail != null;
  const outcome = isGraded
    ? { score, evaluator, source, category, detail, ...(missing == null ? {} : { missing }) }
    : null;
  return {
    outcome,
    feedback: await feedbackOn(client, tenant, episode),
    signal: kind == null || subject == null ? null : { kind, subject },
  };
}

/** What audits have found of some sources so far; this episode's own audit is left out. */
async function recordsOf(
  client: PoolClient,
  tenant: TenantId,
  episode: EpisodeId,
  sources: readonly string[],
): Promise<ReadonlyMap<string, AuditRecord>> {
  const { rows } = await client.query<AuditRecord & { readonly source: string }>(
    `select source, (count(*) filter (where is_hit))::integer as hits,
       (count(*) filter (where not is_hit))::integer as misses
     from audited_votes where tenant = $1 and source = any($2) and episode <> $3 group by source`,
    [tenant, sources, episode],
  );
  return new Map(rows.map(({ source, hits, misses }) => [source, { hits, misses }]));
}

/** The owner and the experts, as far as they have ever judged anything here; the owner where none has. */
async function rolesHeard(client: PoolClient, tenant: TenantId): Promise<readonly Role[]> {
  const { rows } = await client.query<{ readonly role: Role }>(
    `select heard.role from unnest(array['owner', 'expert']) heard(role)
     where exists (select from feedback f where f.tenant = $1 and f.role = heard.role)`,
    [tenant],
  );
  return rows.length === 0 ? ['owner'] : rows.map(({ role }) => role);
}

/**
 * Combines everything said of an episode anew and writes what comes of it; null where nobody judged it
 * beyond an evaluator of its own, or it runs still. What was audited becomes the record of its sources.
 */
export async function relabel(
  client: PoolClient,
  tenant: TenantId,
  episode: EpisodeId,
): Promise<EpisodeLabel | null> {
  const judgements = await judgementsOn(client, tenant, episode);
  const { feedback, signal } = judgements;
  if (judgements.outcome === null || (feedback.length === 0 && signal === null)) return null;
  const sources = votesOn(judgements).map(({ source }) => source);
  const records = await recordsOf(client, tenant, episode, sources);
  const label = labelOutcome(
    judgements,
    (source) => records.get(source) ?? { hits: 0, misses: 0 },
    await rolesHeard(client, tenant),
  );
  if (label === null) return null;
  await client.query(
    `insert into labels (
       tenant, episode, label, score, decided_by, reason, probability, disagreement, escalated_to, votes
     ) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
     on conflict (tenant, episode) do update set label = excluded.label, score = excluded.score,
       decided_by = excluded.decided_by, reason = excluded.reason, probability = excluded.probability,
       disagreement = excluded.disagreement, escalated_to = excluded.escalated_to,
       votes = excluded.votes, at = clock_timestamp()`,
    [
      tenant,
      episode,
      label.label,
      label.score,
      label.decidedBy,
      label.reason,
      label.probability,
      label.disagreement,
      label.escalatedTo,
      storableJson(label.votes),
    ],
  );
  await writeRecords(client, tenant, episode, judgements);
  return label;
}

async function writeRecords(
  client: PoolClient,
  tenant: TenantId,
  episode: EpisodeId,
  judgements: Judgements,
): Promise<void> {
  const audited = auditedVotes(judgements);
  await client.query('delete from audited_votes where tenant = $1 and episode = $2', [
    tenant,
    episode,
  ]);
  if (audited.length === 0) return;
  await client.query(
    `insert into audited_votes (tenant, source, episode, is_hit)
     select $1, source, $2, hit from json_to_recordset($3) as given(source text, hit boolean)`,
    [tenant, episode, storableJson(audited.map(({ source, isHit }) => ({ source, hit: isHit })))],
  );
}

interface LabelRow {
  readonly label: EpisodeLabel['label'];
  readonly score: number | null;
  readonly decided_by: EpisodeLabel['decidedBy'];
  readonly reason: EpisodeLabel['reason'];
  readonly probability: number;
  readonly disagreement: number;
  readonly escalated_to: Role | null;
  readonly votes: EpisodeLabel['votes'];
}

/** What all sources together make of an episode's outcome; null where none but its evaluator spoke. */
export async function labelOn(
  client: PoolClient,
  tenant: TenantId,
  episode: EpisodeId,
): Promise<EpisodeLabel | null> {
  const { rows } = await client.query<LabelRow>({
    name: 'label-of',
    text: `select label, score, decided_by, reason, probability, disagreement, escalated_to, votes
           from labels where tenant = $1 and episode = $2`,
    values: [tenant, episode],
  });
  const [row] = rows;
  if (row === undefined) return null;
  const { label, score, decided_by: decidedBy, reason, probability, disagreement, votes } = row;
  const escalatedTo = row.escalated_to;
  return { label, score, decidedBy, reason, probability, disagreement, escalatedTo, votes };
}
