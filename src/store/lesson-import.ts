import type { Pool } from 'pg';

import { contentHashOf, lessonIdOf } from '../contracts/digest.js';
import type { Scope, TenantId } from '../domain/ids.js';
import type { LessonDraft } from '../domain/lesson.js';
import type { LessonRef } from '../domain/strategy.js';
import { lockAgent } from './candidates.js';
import { storedThings } from './lesson-rows.js';
import { storable, storableJson } from './storable.js';
import { asOwner, withTenant } from './transaction.js';

/**
 * Stores lessons that were not learned here, thousands at once, each as revision 1 of a key that the
 * agent has no lesson of yet. They serve nothing until a version puts them; their evidence is elsewhere.
 */
export async function importLessons(
  pool: Pool,
  scope: Scope,
  drafts: readonly LessonDraft[],
): Promise<readonly LessonRef[]> {
  const rows = drafts.map((draft, index) => {
    const { kind, title, trigger, body } = draft;
    return {
      lesson: lessonIdOf(scope.agent, draft.key),
      position: index + 1,
      key: storable(draft.key),
      kind,
      content_hash: contentHashOf(draft),
      content: { kind, title, trigger, body },
      rationale: storable(draft.rationale),
      sources: draft.sources,
      trust: draft.trust,
      tool_versions: draft.toolVersions,
      fact: draft.fact ?? null,
      validity: draft.validity ?? null,
      things: storedThings(draft),
    };
  });
  await withTenant(pool, scope.tenant, async (client) => {
    await lockAgent(client, scope);
    const { rows: counted } = await client.query<{ readonly before: number }>(
      `update agents set lessons = lessons + $3 where tenant = $1 and agent = $2
       returning lessons - $3 as before`,
      [scope.tenant, scope.agent, rows.length],
    );
    await client.query(
      `with given as (
         select * from json_to_recordset($4) as item(
           lesson text, position integer, key text, kind text, content_hash text, content json,
           rationale text, sources json, trust text, tool_versions json, fact json,
           validity json, things text[])
       ), named as (
         insert into lessons (tenant, agent, lesson, key, kind, ordinal)
         select $1, $2, lesson, key, kind, $3::integer + position from given
       )
       insert into lesson_revisions (
         tenant, agent, lesson, revision, content_hash, content, rationale, sources, trust,
         tool_versions, fact, validity, things, status
       )
       select $1, $2, lesson, 1, content_hash, content, rationale, sources, trust, tool_versions, fact,
         validity, things, 'candidate'
       from given`,
      [scope.tenant, scope.agent, counted[0]?.before ?? 0, storableJson(rows)],
    );
  });
  return rows.map(({ lesson }) => ({ lesson, revision: 1 }));
}

/**
 * Tells the planner what was imported, as autovacuum does within a minute: until then it takes an
 * agent's lessons for a few, and reading a version of many can take twenty seconds.
 */
export async function analyzeLessons(pool: Pool): Promise<void> {
  await asOwner(pool, (client) =>
    client.query('analyze versions, version_lessons, lessons, lesson_revisions, evidence'),
  );
}

const TABLES_OF_A_CHANGE = [
  'agents',
  'audit',
  'audit_heads',
  'lesson_revisions',
  'lessons',
  'lineage',
  'pointer_changes',
  'pointers',
  'version_lessons',
  'versions',
] as const;

/** Names the instant after which `rowsWrittenSince` counts. */
export async function writeMark(pool: Pool, tenant: TenantId): Promise<string> {
  return withTenant(pool, tenant, async (client) => {
    const { rows } = await client.query<{ readonly mark: string }>(
      'select pg_current_xact_id()::xid::text as mark',
    );
    return rows[0]?.mark ?? '0';
  });
}

/** Rows of lessons, versions, pointer and audit that a tenant's transactions wrote after a mark. */
export async function rowsWrittenSince(
  pool: Pool,
  tenant: TenantId,
  mark: string,
): Promise<number> {
  return withTenant(pool, tenant, async (client) => {
    const counts = TABLES_OF_A_CHANGE.map(
      (table) =>
        `select count(*)::integer as n from ${table}
         where tenant = $1 and age(xmin) < age($2::text::xid)`,
    );
    const { rows } = await client.query<{ readonly n: number }>(counts.join(' union all '), [
      tenant,
      mark,
    ]);
    return rows.reduce((sum, { n }) => sum + n, 0);
  });
}
