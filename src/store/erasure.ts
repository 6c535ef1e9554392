import type { Pool, PoolClient } from 'pg';

import { sha256 } from '../contracts/digest.js';
import { PRIOR_RELIABILITY, type Actor } from '../domain/feedback.js';
import type { AgentId, EpisodeId, LessonId, TenantId } from '../domain/ids.js';
import type { LessonSource } from '../domain/lesson.js';
import { appendAudit } from './audit.js';
import { RESTS_ON_ERASED } from './erased-person.js';
import { relabel } from './labels.js';
import { storable, storableJson } from './storable.js';
import { withEraser } from './transaction.js';

/** What a lesson rests on once a person's word is gone. */
export interface RecomputedSupport {
  readonly agent: AgentId;
  readonly lesson: LessonId;
  /** Independent people and channels that say it still, and the experts and owners among them. */
  readonly groups: number;
  readonly experts: number;
  /** Whether that is too little: its revisions are quarantined, and it must leave what serves. */
  readonly isWithdrawn: boolean;
}

/** What was erased; nothing in it names the person. */
export interface FeedbackErasure {
  readonly subject: string;
  readonly feedback: number;
  /** Episodes whose outcome was combined anew from what is left. */
  readonly relabelled: number;
  readonly proposals: number;
  readonly lessons: readonly RecomputedSupport[];
  /** Number of the entry in the audit chain. */
  readonly auditSequence: number;
}

/** Independent groups that must say the same where no expert does (GATE 2.8). */
const MIN_GROUPS = 2;

/**
 * Erases what a person said of outcomes, in one transaction: feedback, proposals that had no other
 * source, and the evidence those brought. Labels and the support of lessons are computed anew from what
 * is left; a lesson with too little left is quarantined. A second call finds nothing and says so.
 */
export async function eraseFeedback(
  pool: Pool,
  tenant: TenantId,
  subject: string,
  by: { readonly actor: Actor; readonly reason: string },
): Promise<FeedbackErasure> {
  const person = storable(subject);
  const digest = sha256(`${tenant}/${person}`).slice(0, 32);
  return withEraser(pool, tenant, async (client) => {
    const episodes = await deleteFeedback(client, tenant, person);
    const relabelled = [...new Set(episodes)].sort();
    for (const episode of relabelled) {
      await client.query('delete from labels where tenant = $1 and episode = $2', [
        tenant,
        episode,
      ]);
      await client.query('delete from audited_votes where tenant = $1 and episode = $2', [
        tenant,
        episode,
      ]);
      await relabel(client, tenant, episode);
    }
    const proposals = await deleteProposals(client, tenant, person);
    const lessons: RecomputedSupport[] = [];
    for (const { agent, key } of distinct(proposals)) {
      lessons.push(...(await recomputeSupport(client, tenant, agent, key, person)));
    }
    const done = {
      feedback: episodes.length,
      relabelled: relabelled.length,
      proposals: proposals.length,
    };
    const auditSequence = await appendAudit(client, tenant, {
      actor: by.actor,
      action: 'feedback-erased',
      object: { kind: 'subject', id: digest },
      reason: by.reason,
      detail: {
        ...done,
        lessons: lessons.map(({ agent, lesson, isWithdrawn }) => ({ agent, lesson, isWithdrawn })),
      },
    });
    return { subject: digest, ...done, lessons, auditSequence };
  });
}

async function deleteFeedback(
  client: PoolClient,
  tenant: TenantId,
  person: string,
): Promise<readonly EpisodeId[]> {
  // Heads first, as whoever gives feedback does, so that nobody judges an episode meanwhile.
  await client.query(
    `select from episodes where tenant = $1 and episode in (
       select f.episode from feedback f where f.tenant = $1 and f.actor = $2
     ) order by episode for update`,
    [tenant, person],
  );
  const { rows } = await client.query<{ readonly episode: EpisodeId }>(
    'delete from feedback where tenant = $1 and actor = $2 returning episode',
    [tenant, person],
  );
  return rows.map(({ episode }) => episode);
}

interface ErasedProposal {
  readonly agent: AgentId;
  readonly key: string;
  readonly episode: EpisodeId;
}

