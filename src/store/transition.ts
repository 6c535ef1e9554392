import type { Pool, PoolClient } from 'pg';

import type { Move } from '../activities/candidate-store.js';
import type { Pointer, Store, Transition } from '../activities/store.js';
import { isEnd, mayFollow, type CandidateState } from '../domain/candidate.js';
import { ConflictError, DeniedError } from '../domain/errors.js';
import type { CandidateId, LessonId, Scope, VersionId } from '../domain/ids.js';
import type { LessonStatus } from '../domain/lesson.js';
import { appendAudit, type AuditDraft } from './audit.js';
import { bundleDigest, bundleOf, lockCandidate } from './candidates.js';
import { pinWins, unpinWins } from './pinned.js';
import { movePointer, readPointer } from './pointer.js';
import { storable } from './storable.js';
import { withTenant } from './transaction.js';

/** What a candidate's state makes of the revisions in its bundle. */
const STATUS: Readonly<Record<CandidateState, LessonStatus>> = {
  open: 'candidate',
  evaluating: 'shadow',
  passed: 'shadow',
  waiting: 'shadow',
  canary: 'canary',
  probation: 'active',
  promoted: 'active',
  rejected: 'retired',
  'rolled-back': 'quarantined',
  aborted: 'retired',
};

/** States in which some task is served by the candidate's version, or all are. */
const SERVING: readonly CandidateState[] = ['canary', 'probation', 'promoted'];

/** States in which the candidate's version is what every task gets. */
const ACTIVE: readonly CandidateState[] = ['probation', 'promoted'];

type Found = Awaited<ReturnType<typeof lockCandidate>>;

/**
 * The one function that changes a candidate's state: state, lesson statuses, pointer and exactly one
 * audit entry land in one transaction or none does.
 */
export function transitionStore(pool: Pool): Pick<Store, 'transition'> {
  return {
    transition: (scope, transition) =>
      withTenant(pool, scope.tenant, async (client) => {
        const audit = await moved(client, scope, transition, transition);
        if (audit === null) return { pointer: await readPointer(client, scope) };
        for (const other of transition.also ?? []) {
          const own = await moved(client, scope, other, transition);
          if (own !== null) await appendAudit(client, scope.tenant, own);
        }
        return { pointer: await landed(client, scope, transition, audit) };
      }),
  };
}

/** Writes one candidate's new state; answers the audit entry it needs, null where it is there already. */
async function moved(
  client: PoolClient,
  scope: Scope,
  { candidate: id, from, to }: Move,
  transition: Transition,
): Promise<AuditDraft | null> {
  const found = await lockCandidate(client, scope.tenant, id);
  if (found.state === to) return null;
  if (!from.includes(found.state) || !mayFollow(found.state, to)) {
    throw new ConflictError(
      `candidate ${id}: found it ${found.state}, expected one of ${from.join(', ')} ` +
        `to become ${to}; look at it again`,
    );
  }
  if (SERVING.includes(to)) await assertCleared(client, scope, found, transition);
  // What is evaluated anew gets evidence of its own, also where its baseline is the one it had.
  const isAnew = to === 'evaluating' && SERVING.includes(found.state);
  await client.query(
    `update candidates set state = $3, reason = $4, evaluation = evaluation + $6,
       ended_at = case when $5 then clock_timestamp() end
     where tenant = $1 and candidate = $2`,
    [scope.tenant, id, to, storable(transition.reason), isEnd(to), isAnew ? 1 : 0],
  );
  await setStatuses(client, scope, found, to);
  await dropWatches(client, scope, found, to);
  return {
    actor: transition.actor,
    action: to,
    object: { kind: 'candidate', id },
    reason: transition.reason,
    detail: { ...transition.detail, before: found.state, after: to },
  };
}

async function landed(
  client: PoolClient,
  scope: Scope,
  transition: Transition,
  audit: AuditDraft,
): Promise<Pointer | null> {
  if (transition.pointer !== undefined) {
    const { expected, change } = transition.pointer;
    return movePointer(client, scope, expected, change, audit);
  }
  await appendAudit(client, scope.tenant, audit);
  return readPointer(client, scope);
}

/**
 * Nothing serves without a passed gate of the same contents or a person who forced it by name, and what
 * needs approval has a person's word on record too.
 */
