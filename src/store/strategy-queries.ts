import type { Pool, PoolClient } from 'pg';

import type { Pointer } from '../activities/store.js';
import { NotFoundError } from '../domain/errors.js';
import type { Actor } from '../domain/feedback.js';
import type { LessonId, Scope, VersionId } from '../domain/ids.js';
import type { Json } from '../domain/json.js';
import type { LessonRevision } from '../domain/lesson.js';
import type { LessonRef, VersionRow } from '../domain/strategy.js';
import { LESSON_COLUMNS, lessonOf, lessonsFrom, type LessonRow } from './lesson-rows.js';
import { storableJson } from './storable.js';
import { withTenant } from './transaction.js';
import { readVersion, servedRefs } from './versions.js';

export interface VersionSummary {
  readonly id: VersionId;
  readonly parent: VersionId | null;
  readonly createdAt: string;
  /** Lessons it puts or replaces, and lessons it takes away, against its parent. */
  readonly put: number;
  readonly removed: number;
  /** When it was the active one: the changes of the pointer that brought it in, and the next. */
  readonly active: readonly { readonly from: string; readonly until: string | null }[];
}

export interface VersionDiff {
  readonly from: VersionId;
  readonly to: VersionId;
  readonly added: readonly LessonRevision[];
  readonly removed: readonly LessonRevision[];
  readonly changed: readonly {
    readonly before: LessonRevision;
    readonly after: LessonRevision;
  }[];
  readonly parameters: readonly {
    readonly name: string;
    readonly before: Json;
    readonly after: Json;
  }[];
  readonly instructionsChanged: boolean;
  /** Names of tools whose digest differs. */
  readonly tools: readonly string[];
}

export interface PointerEvent extends Pointer {
  readonly at: string;
  readonly actor: Actor;
  readonly action: string;
  readonly reason: string;
}

export interface StrategyQueries {
  /** The newest revision of every lesson, in the order in which they were first proposed. */
  lessons(scope: Scope): Promise<readonly LessonRevision[]>;
  /** Every revision of one lesson, oldest first. */
  revisions(scope: Scope, lesson: LessonId): Promise<readonly LessonRevision[]>;
  /** Oldest first. */
  versions(scope: Scope): Promise<readonly VersionSummary[]>;
  diffVersions(scope: Scope, from: VersionId, to: VersionId): Promise<VersionDiff>;
  /** What the agent's instructions are in a version. */
  instructions(scope: Scope, version: VersionId): Promise<string>;
  /** Oldest first. */
  pointerHistory(scope: Scope): Promise<readonly PointerEvent[]>;
}

export function strategyQueries(pool: Pool): StrategyQueries {
  return {
    lessons: (scope) =>
      withTenant(pool, scope.tenant, async (client) => {
        const { rows } = await client.query<LessonRow>(
          `select ${LESSON_COLUMNS} from lessons l
           join lateral (
             select * from lesson_revisions every
             where every.tenant = l.tenant and every.agent = l.agent and every.lesson = l.lesson
             order by every.revision desc limit 1
           ) r on true
           where l.tenant = $1 and l.agent = $2 order by l.ordinal`,
          [scope.tenant, scope.agent],
        );
        return rows.map(lessonOf);
      }),

    revisions: (scope, lesson) =>
      withTenant(pool, scope.tenant, async (client) => {
        const { rows } = await client.query<LessonRow>(
          `select ${LESSON_COLUMNS} from lessons l join lesson_revisions r using (tenant, agent, lesson)
           where l.tenant = $1 and l.agent = $2 and l.lesson = $3 order by r.revision`,
          [scope.tenant, scope.agent, lesson],
        );
        return rows.map(lessonOf);
      }),

    versions: (scope) => withTenant(pool, scope.tenant, (client) => versions(client, scope)),

    diffVersions: (scope, from, to) =>
      withTenant(pool, scope.tenant, (client) => diff(client, scope, from, to)),

    instructions: (scope, version) =>
      withTenant(pool, scope.tenant, async (client) => {
        const { rows } = await client.query<{ readonly instructions: string }>(
          `select p.instructions from versions v
           join policies p using (tenant, agent, policy_digest)
           where v.tenant = $1 and v.agent = $2 and v.version = $3`,
          [scope.tenant, scope.agent, version],
        );
        const [row] = rows;
        if (row !== undefined) return row.instructions;
        throw new NotFoundError('version', version, 'ask `ratchet versions` for those there are');
      }),

    pointerHistory: (scope) =>
      withTenant(pool, scope.tenant, async (client) => {
        const { rows } = await client.query<
          Pointer & {
            readonly at: Date;
            readonly actor_id: string;
            readonly actor_role: Actor['role'];
            readonly action: string;
            readonly reason: string;
          }
        >(
          `select c.number, c.active, c.canary, c.exceptions, c.pinned, c.frozen, c.at, a.actor_id,
             a.actor_role, a.action, a.reason
           from pointer_changes c
           join audit a on a.tenant = c.tenant and a.sequence = c.audit_sequence
           where c.tenant = $1 and c.agent = $2 order by c.number`,
          [scope.tenant, scope.agent],
        );
        return rows.map(({ at, actor_id: id, actor_role: role, ...row }) => ({
          ...row,
          at: at.toISOString(),
          actor: { id, role },
        }));
      }),
  };
}

