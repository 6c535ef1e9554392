import type { Pool, PoolClient } from 'pg';
import { z } from 'zod';

import type { Store } from '../activities/store.js';
import { parseOr } from '../contracts/parse.js';
import { NotFoundError } from '../domain/errors.js';
import type { LessonId, Scope, VersionId } from '../domain/ids.js';
import type { Json } from '../domain/json.js';
import type { Bundle, Definition, LessonRef, Parameters, VersionRow } from '../domain/strategy.js';
import { versionIdOf } from './derived-ids.js';
import { LESSON_COLUMNS, lessonOf, lessonsFrom, type LessonRow } from './lesson-rows.js';
import { storableJson } from './storable.js';
import { withTenant } from './transaction.js';

interface VersionRecord {
  readonly version: VersionId;
  readonly parent: VersionId | null;
  readonly policy_digest: string;
  readonly tool_digests: Readonly<Record<string, string>>;
  readonly parameters: Parameters;
  readonly definition: Definition;
}

const LearnedParameters = z.strictObject({
  model: z.string().min(1),
  temperature: z.number().min(0).max(2),
  maxModelCalls: z.int().min(1),
  recallLimit: z.int().min(0),
});

/** The version, or a NotFoundError that says whose it was looked for. */
export async function readVersion(
  client: PoolClient,
  scope: Scope,
  id: VersionId,
): Promise<VersionRow> {
  const found = await findVersion(client, scope, id);
  if (found === null) {
    throw new NotFoundError('version', id, `ask \`ratchet versions\` for those of ${scope.agent}`);
  }
  return found;
}

async function findVersion(
  client: PoolClient,
  scope: Scope,
  id: VersionId,
): Promise<VersionRow | null> {
  const { rows } = await client.query<VersionRecord>({
    name: 'version',
    text: `select version, parent, policy_digest, tool_digests, parameters, definition from versions
           where tenant = $1 and agent = $2 and version = $3`,
    values: [scope.tenant, scope.agent, id],
  });
  const [row] = rows;
  if (row === undefined) return null;
  return {
    id: row.version,
    parent: row.parent,
    policyDigest: row.policy_digest,
    toolDigests: row.tool_digests,
    parameters: row.parameters,
    definition: row.definition,
  };
}

export async function servedRefs(
  client: PoolClient,
  scope: Scope,
  id: VersionId,
): Promise<readonly LessonRef[]> {
  const { rows } = await client.query<LessonRef>(
    'select lesson, revision from served_lessons($1, $2, $3)',
    [scope.tenant, scope.agent, id],
  );
  return rows;
}

export interface VersionDraft extends Definition {
  readonly put: readonly LessonRef[];
  readonly remove: readonly LessonId[];
  readonly definition: Definition;
}

/**
 * Stores the version that `draft` makes of `parent`, as the rows that differ, and answers its id.
 * Content that is stored already is found by its hash and nothing is written.
 */
export async function insertVersion(
  client: PoolClient,
  scope: Scope,
  parent: VersionId | null,
  draft: VersionDraft,
): Promise<VersionId> {
  const before = new Map(
    parent === null
      ? []
      : (await servedRefs(client, scope, parent)).map(({ lesson, revision }) => [lesson, revision]),
  );
  const after = new Map(before);
  for (const lesson of draft.remove) after.delete(lesson);
  for (const { lesson, revision } of draft.put) after.set(lesson, revision);
  const { policyDigest, toolDigests, parameters, definition } = draft;
  const id = versionIdOf({
    policyDigest,
    toolDigests,
    parameters,
    lessons: Array.from(after, ([lesson, revision]) => ({ lesson, revision })),
  });

  const { rowCount } = await client.query(
    `insert into versions (
       tenant, agent, version, parent, policy_digest, tool_digests, parameters, definition
     ) values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict do nothing`,
    [
      scope.tenant,
      scope.agent,
      id,
      parent === id ? null : parent,
      policyDigest,
      storableJson(toolDigests),
      storableJson(parameters),
      storableJson(definition),
    ],
  );
  if (rowCount === 0) return id;

  const touched = new Set([...draft.remove, ...draft.put.map(({ lesson }) => lesson)]);
  const changes = [...touched]
    .filter((lesson) => before.get(lesson) !== after.get(lesson))
    .map((lesson) => ({ lesson, revision: after.get(lesson) ?? null }));
  if (changes.length > 0) await insertChanges(client, scope, id, changes);
  return id;
}

async function insertChanges(
  client: PoolClient,
  scope: Scope,
  id: VersionId,
  changes: readonly { readonly lesson: LessonId; readonly revision: number | null }[],
): Promise<void> {
  await client.query(
    `with changed as (
       select * from json_to_recordset($4) as change(lesson text, revision integer)
     ), traced as (
       insert into lineage (tenant, from_kind, from_id, to_kind, to_id)
       select $1, 'version', $3, 'lesson', lesson || '@' || revision from changed
       where revision is not null on conflict do nothing
     )
     insert into version_lessons (tenant, agent, version, lesson, revision)
     select $1, $2, $3, lesson, revision from changed`,
    [scope.tenant, scope.agent, id, storableJson(changes)],
  );
}