async function assertCleared(
  client: PoolClient,
  scope: Scope,
  found: Found,
  transition: Transition,
): Promise<void> {
  await assertNoneQuarantined(client, scope, found, transition);
  if (transition.actor.role !== 'system') return;
  const digest = await bundleDigest(client, scope.tenant, found);
  const { rows } = await client.query<{
    readonly passed: boolean;
    readonly forced: boolean;
    readonly approved: boolean;
  }>(
    `select
       coalesce((
         select verdict = 'pass' from gate_records
         where tenant = $1 and candidate = $2 and purpose = 'gate' and bundle_digest = $3
         order by number desc limit 1
       ), false) as passed,
       coalesce(bool_or(action = 'canary'), false) as forced,
       count(*) > 0 as approved
     from audit
     where tenant = $1 and object_kind = 'candidate' and object_id = $2 and actor_role <> 'system'`,
    [scope.tenant, found.candidate, digest],
  );
  const [cleared] = rows;
  if (cleared?.forced === true) return;
  if (cleared?.passed !== true) {
    throw new DeniedError(
      `candidate ${found.candidate}: found neither a gate record with verdict pass for its contents nor ` +
        `a person who forced it, expected one of them before ${transition.to}`,
    );
  }
  if (found.permission !== 'auto' && !cleared.approved) {
    throw new DeniedError(
      `candidate ${found.candidate}: found no person's decision, expected an approval before ` +
        `${transition.to}; its layers are ${found.permission}`,
    );
  }
}

/** What was quarantined while its candidate was under way serves nobody, whoever says so. */
async function assertNoneQuarantined(
  client: PoolClient,
  scope: Scope,
  found: Found,
  { to }: Transition,
): Promise<void> {
  const { rows } = await client.query<{ readonly name: string }>(
    `select r.lesson || '@' || r.revision as name
     from candidate_lessons c
     join lesson_revisions r on r.tenant = c.tenant and r.agent = c.agent and r.lesson = c.lesson
       and r.revision = c.revision
     where c.tenant = $1 and c.candidate = $2 and r.status = 'quarantined' order by 1`,
    [scope.tenant, found.candidate],
  );
  if (rows.length === 0) return;
  const names = rows.map(({ name }) => name).join(', ');
  throw new DeniedError(
    `candidate ${found.candidate}: found ${names} quarantined, expected none before ${to}; abort it`,
  );
}

async function setStatuses(
  client: PoolClient,
  scope: Scope,
  found: Found,
  to: CandidateState,
): Promise<void> {
  const bundle = await bundleOf(client, scope.tenant, found);
  await client.query(
    `update lesson_revisions r set status = $3
     from candidate_lessons c
     where c.tenant = $1 and c.candidate = $2 and r.tenant = c.tenant and r.agent = c.agent
       and r.lesson = c.lesson and r.revision = c.revision and r.status not in ($3, 'quarantined')
       and not exists (
         select from candidate_lessons taken
         join candidates later on later.tenant = taken.tenant and later.candidate = taken.candidate
         where taken.tenant = c.tenant and taken.agent = c.agent and taken.lesson = c.lesson
           and taken.revision = c.revision and later.number > $4
       )`,
    // What a later bundle took along is that one's to speak for; what was quarantined stays so.
    [scope.tenant, found.candidate, STATUS[to], found.number],
  );

  // What the bundle replaces or takes away leaves service with the promotion and is back with the rollback.
  const { baseline } = found;
  if (baseline === null) return;
  const touched = [...bundle.put.map(({ lesson }) => lesson), ...bundle.remove];
  const replaced = { baseline, touched, candidate: found.candidate };
  const wasActive = ACTIVE.includes(found.state);
  const isActive = ACTIVE.includes(to);
  if (isActive && !wasActive) {
    await setReplaced(client, scope, replaced, 'active', 'retired');
    await pinWins(client, scope, found);
  }
  if (wasActive && !isActive) {
    await setReplaced(client, scope, replaced, 'retired', 'active');
    await unpinWins(client, scope, found.candidate);
  }
}

/** An evaluation or a life that was cut short leaves no flag behind that nobody will ever lower. */
async function dropWatches(
  client: PoolClient,
  scope: Scope,
  found: Found,
  to: CandidateState,
): Promise<void> {
  const over = [
    ...(found.state === 'evaluating' ? [`shadow/${found.candidate}`] : []),
    ...(isEnd(to) ? [found.workflow_id] : []),
  ];
  if (over.length === 0) return;
  await client.query(
    'delete from outcome_watches where tenant = $1 and agent = $2 and workflow_id = any($3)',
    [scope.tenant, scope.agent, over],
  );
}

async function setReplaced(
  client: PoolClient,
  scope: Scope,
  replaced: {
    readonly baseline: VersionId;
    readonly touched: readonly LessonId[];
    readonly candidate: CandidateId;
  },
  from: LessonStatus,
  to: LessonStatus,
): Promise<void> {
  await client.query(
    `update lesson_revisions r set status = $6
     from (
       select distinct on (c.lesson) c.lesson, c.revision
       from ancestry($1, $2, $3) a
       join version_lessons c on c.tenant = $1 and c.agent = $2 and c.version = a.version
       where c.lesson = any($4)
       order by c.lesson, a.distance
     ) served
     where r.tenant = $1 and r.agent = $2 and r.lesson = served.lesson
       and r.revision = served.revision and r.status = $5
       and not exists (
         select from candidate_lessons own where own.tenant = $1 and own.candidate = $7
           and own.lesson = r.lesson and own.revision = r.revision
       )`,
    [scope.tenant, scope.agent, replaced.baseline, replaced.touched, from, to, replaced.candidate],
  );
}
