import type { Pool, PoolClient } from 'pg';

import type { CandidateRow, Store } from '../activities/store.js';
import type { Candidate, CandidateState } from '../domain/candidate.js';
import { ConflictError, NotFoundError } from '../domain/errors.js';
import type {
  AgentId,
  CandidateId,
  EpisodeId,
  LessonId,
  Scope,
  TenantId,
  VersionId,
} from '../domain/ids.js';
import type { Json } from '../domain/json.js';
import type { Bundle, LessonRef } from '../domain/strategy.js';
import { digestOf } from '../contracts/digest.js';
import { LESSON_COLUMNS, lessonOf, type LessonRow } from './lesson-rows.js';
import { storable } from './storable.js';
import { withTenant } from './transaction.js';

interface CandidateRecord {
  readonly candidate: CandidateId;
  readonly agent: AgentId;
  readonly number: number;
  readonly state: CandidateState;
  readonly title: string;
  readonly permission: Candidate['permission'];
  readonly opener: EpisodeId | null;
  readonly workflow_id: string;
  readonly baseline: VersionId | null;
  readonly version: VersionId | null;
  readonly parameters: Readonly<Record<string, Json>>;
  readonly evaluation: number;
  readonly settled_up_to: number;
  readonly reason: string;
  readonly opened_at: Date;
  readonly ended_at: Date | null;
}

const COLUMNS = `candidate, agent, number, state, title, permission, opener, workflow_id, baseline, version,
  parameters, evaluation, settled_up_to, reason, opened_at, ended_at`;

/** What the candidate's bundle holds, in the order it took things in. */
export async function bundleOf(
  client: PoolClient,
  tenant: TenantId,
  record: Pick<CandidateRecord, 'candidate' | 'parameters'>,
): Promise<Bundle> {
  const { rows } = await client.query<{
    readonly lesson: LessonId;
    readonly revision: number | null;
  }>(
    `select lesson, revision from candidate_lessons where tenant = $1 and candidate = $2
     order by position`,
    [tenant, record.candidate],
  );
  const put = rows.flatMap(({ lesson, revision }): LessonRef[] =>
    revision === null ? [] : [{ lesson, revision }],
  );
  const remove = rows.flatMap(({ lesson, revision }) => (revision === null ? [lesson] : []));
  return { put, remove, parameters: record.parameters };
}

/** Hash of the contents that a gate judged; it survives a change of baseline. */
export async function bundleDigest(
  client: PoolClient,
  tenant: TenantId,
  record: Pick<CandidateRecord, 'candidate' | 'parameters'>,
): Promise<string> {
  const { rows } = await client.query<{
    readonly lesson: LessonId;
    readonly content_hash: string | null;
  }>(
    `select c.lesson, r.content_hash from candidate_lessons c
     left join lesson_revisions r on r.tenant = c.tenant and r.agent = c.agent
       and r.lesson = c.lesson and r.revision = c.revision
     where c.tenant = $1 and c.candidate = $2 order by c.lesson collate "C"`,
    [tenant, record.candidate],
  );
  return digestOf({ lessons: rows, parameters: record.parameters });
}

/** Reads a candidate and keeps others from changing it until the transaction ends. */
export async function lockCandidate(
  client: PoolClient,
  tenant: TenantId,
  id: CandidateId,
): Promise<CandidateRecord> {
  const { rows } = await client.query<CandidateRecord>(
    `select ${COLUMNS} from candidates where tenant = $1 and candidate = $2 for update`,
    [tenant, id],
  );
  const [row] = rows;
  if (row === undefined) {
    throw new NotFoundError('candidate', id, 'ask `ratchet candidates` for those there are');
  }
  return row;
}

async function candidateOf(
  client: PoolClient,
  tenant: TenantId,
  row: CandidateRecord,
): Promise<CandidateRow> {
  const lessons = await client.query<LessonRow>(
    `select ${LESSON_COLUMNS}
     from candidate_lessons c
     join lessons l on l.tenant = c.tenant and l.agent = c.agent and l.lesson = c.lesson
     join lesson_revisions r on r.tenant = c.tenant and r.agent = c.agent
       and r.lesson = c.lesson and r.revision = c.revision
     where c.tenant = $1 and c.candidate = $2 order by c.position`,
    [tenant, row.candidate],
  );
  return {
    id: row.candidate,
    agent: row.agent,
    number: row.number,
    state: row.state,
    title: row.title,
    bundle: await bundleOf(client, tenant, row),
    permission: row.permission,
    opener: row.opener,
    workflowId: row.workflow_id,
    baseline: row.baseline,
    version: row.version,
    lessons: lessons.rows.map(lessonOf),
    openedAt: row.opened_at.toISOString(),
    endedAt: row.ended_at?.toISOString() ?? null,
    reason: row.reason,
    settledUpTo: row.settled_up_to,
    evaluation: row.evaluation,
  };
}

