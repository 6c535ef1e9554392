import type { Pool, PoolClient } from 'pg';

import type { DisputeDraft, DisputedLesson, Store } from '../activities/store.js';
import { sha256 } from '../contracts/digest.js';
import { SYSTEM } from '../domain/feedback.js';
import type { LessonId, Scope } from '../domain/ids.js';
import type { LessonRef } from '../domain/strategy.js';
import { appendAudit } from './audit.js';
import { insertRevision } from './lesson-rows.js';
import { storable, storableJson } from './storable.js';
import { withTenant } from './transaction.js';

interface DisputeRow extends LessonRef {
  readonly dispute: string;
  readonly side: DisputedLesson['side'];
  readonly reason: string;
  readonly opened_at: Date;
  readonly kept: boolean | null;
}

export function disputeStore(
  pool: Pool,
): Pick<Store, 'disputeLessons' | 'disputes' | 'decideDispute'> {
  return {
    disputeLessons: (scope, lessons, { actor, reason, detail }) =>
      withTenant(pool, scope.tenant, async (client) => {
        const marked = await setStatus(client, scope, lessons, ['active'], 'disputed');
        if (marked.length === 0) return;
        await appendAudit(client, scope.tenant, {
          actor,
          action: 'disputed',
          object: { kind: 'agent', id: scope.agent },
          reason,
          detail: { ...detail, lessons: marked },
        });
      }),

    disputes: (scope) =>
      withTenant(pool, scope.tenant, async (client) => {
        const { rows } = await client.query<DisputeRow>(
          `select dispute, lesson, revision, side, reason, opened_at, kept from disputed_lessons
           where tenant = $1 and agent = $2
           order by min(opened_at) over (partition by dispute), dispute, side <> 'challenger', lesson`,
          [scope.tenant, scope.agent],
        );
        return rows.map(({ opened_at: at, ...row }) => ({ ...row, openedAt: at.toISOString() }));
      }),

    decideDispute: (scope, { dispute, kept, status }, { actor, reason, detail }) =>
      withTenant(pool, scope.tenant, async (client) => {
        const { rows } = await client.query<LessonRef & { readonly kept: boolean }>(
          `update disputed_lessons d set decided_at = clock_timestamp(),
             kept = exists (select from json_to_recordset($4) as k(lesson text, revision integer)
               where k.lesson = d.lesson and k.revision = d.revision)
           where tenant = $1 and agent = $2 and dispute = $3 and decided_at is null
           returning lesson, revision, kept`,
          [scope.tenant, scope.agent, dispute, storableJson(kept)],
        );
        if (rows.length === 0) return;
        const of = (isKept: boolean) => rows.filter((row) => row.kept === isKept);
        await setStatus(client, scope, of(true), ['disputed'], status);
        await setStatus(client, scope, of(false), ['disputed'], 'retired');
        await appendAudit(client, scope.tenant, {
          actor,
          action: 'dispute-decided',
          object: { kind: 'dispute', id: dispute },
          reason,
          detail: { ...detail, kept: of(true).map(nameOf), retired: of(false).map(nameOf) },
        });
      }),
  };
}

/** Stores the lesson told last as disputed, and marks those that it contradicts. */
export async function openDispute(
  client: PoolClient,
  scope: Scope,
  { lesson, draft, with: others, reason }: DisputeDraft,
): Promise<void> {
  const revision = await insertRevision(client, scope, lesson, draft);
  const dispute = `d-${sha256(`${scope.agent}/${lesson}@${String(revision)}`).slice(0, 12)}`;
  const sides = [{ lesson, revision, side: 'challenger' }, ...others];
  // What was in the bundle has retired from it in the same transaction.
  await setStatus(client, scope, sides, ['candidate', 'active', 'retired'], 'disputed');
  await client.query(
    `insert into disputed_lessons (tenant, agent, dispute, lesson, revision, side, reason)
     select $1, $2, $3, lesson, revision, side, $5
     from json_to_recordset($4) as given(lesson text, revision integer, side text)`,
    [scope.tenant, scope.agent, dispute, storableJson(sides), storable(reason)],
  );
  await appendAudit(client, scope.tenant, {
    actor: SYSTEM,
    action: 'disputed',
    object: { kind: 'dispute', id: dispute },
    reason,
    detail: { lessons: sides.map(nameOf) },
  });
}

/** Names of the revisions whose status changed, in order. */
async function setStatus(
  client: PoolClient,
  scope: Scope,
  lessons: readonly LessonRef[],
  from: readonly string[],
  to: string,
): Promise<readonly string[]> {
  const { rows } = await client.query<{ readonly lesson: LessonId; readonly revision: number }>(
    `update lesson_revisions r set status = $5
     from json_to_recordset($3) as told(lesson text, revision integer)
     where r.tenant = $1 and r.agent = $2 and r.lesson = told.lesson
       and r.revision = told.revision and r.status = any($4)
     returning r.lesson, r.revision`,
    [scope.tenant, scope.agent, storableJson(lessons), from, to],
  );
  return rows.map(nameOf).sort();
}

function nameOf({ lesson, revision }: LessonRef): string {
  return `${lesson}@${String(revision)}`;
}