async function versions(client: PoolClient, scope: Scope): Promise<readonly VersionSummary[]> {
  const { rows } = await client.query<{
    readonly version: VersionId;
    readonly parent: VersionId | null;
    readonly created_at: Date;
    readonly put: number;
    readonly removed: number;
  }>(
    `select v.version, v.parent, v.created_at,
       count(c.revision)::integer as put,
       (count(c.lesson) - count(c.revision))::integer as removed
     from versions v left join version_lessons c using (tenant, agent, version)
     where v.tenant = $1 and v.agent = $2
     group by v.tenant, v.agent, v.version order by v.created_at, v.version`,
    [scope.tenant, scope.agent],
  );
  const changes = await client.query<{ readonly active: VersionId; readonly at: Date }>(
    'select active, at from pointer_changes where tenant = $1 and agent = $2 order by number',
    [scope.tenant, scope.agent],
  );
  const spans = spansOf(changes.rows);
  return rows.map((row) => ({
    id: row.version,
    parent: row.parent,
    createdAt: row.created_at.toISOString(),
    put: row.put,
    removed: row.removed,
    active: spans
      .filter((span) => span.active === row.version)
      .map(({ from, until }) => ({ from, until })),
  }));
}

interface Span {
  readonly active: VersionId;
  readonly from: string;
  readonly until: string | null;
}

/** Changes that leave the active version as it was do not end its time. */
function spansOf(
  changes: readonly { readonly active: VersionId; readonly at: Date }[],
): readonly Span[] {
  const moves = changes.filter((change, index) => changes[index - 1]?.active !== change.active);
  return moves.map(({ active, at }, index) => ({
    active,
    from: at.toISOString(),
    until: moves[index + 1]?.at.toISOString() ?? null,
  }));
}

async function diff(
  client: PoolClient,
  scope: Scope,
  from: VersionId,
  to: VersionId,
): Promise<VersionDiff> {
  const before = await readVersion(client, scope, from);
  const after = await readVersion(client, scope, to);
  const old = new Map((await servedRefs(client, scope, from)).map((ref) => [ref.lesson, ref]));
  const own = new Map((await servedRefs(client, scope, to)).map((ref) => [ref.lesson, ref]));
  const differs = [...new Set([...old.keys(), ...own.keys()])].filter(
    (lesson) => old.get(lesson)?.revision !== own.get(lesson)?.revision,
  );
  const refs = differs.flatMap((lesson) => [old.get(lesson), own.get(lesson)]);
  const found = await lessonsAt(
    client,
    scope,
    refs.filter((ref) => ref !== undefined),
  );
  const at = (ref: LessonRef | undefined): LessonRevision | undefined =>
    found.find(({ id, revision }) => id === ref?.lesson && revision === ref.revision);

  const pairs = differs.map((lesson) => ({
    before: at(old.get(lesson)),
    after: at(own.get(lesson)),
  }));
  return {
    from,
    to,
    added: pairs.flatMap((pair) =>
      pair.before === undefined && pair.after !== undefined ? [pair.after] : [],
    ),
    removed: pairs.flatMap((pair) =>
      pair.before !== undefined && pair.after === undefined ? [pair.before] : [],
    ),
    changed: pairs.flatMap((pair) =>
      pair.before !== undefined && pair.after !== undefined
        ? [{ before: pair.before, after: pair.after }]
        : [],
    ),
    parameters: parametersThatDiffer(before, after),
    instructionsChanged: before.policyDigest !== after.policyDigest,
    tools: toolsThatDiffer(before, after),
  };
}

async function lessonsAt(
  client: PoolClient,
  scope: Scope,
  refs: readonly LessonRef[],
): Promise<readonly LessonRevision[]> {
  const { rows } = await client.query<LessonRow>(
    `select ${LESSON_COLUMNS}
     from ${lessonsFrom('(select * from json_to_recordset($3) as wanted(lesson text, revision integer))')}
     order by l.ordinal, r.revision`,
    [scope.tenant, scope.agent, storableJson(refs)],
  );
  return rows.map(lessonOf);
}

function parametersThatDiffer(before: VersionRow, after: VersionRow): VersionDiff['parameters'] {
  const old = new Map<string, Json>(Object.entries(before.parameters));
  return Object.entries(after.parameters).flatMap(([name, value]: [string, Json]) => {
    const was = old.get(name) ?? null;
    return was === value ? [] : [{ name, before: was, after: value }];
  });
}

function toolsThatDiffer(before: VersionRow, after: VersionRow): readonly string[] {
  const names = new Set([...Object.keys(before.toolDigests), ...Object.keys(after.toolDigests)]);
  return [...names].filter((name) => before.toolDigests[name] !== after.toolDigests[name]).sort();
}
