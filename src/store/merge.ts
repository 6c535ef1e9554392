import type { Pool, PoolClient } from 'pg';

import type { Store } from '../activities/store.js';
import { ConflictError } from '../domain/errors.js';
import type { CandidateId, LessonId, Scope } from '../domain/ids.js';
import type { LessonDraft } from '../domain/lesson.js';
import { lockAgent, lockCandidate } from './candidates.js';
import { openDispute } from './disputes.js';
import { contentHashOf } from '../contracts/digest.js';
import {
  insertEvidence,
  insertRevision,
  LESSON_COLUMNS,
  lessonOf,
  storedThings,
  type LessonRow,
} from './lesson-rows.js';
import { storable, storableJson } from './storable.js';
import { withTenant } from './transaction.js';

type Merge = Parameters<Store['applyMerge']>[1];

export function mergeStore(
  pool: Pool,
): Pick<
  Store,
  'applyMerge' | 'lessonRevision' | 'latestRevision' | 'lessonsAbout' | 'lessonsByKey'
> {
  return {
    applyMerge: (scope, merge) =>
      withTenant(pool, scope.tenant, async (client) => {
        await lockAgent(client, scope);
        const settled = await settle(client, scope, merge.results);
        if (merge.results.length > 0 && settled === 0) return;
        if (merge.opened !== null) await openCandidateRow(client, scope, merge.opened);
        for (const { lesson, draft, candidate } of merge.revisions) {
          await join(client, scope, candidate, lesson, draft);
        }
        for (const { candidate, lesson } of merge.left ?? []) {
          await leave(client, scope, candidate, lesson);
        }
        for (const dispute of merge.disputes ?? []) await openDispute(client, scope, dispute);
        for (const { lesson, candidate } of merge.removals ?? []) {
          await takeAway(client, scope, candidate, lesson);
        }
        for (const { lesson, revision, draft } of merge.support) {
          await insertEvidence(client, scope, lesson, revision, draft.evidence);
        }
      }),

    lessonRevision: (scope, { lesson, revision }) =>
      withTenant(pool, scope.tenant, async (client) => {
        const { rows } = await client.query<LessonRow>(
          `select ${LESSON_COLUMNS} from lessons l join lesson_revisions r using (tenant, agent, lesson)
           where l.tenant = $1 and l.agent = $2 and l.lesson = $3 and r.revision = $4`,
          [scope.tenant, scope.agent, lesson, revision],
        );
        const [row] = rows;
        return row === undefined ? null : lessonOf(row);
      }),

    latestRevision: (scope, lesson) =>
      withTenant(pool, scope.tenant, async (client) => {
        const { rows } = await client.query<LessonRow>(
          `select ${LESSON_COLUMNS} from lessons l join lesson_revisions r using (tenant, agent, lesson)
           where l.tenant = $1 and l.agent = $2 and l.lesson = $3
           order by r.revision desc limit 1`,
          [scope.tenant, scope.agent, lesson],
        );
        const [row] = rows;
        return row === undefined ? null : lessonOf(row);
      }),

    lessonsAbout: (scope, contents) =>
      withTenant(pool, scope.tenant, async (client) => {
        const things = [...new Set(contents.flatMap(storedThings))];
        if (things.length === 0) return [];
        const { rows } = await client.query<LessonRow>(
          `select ${LESSON_COLUMNS} from lesson_revisions r join lessons l using (tenant, agent, lesson)
           where r.tenant = $1 and r.agent = $2 and r.things && $3
             and r.status in ('active', 'disputed')
             and (r.status = 'active' or exists (
               select from disputed_lessons d where d.tenant = r.tenant and d.agent = r.agent
                 and d.lesson = r.lesson and d.revision = r.revision and d.decided_at is null))
           order by l.ordinal, r.revision`,
          [scope.tenant, scope.agent, things],
        );
        return rows.map(lessonOf);
      }),

    lessonsByKey: (scope, keys) =>
      withTenant(pool, scope.tenant, async (client) => {
        const { rows } = await client.query<LessonRow>(
          `select ${LESSON_COLUMNS} from lessons l
           join lateral (
             select * from lesson_revisions every
             where every.tenant = l.tenant and every.agent = l.agent and every.lesson = l.lesson
             order by every.revision desc limit 1
           ) r on true
           where l.tenant = $1 and l.agent = $2 and l.key = any($3)
           order by l.ordinal`,
          [scope.tenant, scope.agent, keys.map(storable)],
        );
        return rows.map(lessonOf);
      }),
  };
}

/** Opens a candidate, numbered in order, once; its bundle is empty. */
export async function openCandidateRow(
  client: PoolClient,
  scope: Scope,
  opened: NonNullable<Merge['opened']>,
): Promise<void> {
  const existing = await client.query(
    'select 1 from candidates where tenant = $1 and candidate = $2',
    [scope.tenant, opened.id],
  );
  if (existing.rows.length > 0) return;
  await client.query(
    `with counted as (
       update agents set candidates = candidates + 1 where tenant = $1 and agent = $2
       returning candidates
     )
     insert into candidates (tenant, agent, candidate, number, title, opener, workflow_id)
     select $1, $2, $3, counted.candidates, $4, $5, $6 from counted`,
    [
      scope.tenant,
      scope.agent,
      opened.id,
      storable(opened.title),
      opened.opener,
      opened.workflowId,
    ],
  );
}

