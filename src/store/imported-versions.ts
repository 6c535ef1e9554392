import type { PoolClient } from 'pg';

import { contentHashOf, digestOf, lessonIdOf } from '../contracts/digest.js';
import type { AgentId, Scope, TenantId, VersionId } from '../domain/ids.js';
import type { ImportedRun } from '../domain/imported-run.js';
import type { LessonDraft } from '../domain/lesson.js';
import type { Definition, LessonRef } from '../domain/strategy.js';
import { versionIdOf } from './derived-ids.js';
import { insertRevision } from './lesson-rows.js';
import { storable, storableJson } from './storable.js';

/** Settings that an imported agent is stored under where its source does not say. */
const UNKNOWN_PARAMETERS = { temperature: 0, maxModelCalls: 20, recallLimit: 0 };

/** The version of each run, in their order. What the agents knew is kept as versions that serve nobody. */
export async function putVersions(
  client: PoolClient,
  tenant: TenantId,
  runs: readonly ImportedRun[],
): Promise<readonly VersionId[]> {
  const stored = new Set<string>();
  const newest = new Map<AgentId, VersionId>();
  const versions: VersionId[] = [];
  for (const run of runs) {
    const scope = { tenant, agent: run.agent };
    const definition = definitionOf(run);
    const lessons = run.memory === undefined ? [] : [await putMemory(client, scope, run)];
    const version = versionIdOf({ ...definition, lessons });
    versions.push(version);
    if (!stored.has(`${run.agent}/${version}`)) {
      stored.add(`${run.agent}/${version}`);
      const parent =
        run.memory === undefined
          ? null
          : (newest.get(run.agent) ?? (await newestVersion(client, scope)));
      await putVersion(client, scope, {
        id: version,
        parent,
        definition,
        lessons,
        system: run.system,
      });
    }
    newest.set(run.agent, version);
  }
  return versions;
}

function definitionOf({ system, model, recorded }: ImportedRun): Definition {
  return {
    policyDigest: digestOf({ imported: recorded.format, strategy: recorded.strategy, system }),
    toolDigests: {},
    parameters: { model, ...UNKNOWN_PARAMETERS },
  };
}

async function newestVersion(client: PoolClient, scope: Scope): Promise<VersionId | null> {
  const { rows } = await client.query<{ readonly version: VersionId }>(
    `select version from episodes where tenant = $1 and agent = $2 and mode = 'imported'
     order by number desc limit 1`,
    [scope.tenant, scope.agent],
  );
  return rows[0]?.version ?? null;
}

async function putVersion(
  client: PoolClient,
  { tenant, agent }: Scope,
  version: {
    readonly id: VersionId;
    readonly parent: VersionId | null;
    readonly definition: Definition;
    readonly lessons: readonly LessonRef[];
    readonly system: string;
  },
): Promise<void> {
  const { policyDigest, toolDigests, parameters } = version.definition;
  await client.query(
    `insert into policies (tenant, agent, policy_digest, instructions) values ($1, $2, $3, $4)
     on conflict do nothing`,
    [tenant, agent, policyDigest, storable(version.system)],
  );
  // Versions of one transaction are told apart by when they were written: that is their order.
  await client.query(
    `with written as (
       insert into versions (
         tenant, agent, version, parent, policy_digest, tool_digests, parameters, definition, created_at
       ) values ($1, $2, $3, $4, $5, $6, $7, $8, clock_timestamp())
       on conflict do nothing returning version
     )
     insert into version_lessons (tenant, agent, version, lesson, revision)
     select $1, $2, written.version, given.lesson, given.revision
     from written, json_to_recordset($9) as given(lesson text, revision integer)`,
    [
      tenant,
      agent,
      version.id,
      version.parent === version.id ? null : version.parent,
      policyDigest,
      storableJson(toolDigests),
      storableJson(parameters),
      storableJson(version.definition),
      storableJson(version.lessons),
    ],
  );
}

/** The memory of a run as a revision of the one lesson that holds it; equal text is the same revision. */
async function putMemory(client: PoolClient, scope: Scope, run: ImportedRun): Promise<LessonRef> {
  const draft = memoryDraft(run);
  const lesson = lessonIdOf(scope.agent, draft.key);
  const { rows } = await client.query<{ readonly revision: number }>(
    `select revision from lesson_revisions
     where tenant = $1 and agent = $2 and lesson = $3 and content_hash = $4
     order by revision limit 1`,
    [scope.tenant, scope.agent, lesson, contentHashOf(draft)],
  );
  return {
    lesson,
    revision: rows[0]?.revision ?? (await insertRevision(client, scope, lesson, draft)),
  };
}

function memoryDraft({ memory, recorded }: ImportedRun): LessonDraft {
  return {
    key: 'imported/memory',
    kind: 'case',
    title: 'memory as it was recorded',
    trigger: { predicates: [], when: '', notWhen: '' },
    body: { form: 'text', text: memory?.text ?? '' },
    rationale: `recorded by ${recorded.strategy}; it serves nobody`,
    evidence: [],
    sources: [{ channel: 'reflection', principal: recorded.strategy, authority: 0 }],
    trust: 'low',
    toolVersions: {},
  };
}
