import type { PoolClient } from 'pg';

import type { LessonId, Scope } from '../domain/ids.js';
import type {
  Evidence,
  LessonAttribution,
  LessonContent,
  LessonDraft,
  LessonRevision,
  LessonSource,
  LessonStatus,
  Trust,
  Validity,
} from '../domain/lesson.js';
import type { SchemaFact } from '../domain/schema-fact.js';
import { contentHashOf, sha256 } from '../contracts/digest.js';
import { thingsOf } from '../domain/validation/conflict.js';
import { storable, storableJson } from './storable.js';

export interface LessonRow {
  readonly lesson: LessonId;
  readonly revision: number;
  readonly key: string;
  readonly content_hash: string;
  readonly content: LessonContent;
  readonly rationale: string;
  readonly sources: readonly LessonSource[];
  readonly trust: Trust;
  readonly tool_versions: Readonly<Record<string, string>>;
  readonly fact: SchemaFact | null;
  readonly status: LessonStatus;
  readonly validity: Validity | null;
  readonly attribution: LessonAttribution | null;
  readonly created_at: Date;
  readonly evidence: readonly Evidence[] | null;
}

/** Columns of a `LessonRow`, from `lessons l` joined with `lesson_revisions r`. */
export const LESSON_COLUMNS = `l.lesson, r.revision, l.key, r.content_hash, r.content, r.rationale, r.sources,
  r.trust, r.tool_versions, r.fact, r.status, r.validity, r.attribution, r.created_at,
  (select json_agg(json_build_object(
       'episode', v.episode, 'task', v.task, 'steps', v.steps, 'role', v.role, 'outcome', v.outcome,
       'reliability', v.reliability) order by v.task, v.episode, v.role)
   from evidence v
   where v.tenant = r.tenant and v.agent = r.agent and v.lesson = r.lesson and v.revision = r.revision
  ) as evidence`;

/**
 * `lessons l` and `lesson_revisions r` for each row of `refs`, which has the columns `lesson` and
 * `revision`. Looked up by key, row by row: on tables that were not analysed yet, the planner takes an
 * agent's lessons for one row and would join them by trying every pair.
 */
export function lessonsFrom(refs: string): string {
  return `${refs} ref
    cross join lateral (
      select * from lessons named
      where named.tenant = $1 and named.agent = $2 and named.lesson = ref.lesson limit 1
    ) l
    cross join lateral (
      select * from lesson_revisions stored
      where stored.tenant = $1 and stored.agent = $2 and stored.lesson = ref.lesson
        and stored.revision = ref.revision limit 1
    ) r`;
}

export function lessonOf(row: LessonRow): LessonRevision {
  const lesson = {
    id: row.lesson,
    revision: row.revision,
    key: row.key,
    contentHash: row.content_hash,
    kind: row.content.kind,
    title: row.content.title,
    trigger: row.content.trigger,
    body: row.content.body,
    rationale: row.rationale,
    evidence: row.evidence ?? [],
    sources: row.sources,
    trust: row.trust,
    toolVersions: row.tool_versions,
    status: row.status,
    storedAt: row.created_at.toISOString(),
  };
  return {
    ...lesson,
    ...(row.fact !== null && { fact: row.fact }),
    ...(row.validity !== null && { validity: row.validity }),
    ...(row.attribution !== null && { attribution: row.attribution }),
  };
}

/** Digests of the things that a lesson lays down a value for: names may be as long as the lesson. */
export function storedThings(content: LessonContent): readonly string[] {
  return thingsOf(content).map((thing) => sha256(thing).slice(0, 16));
}

/**
 * Stores a draft as the lesson's next revision, with its evidence and where it came from, and answers
 * the revision's number. The agent's row must be locked: it counts the lessons.
 */
export async function insertRevision(
  client: PoolClient,
  scope: Scope,
  lesson: LessonId,
  draft: LessonDraft,
): Promise<number> {
  const { rows: known } = await client.query<{ readonly newest: number | null }>(
    `select max(r.revision) as newest
     from lessons l left join lesson_revisions r using (tenant, agent, lesson)
     where l.tenant = $1 and l.agent = $2 and l.lesson = $3 group by l.lesson`,
    [scope.tenant, scope.agent, lesson],
  );
  if (known.length === 0) {
    await client.query(
      `with counted as (
         update agents set lessons = lessons + 1 where tenant = $1 and agent = $2 returning lessons
       )
       insert into lessons (tenant, agent, lesson, key, kind, ordinal)
       select $1, $2, $3, $4, $5, counted.lessons from counted`,
      [scope.tenant, scope.agent, lesson, storable(draft.key), draft.kind],
    );
  }
  const revision = (known[0]?.newest ?? 0) + 1;
  const { kind, title, trigger, body } = draft;
  await client.query(
    `insert into lesson_revisions (
       tenant, agent, lesson, revision, content_hash, content, rationale, sources, trust, tool_versions,
       fact, validity, attribution, things, status
     ) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, 'candidate')`,
    [
      scope.tenant,
      scope.agent,
      lesson,
      revision,
      contentHashOf(draft),
      storableJson({ kind, title, trigger, body }),
      storable(draft.rationale),
      storableJson(draft.sources),
      draft.trust,
      storableJson(draft.toolVersions),
      draft.fact === undefined ? null : storableJson(draft.fact),
      draft.validity === undefined ? null : storableJson(draft.validity),
      draft.attribution === undefined ? null : storableJson(draft.attribution),
      storedThings(draft),
    ],
  );
  await insertEvidence(client, scope, lesson, revision, draft.evidence);
  return revision;
}

/** Adds evidence a revision does not have yet, with its lineage. */
export async function insertEvidence(
  client: PoolClient,
  scope: Scope,
  lesson: LessonId,
  revision: number,
  evidence: readonly Evidence[],
): Promise<void> {
  if (evidence.length === 0) return;
  await client.query(
    `with cited as (
       select * from json_to_recordset($5) as item(
         episode text, role text, task text, steps integer[], outcome double precision,
         reliability double precision)
     ), traced as (
       insert into lineage (tenant, from_kind, from_id, to_kind, to_id)
       select distinct $1, 'lesson', $3 || '@' || $4::integer, 'episode', cited.episode from cited
       on conflict do nothing
     )
     insert into evidence (
       tenant, agent, lesson, revision, episode, role, task, steps, outcome, reliability
     )
     select $1, $2, $3, $4::integer, episode, role, task, steps, outcome, reliability from cited
     on conflict do nothing`,
    [scope.tenant, scope.agent, lesson, revision, storableJson(evidence)],
  );
}