/** Puts a draft into a candidate's bundle; told again with the same content it only brings evidence. */
async function join(
  client: PoolClient,
  scope: Scope,
  candidate: CandidateId,
  lesson: LessonId,
  draft: LessonDraft,
): Promise<void> {
  const hash = contentHashOf(draft);
  const { rows } = await client.query<{
    readonly revision: number;
    readonly content_hash: string;
  }>(
    `select c.revision, r.content_hash from candidate_lessons c
     join lesson_revisions r using (tenant, agent, lesson, revision)
     where c.tenant = $1 and c.candidate = $2 and c.lesson = $3`,
    [scope.tenant, candidate, lesson],
  );
  const [held] = rows;
  if (held?.content_hash === hash) {
    await insertEvidence(client, scope, lesson, held.revision, draft.evidence);
    return;
  }

  const { parameters } = await lockOpen(client, scope, candidate);
  const revision = await insertRevision(client, scope, lesson, draft);
  await hold(client, scope, candidate, lesson, revision);
  if (draft.body.form === 'value') {
    const learned = { ...parameters, [draft.body.parameter]: draft.body.value };
    await client.query(
      'update candidates set parameters = $3 where tenant = $1 and candidate = $2',
      [scope.tenant, candidate, storableJson(learned)],
    );
  }
  if (held !== undefined) {
    await client.query(
      `update lesson_revisions set status = 'retired'
       where tenant = $1 and agent = $2 and lesson = $3 and revision = $4`,
      [scope.tenant, scope.agent, lesson, held.revision],
    );
  }
}

/** Takes a lesson, with the parameter it sets, or the removal of one out of an open bundle. */
async function leave(
  client: PoolClient,
  scope: Scope,
  candidate: CandidateId,
  lesson: LessonId,
): Promise<void> {
  const { parameters } = await lockOpen(client, scope, candidate);
  const { rows } = await client.query<{ readonly parameter: string | null }>(
    `with gone as (
       delete from candidate_lessons where tenant = $1 and candidate = $3 and lesson = $4
       returning tenant, agent, lesson, revision
     )
     update lesson_revisions r set status = 'retired' from gone
     where r.tenant = gone.tenant and r.agent = $2 and r.lesson = gone.lesson
       and r.revision = gone.revision and r.status = 'candidate'
     returning r.content -> 'body' ->> 'parameter' as parameter`,
    [scope.tenant, scope.agent, candidate, lesson],
  );
  const set = rows.map(({ parameter }) => parameter);
  const kept = Object.entries(parameters).filter(([name]) => !set.includes(name));
  await client.query('update candidates set parameters = $3 where tenant = $1 and candidate = $2', [
    scope.tenant,
    candidate,
    storableJson(Object.fromEntries(kept)),
  ]);
}

/** Says that the candidate's version is without a lesson. */
async function takeAway(
  client: PoolClient,
  scope: Scope,
  candidate: CandidateId,
  lesson: LessonId,
): Promise<void> {
  const { rows } = await client.query(
    `select 1 from candidate_lessons
     where tenant = $1 and candidate = $2 and lesson = $3 and revision is null`,
    [scope.tenant, candidate, lesson],
  );
  if (rows.length > 0) return;
  await lockOpen(client, scope, candidate);
  await hold(client, scope, candidate, lesson, null);
}

/** The candidate's row, locked, whose bundle must still take things in. */
async function lockOpen(client: PoolClient, scope: Scope, candidate: CandidateId) {
  const found = await lockCandidate(client, scope.tenant, candidate);
  if (found.state !== 'open' || found.version !== null) {
    throw new ConflictError(
      `candidate ${candidate}: found its bundle closed (${found.state}), expected it open; open the next one`,
    );
  }
  return found;
}

/** Puts a revision of a lesson into the bundle in the place of what the bundle held of it; null removes it. */
async function hold(
  client: PoolClient,
  scope: Scope,
  candidate: CandidateId,
  lesson: LessonId,
  revision: number | null,
): Promise<void> {
  await client.query(
    `insert into candidate_lessons (tenant, candidate, agent, lesson, revision, position)
     select $1, $2, $3, $4, $5, coalesce(max(position), 0) + 1
     from candidate_lessons where tenant = $1 and candidate = $2
     on conflict (tenant, candidate, lesson) do update set revision = excluded.revision`,
    [scope.tenant, candidate, scope.agent, lesson, revision],
  );
}

/** Answers how many of the proposals had no result yet: none, where the whole batch has landed before. */
async function settle(
  client: PoolClient,
  scope: Scope,
  results: Merge['results'],
): Promise<number> {
  const { rows } = await client.query<{ readonly settled: number }>(
    `with merged as (
       update proposals p set result = given.result, read_at = clock_timestamp()
       from json_to_recordset($3) as given(proposal text, result json)
       where p.tenant = $1 and p.agent = $2 and p.id = given.proposal and p.result is null
       returning p.id, p.result
     ), traced as (
       insert into lineage (tenant, from_kind, from_id, to_kind, to_id)
       select $1, 'candidate', merged.result ->> 'candidate', 'proposal', merged.id from merged
       where merged.result ->> 'candidate' is not null on conflict do nothing
     )
     select count(*)::integer as settled from merged`,
    [scope.tenant, scope.agent, storableJson(results)],
  );
  return rows[0]?.settled ?? 0;
}
