import type { Pool, PoolClient } from 'pg';

import type { Store } from '../activities/store.js';
import { digestOf } from '../contracts/digest.js';
import { ConflictError, NotFoundError } from '../domain/errors.js';
import type { Feedback } from '../domain/feedback.js';
import type { TenantId } from '../domain/ids.js';
import { appendAudit } from './audit.js';
import { readFollowUp } from './follow-ups.js';
import { auditJudgement } from './judgements.js';
import { feedbackOn, labelOn, relabel } from './labels.js';
import { storable, storableOrNull } from './storable.js';
import { withTenant } from './transaction.js';

export function feedbackStore(
  pool: Pool,
): Pick<Store, 'putFeedback' | 'feedbackStoredAt' | 'feedbackOf' | 'labelOf' | 'settleJudgements'> {
  return {
    putFeedback: (tenant, feedback) =>
      withTenant(pool, tenant, async (client) => {
        const given = storableFeedback(feedback);
        const mode = await modeOf(client, tenant, given);
        const isNew = await insert(client, tenant, given);
        if (!isNew) {
          await assertSame(client, tenant, given);
          return { existing: true, label: await labelOn(client, tenant, given.episode) };
        }
        if (mode === 'shadow' || mode === 'explore') {
          await auditJudgement(client, tenant, given);
          return { existing: false, label: null };
        }
        if (given.act === 'veto') await logVeto(client, tenant, given);
        return { existing: false, label: await relabel(client, tenant, given.episode) };
      }),

    feedbackStoredAt: (tenant, id) =>
      withTenant(pool, tenant, async (client) => {
        const { rows } = await client.query<{ readonly at: Date }>(
          'select at from feedback where tenant = $1 and id = $2',
          [tenant, id],
        );
        return rows[0]?.at ?? null;
      }),

    feedbackOf: (tenant, episode) =>
      withTenant(pool, tenant, (client) => feedbackOn(client, tenant, episode)),

    labelOf: (tenant, episode) =>
      withTenant(pool, tenant, (client) => labelOn(client, tenant, episode)),

    settleJudgements: (tenant, episode) =>
      withTenant(pool, tenant, async (client) => {
        const judged = await readFollowUp(client, tenant, episode);
        if (judged !== null) await relabel(client, tenant, judged);
        return relabel(client, tenant, episode);
      }),
  };
}

function storableFeedback(feedback: Feedback): Feedback {
  const { id, episode, role, score, group, act = 'vote' } = feedback;
  return {
    id,
    episode,
    actor: storable(feedback.actor),
    role,
    score,
    correction: storableOrNull(feedback.correction),
    comment: storableOrNull(feedback.comment),
    ...(act === 'vote' ? {} : { act }),
    ...(group === undefined ? {} : { group: storable(group) }),
  };
}

/** Locks the episode's head, so that of two that judge it at once the second sees the first. */
async function modeOf(client: PoolClient, tenant: TenantId, given: Feedback): Promise<string> {
  const { rows } = await client.query<{ readonly mode: string }>(
    'select mode from episodes where tenant = $1 and episode = $2 for update',
    [tenant, given.episode],
  );
  const [row] = rows;
  if (row !== undefined) return row.mode;
  throw new NotFoundError('episode', given.episode, 'ask `ratchet episodes` for those there are');
}

async function insert(client: PoolClient, tenant: TenantId, given: Feedback): Promise<boolean> {
  const { rowCount } = await client.query(
    `insert into feedback (
       tenant, id, episode, actor, role, score, correction, comment, source_group, act, at
     ) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, clock_timestamp())
     on conflict do nothing`,
    [
      tenant,
      given.id,
      given.episode,
      given.actor,
      given.role,
      given.score,
      given.correction,
      given.comment,
      given.group ?? null,
      given.act ?? 'vote',
    ],
  );
  return rowCount === 1;
}

/** The same id with other content is somebody else's feedback, or a caller's mistake. */
async function assertSame(client: PoolClient, tenant: TenantId, given: Feedback): Promise<void> {
  const stored = (await feedbackOn(client, tenant, given.episode)).find(
    ({ id }) => id === given.id,
  );
  if (stored !== undefined && digestOf(stored) === digestOf(given)) return;
  throw new ConflictError(
    `feedback ${given.id}: found it stored with other content, expected the same; choose another id`,
  );
}

async function logVeto(client: PoolClient, tenant: TenantId, given: Feedback): Promise<void> {
  const { id, episode, actor, role, score, correction, comment } = given;
  await appendAudit(client, tenant, {
    actor: { id: actor, role },
    action: 'outcome-vetoed',
    object: { kind: 'episode', id: episode },
    reason: comment ?? 'an owner has the last word on an outcome',
    detail: { feedback: id, score: score ?? 0, corrected: correction !== null },
  });
}