/** Proposals that rest on this person alone, with the evidence that only they brought. */
async function deleteProposals(
  client: PoolClient,
  tenant: TenantId,
  person: string,
): Promise<readonly ErasedProposal[]> {
  const { rows } = await client.query<ErasedProposal>(
    `delete from proposals p where p.tenant = $1
       and exists (
         select from json_array_elements(p.draft -> 'sources') s where s ->> 'principal' = $2)
       and not exists (
         select from json_array_elements(p.draft -> 'sources') s where s ->> 'principal' <> $2)
     returning p.agent, p.key, p.episode`,
    [tenant, person],
  );
  await client.query(
    `delete from evidence v using lessons l, json_to_recordset($2) as gone(
       agent text, key text, episode text)
     where v.tenant = $1 and l.tenant = $1 and l.agent = gone.agent and l.key = gone.key
       and v.agent = l.agent and v.lesson = l.lesson and v.episode = gone.episode`,
    [tenant, storableJson(rows)],
  );
  return rows;
}

function distinct(proposals: readonly ErasedProposal[]): readonly ErasedProposal[] {
  return [...new Map(proposals.map((one) => [`${one.agent}/${one.key}`, one])).values()];
}

interface LessonHeld {
  readonly lesson: LessonId;
  readonly sources: readonly LessonSource[];
}

async function recomputeSupport(
  client: PoolClient,
  tenant: TenantId,
  agent: AgentId,
  key: string,
  person: string,
): Promise<readonly RecomputedSupport[]> {
  const { rows: held } = await client.query<LessonHeld>(
    `select distinct on (l.lesson) l.lesson, r.sources from lessons l
     join lesson_revisions r using (tenant, agent, lesson)
     where l.tenant = $1 and l.agent = $2 and l.key = $3 order by l.lesson, r.revision desc`,
    [tenant, agent, key],
  );
  const left = await sourcesLeft(client, tenant, agent, key);
  const { groups, experts } = supportOf(left);
  const needsPeople = left.some(({ channel }) => channel === 'feedback');
  const isWithdrawn = left.length === 0 || (needsPeople && experts === 0 && groups < MIN_GROUPS);
  const answers: RecomputedSupport[] = [];
  for (const { lesson } of held) {
    await client.query(
      `update lesson_revisions r set
         sources = case when $4::json::text = '[]' then (
             select coalesce(json_agg(s), '[]'::json)
             from json_array_elements(r.sources) s where s ->> 'principal' <> $5
           ) else $4::json end,
         rationale = $6
       where tenant = $1 and agent = $2 and lesson = $3`,
      [tenant, agent, lesson, storableJson(left), person, RESTS_ON_ERASED],
    );
    if (isWithdrawn) {
      await client.query(
        `update lesson_revisions set status = 'quarantined'
         where tenant = $1 and agent = $2 and lesson = $3 and status <> 'retired'`,
        [tenant, agent, lesson],
      );
    }
    answers.push({ agent, lesson, groups, experts, isWithdrawn });
  }
  return answers;
}

/** Who says it still: the sources of the proposals that are left, each once. */
async function sourcesLeft(
  client: PoolClient,
  tenant: TenantId,
  agent: AgentId,
  key: string,
): Promise<readonly LessonSource[]> {
  const { rows } = await client.query<LessonSource>(
    `select distinct channel, principal, authority from proposals p
     cross join json_to_recordset(p.draft -> 'sources') as source(
       channel text, principal text, authority double precision)
     where p.tenant = $1 and p.agent = $2 and p.key = $3
       and (p.rejected_code is null or p.rejected_code = 'TOO_FEW_GROUPS')
     order by channel, principal, authority`,
    [tenant, agent, key],
  );
  return rows;
}

/** What people said counts by who said it; everything a machine observed is one group a channel. */
function supportOf(sources: readonly LessonSource[]): {
  readonly groups: number;
  readonly experts: number;
} {
  const isPerson = ({ channel }: LessonSource): boolean =>
    channel === 'feedback' || channel === 'user_text' || channel === 'operator';
  const groups = sources.map((one) => (isPerson(one) ? `person ${one.principal}` : one.channel));
  const experts = sources
    .filter((one) => isPerson(one) && one.channel !== 'user_text')
    .filter(({ authority }) => authority >= PRIOR_RELIABILITY.expert)
    .map(({ principal }) => principal);
  return { groups: new Set(groups).size, experts: new Set(experts).size };
}