const MAY_CLOSE: readonly CandidateState[] = ['open', 'evaluating', 'passed', 'waiting'];

export function candidateStore(
  pool: Pool,
): Pick<
  Store,
  | 'openCandidate'
  | 'nextCandidateNumber'
  | 'candidate'
  | 'candidates'
  | 'closeBundle'
  | 'setCarrier'
  | 'setSettled'
> {
  return {
    openCandidate: (scope) =>
      withTenant(pool, scope.tenant, async (client) => {
        const { rows } = await client.query<CandidateRecord>(
          `select ${COLUMNS} from candidates
           where tenant = $1 and agent = $2 and state = 'open' and closed_at is null
           order by number desc limit 1`,
          [scope.tenant, scope.agent],
        );
        const [row] = rows;
        return row === undefined ? null : candidateOf(client, scope.tenant, row);
      }),

    nextCandidateNumber: (scope) =>
      withTenant(pool, scope.tenant, async (client) => {
        const { rows } = await client.query<{ readonly next: number }>(
          'select candidates + 1 as next from agents where tenant = $1 and agent = $2',
          [scope.tenant, scope.agent],
        );
        return rows[0]?.next ?? 1;
      }),

    candidate: (tenant, id) =>
      withTenant(pool, tenant, async (client) => {
        const { rows } = await client.query<CandidateRecord>(
          `select ${COLUMNS} from candidates where tenant = $1 and candidate = $2`,
          [tenant, id],
        );
        const [row] = rows;
        return row === undefined ? null : candidateOf(client, tenant, row);
      }),

    candidates: (scope) =>
      withTenant(pool, scope.tenant, async (client) => {
        const { rows } = await client.query<CandidateRecord>(
          `select ${COLUMNS} from candidates where tenant = $1 and agent = $2 order by number`,
          [scope.tenant, scope.agent],
        );
        const candidates: CandidateRow[] = [];
        for (const row of rows) candidates.push(await candidateOf(client, scope.tenant, row));
        return candidates;
      }),

    closeBundle: (scope, id, closed) =>
      withTenant(pool, scope.tenant, async (client) => {
        const found = await lockCandidate(client, scope.tenant, id);
        const { baseline, version, permission } = closed;
        if (found.baseline === baseline && found.version === version) return;
        if (!MAY_CLOSE.includes(found.state)) {
          throw new ConflictError(
            `candidate ${id}: found it ${found.state}, expected one of ${MAY_CLOSE.join(', ')}; ` +
              'its baseline is settled',
          );
        }
        // Pairs against another baseline are another evaluation's evidence.
        await client.query(
          `update candidates set baseline = $3, version = $4, permission = $5, title = $6,
             evaluation = evaluation + 1, closed_at = coalesce(closed_at, clock_timestamp())
           where tenant = $1 and candidate = $2`,
          [scope.tenant, id, baseline, version, permission, storable(closed.title)],
        );
      }),

    setCarrier: (tenant, id, workflowId) =>
      withTenant(pool, tenant, async (client) => {
        await client.query(
          'update candidates set workflow_id = $3 where tenant = $1 and candidate = $2',
          [tenant, id, workflowId],
        );
      }),

    setSettled: (tenant, id, upTo) =>
      withTenant(pool, tenant, async (client) => {
        await client.query(
          `update candidates set settled_up_to = $3
           where tenant = $1 and candidate = $2 and settled_up_to < $3`,
          [tenant, id, upTo],
        );
      }),
  };
}

/** The agent's row, locked: it counts candidates and lessons. */
export async function lockAgent(client: PoolClient, scope: Scope): Promise<void> {
  const { rows } = await client.query(
    'select 1 from agents where tenant = $1 and agent = $2 for no key update',
    [scope.tenant, scope.agent],
  );
  if (rows.length === 0) {
    throw new NotFoundError('agent', scope.agent, 'deploy it first');
  }
}