async function deriveVersion(
  client: PoolClient,
  scope: Scope,
  parent: VersionId,
  bundle: Bundle,
): Promise<VersionId> {
  const from = await readVersion(client, scope, parent);
  const missing = await client.query<LessonRef>(
    `select wanted.lesson, wanted.revision
     from json_to_recordset($3) as wanted(lesson text, revision integer)
     left join lesson_revisions r on r.tenant = $1 and r.agent = $2
       and r.lesson = wanted.lesson and r.revision = wanted.revision
     where r.lesson is null`,
    [scope.tenant, scope.agent, storableJson(bundle.put)],
  );
  const [unknown] = missing.rows;
  if (unknown !== undefined) {
    const name = `${unknown.lesson}@${String(unknown.revision)}`;
    throw new NotFoundError('lesson', name, 'store the revision before a version serves it');
  }
  return insertVersion(client, scope, parent, {
    policyDigest: from.policyDigest,
    toolDigests: from.toolDigests,
    parameters: withLearned(from.parameters, {
      ...(await definedAgain(client, scope, from.definition, bundle.remove)),
      ...bundle.parameters,
    }),
    definition: from.definition,
    put: bundle.put,
    remove: bundle.remove,
  });
}

/** Parameters that lessons taken away had set, at the values of the agent's definition. */
async function definedAgain(
  client: PoolClient,
  scope: Scope,
  definition: Definition,
  removed: readonly LessonId[],
): Promise<Readonly<Record<string, Json>>> {
  if (removed.length === 0) return {};
  const { rows } = await client.query<{ readonly parameter: string }>(
    `select distinct r.content -> 'body' ->> 'parameter' as parameter from lesson_revisions r
     where r.tenant = $1 and r.agent = $2 and r.lesson = any($3)
       and r.content -> 'body' ->> 'form' = 'value'`,
    [scope.tenant, scope.agent, removed],
  );
  const set = new Set(rows.map(({ parameter }) => parameter));
  return Object.fromEntries(
    Object.entries(definition.parameters).filter(([name]) => set.has(name)),
  );
}

/** What a version puts, as `lessonsFrom` wants it. */
const CHANGES = `(
  select c.lesson, c.revision from version_lessons c
  where c.tenant = $1 and c.agent = $2 and c.version = $3
)`;

function withLearned(parameters: Parameters, learned: Readonly<Record<string, Json>>): Parameters {
  return parseOr(LearnedParameters, { ...parameters, ...learned }, 'bundle.parameters');
}

export function versionStore(
  pool: Pool,
): Pick<Store, 'version' | 'lessonsServing' | 'servedOf' | 'versionChange' | 'deriveVersion'> {
  return {
    version: (scope, id) =>
      withTenant(pool, scope.tenant, (client) => findVersion(client, scope, id)),

    lessonsServing: (scope, id) =>
      withTenant(pool, scope.tenant, async (client) => {
        const { rows } = await client.query<LessonRow>(
          `select ${LESSON_COLUMNS}
           from ${lessonsFrom('served_lessons($1, $2, $3)')} order by l.ordinal`,
          [scope.tenant, scope.agent, id],
        );
        return rows.map(lessonOf);
      }),

    servedOf: (scope, id, lessons) =>
      withTenant(pool, scope.tenant, async (client) => {
        const { rows } = await client.query<LessonRef>(
          `select nearest.lesson, nearest.revision from (
             select distinct on (c.lesson) c.lesson, c.revision
             from ancestry($1, $2, $3) a
             join version_lessons c on c.tenant = $1 and c.agent = $2 and c.version = a.version
             where c.lesson = any($4) order by c.lesson, a.distance
           ) nearest where nearest.revision is not null`,
          [scope.tenant, scope.agent, id, lessons],
        );
        return rows;
      }),

    versionChange: (scope, id) =>
      withTenant(pool, scope.tenant, async (client) => {
        const { parent } = await readVersion(client, scope, id);
        const put = await client.query<LessonRow>(
          `select ${LESSON_COLUMNS}
           from ${lessonsFrom(CHANGES)} order by l.ordinal`,
          [scope.tenant, scope.agent, id],
        );
        const removed = await client.query<{ readonly lesson: LessonId }>(
          `select c.lesson from version_lessons c join lessons l using (tenant, agent, lesson)
           where c.tenant = $1 and c.agent = $2 and c.version = $3 and c.revision is null
           order by l.ordinal`,
          [scope.tenant, scope.agent, id],
        );
        return {
          parent,
          put: put.rows.map(lessonOf),
          remove: removed.rows.map((row) => row.lesson),
        };
      }),

    deriveVersion: (scope, parent, bundle) =>
      withTenant(pool, scope.tenant, (client) => deriveVersion(client, scope, parent, bundle)),
  };
}
