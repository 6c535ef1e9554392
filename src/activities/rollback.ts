import type { CandidateState } from '../domain/candidate.js';
import { ConflictError } from '../domain/errors.js';
import type { Actor } from '../domain/feedback.js';
import type { CandidateId, Scope, TenantId, VersionId } from '../domain/ids.js';
import type { LessonRevision } from '../domain/lesson.js';
import { planRetreat, type StandingPromotion } from '../domain/rollback.js';
import type { Bundle } from '../domain/strategy.js';
import { assertActive, candidateRow } from './candidate-reading.js';
import type { RollbackRequest } from './learning-activities.js';
import type { Messenger } from './messenger.js';
import { transitionWithPointer } from './pointer-change.js';
import type { CandidateRow, Pointer, Store, Transition } from './store.js';

/** What was taken back: what serves by now, the state of the one asked for, and whom to wake. */
export interface RolledBack {
  readonly to: VersionId;
  readonly state: CandidateState;
  readonly moved: readonly string[];
  /** Promotions past their probation that left service: their workflows are over and tell the learner nothing. */
  readonly past: readonly EndedPromotion[];
}

export interface EndedPromotion {
  readonly candidate: CandidateId;
  readonly workflowId: string;
}

/**
 * Takes a candidate back. From its canary the share falls to 0; from probation or after it the pointer
 * returns to the last known-good version, what came after that goes back to evaluation, and a canary that
 * stood on it too. Idempotent: what is taken back already is left as it is.
 */
export async function rollBack(store: Store, request: RollbackRequest): Promise<RolledBack> {
  const { tenant, agent, candidate, expectedVersion } = request;
  const scope = { tenant, agent };
  let moved: readonly string[] = [];
  let past: readonly EndedPromotion[] = [];
  const pointer = await transitionWithPointer(store, scope, async (current) => {
    assertActive(current, expectedVersion, 'rollback');
    past = [];
    const row = await candidateRow(store, tenant, candidate);
    moved = [];
    if (row.state === 'canary') {
      const transition = moveTo(request, row.id, request.to ?? 'rolled-back');
      return { kind: 'move', transition: withPointer(transition, current, { canary: null }) };
    }
    const chain = await standingPromotions(store, scope, current, candidate);
    const retreat = planRetreat(chain, candidate);
    if (retreat === undefined) {
      // On probation, but a person moved the pointer elsewhere: nothing of it serves.
      return row.state === 'probation'
        ? { kind: 'move', transition: moveTo(request, candidate, 'rolled-back') }
        : { kind: 'nothing' };
    }
    const active = await versionBefore(store, scope, current, retreat.undone);
    const stood = await canaryOf(store, tenant, current);
    const also = [
      ...retreat.again.map((other) => ({ from: FROM, candidate: other.id, to: endOf(other) })),
      ...stood.map(({ id }) => ({ from: FROM, candidate: id, to: 'evaluating' as const })),
    ];
    moved = [...retreat.undone, ...stood].map(({ workflowId }) => workflowId);
    past = promotedOf(retreat.undone);
    const exceptions = withoutUndone(current, active, retreat.undone);
    const move = moveTo(request, retreat.quarantined.id, 'rolled-back');
    const detail = { ...request.detail, from: current.active, to: active };
    const transition = { ...move, detail, also };
    const change = { active, canary: null, exceptions };
    return { kind: 'move', transition: withPointer(transition, current, change) };
  });
  const { state } = await candidateRow(store, tenant, candidate);
  return { to: pointer.active, state, moved, past };
}

/** What a return to a named version came to. Exceptions that do not rest on what was undone stay. */
export interface ReturnedTo extends Pick<RolledBack, 'to' | 'moved' | 'past'> {
  /** False where the version served already, with no canary beside it. */
  readonly isChanged: boolean;
  /** Candidates that ended by it. */
  readonly ended: readonly CandidateId[];
  /** Candidates that are evaluated again, on the version that serves by now. */
  readonly again: readonly CandidateId[];
  readonly pointer: Pointer;
}

/**
 * Returns to a version that a person named. Promotions made since it served are rolled back with it, and a
 * canary goes back to evaluation: its baseline is gone. Where the version serves already the canary is what
 * is taken back, and without one there is nothing to do.
 */
export async function rollBackTo(
  store: Store,
  scope: Scope,
  { to, actor, reason, expectedVersion }: RollBackTo,
): Promise<ReturnedTo> {
  let moved: readonly string[] = [];
  let ended: readonly CandidateId[] = [];
  let again: readonly CandidateId[] = [];
  let isChanged = true;
  let past: readonly EndedPromotion[] = [];
  const pointer = await transitionWithPointer(store, scope, async (current) => {
    assertActive(current, expectedVersion, 'rollback');
    [moved, ended, again, past, isChanged] = [[], [], [], [], true];
    const stood = await canaryOf(store, scope.tenant, current);
    if (current.active === to) {
      const [canary] = stood;
      isChanged = canary !== undefined;
      if (canary === undefined) return { kind: 'nothing' };
      moved = [canary.workflowId];
      ended = [canary.id];
      const detail = { stage: 'canary', automatic: false, to };
      const move = { candidate: canary.id, from: FROM, to: 'rolled-back' } as const;
      const transition = { ...move, actor, reason, detail };
      return { kind: 'move', transition: withPointer(transition, current, { canary: null }) };
    }
    await refuseRevoked(store, scope, to);
    const undone = await standingSince(store, scope, current, to);
    const exceptions = withoutUndone(current, to, undone);
    const change = { active: to, canary: null, exceptions };
    const detail = { from: current.active, to, automatic: false };
    const moves = [
      ...undone.map(({ id }) => ({ from: FROM, candidate: id, to: 'rolled-back' as const })),
      ...stood.map(({ id }) => ({ from: FROM, candidate: id, to: 'evaluating' as const })),
    ];
    moved = [...undone, ...stood].map(({ workflowId }) => workflowId);
    ended = undone.map(({ id }) => id);
    again = stood.map(({ id }) => id);
    past = promotedOf(undone);
    const [first, ...also] = moves;
    if (first === undefined)
      return { kind: 'change', change, audit: { actor, action: 'rollback', reason, detail } };
    const transition = { ...first, actor, reason, detail, also };
    return { kind: 'move', transition: withPointer(transition, current, change) };
  });
  return { to: pointer.active, moved, isChanged, ended, again, past, pointer };
}

/** Tells the learner of promotions that were taken back when their own workflows were over. */
export async function settleEnded(
  messenger: Pick<Messenger, 'settle'>,
  scope: Scope,
  past: readonly EndedPromotion[],
): Promise<void> {
  for (const promotion of past) {
    await messenger.settle(scope, {
      ...promotion,
      step: 'ended',
      promoted: false,
      end: 'rolled-back',
    });
  }
}

export interface RollBackTo {
  readonly to: VersionId;
  readonly actor: Actor;
  readonly reason: string;
  readonly expectedVersion?: string;
}

const FROM: readonly CandidateState[] = ['canary', 'probation', 'promoted'];

type Standing = CandidateRow & StandingPromotion;

function moveTo(request: RollbackRequest, candidate: CandidateId, to: CandidateState): Transition {
  const { actor, reason, detail } = request;
  return { candidate, from: FROM, to, actor, reason, detail };
}

function withPointer(
  transition: Transition,
  { number }: Pointer,
  change: NonNullable<Transition['pointer']>['change'],
): Transition {
  return { ...transition, pointer: { expected: number, change } };
}

function promotedOf(rows: readonly Standing[]): readonly EndedPromotion[] {
  return rows
    .filter(({ state }) => state === 'promoted')
    .map(({ id: candidate, workflowId }) => ({ candidate, workflowId }));
}

/** A life that has ended is not taken up again: what it held goes with it. */
function endOf({ state }: Standing): CandidateState {
  return state === 'probation' ? 'evaluating' : 'rolled-back';
}

/**
 * The promotions that the active version is made of, newest first, as far down as the candidate and
 * everything on probation. Versions that a deployment or a removal made in between are passed over.
 */
async function standingPromotions(
  store: Store,
  scope: Scope,
  pointer: Pointer,
  candidate: CandidateId,
): Promise<readonly Standing[]> {
  const rows = (await store.candidates(scope)).filter(isStanding);
  const sought = new Set(
    rows.filter(({ id, state }) => id === candidate || state === 'probation').map(({ id }) => id),
  );
  const chain: Standing[] = [];
  let served: VersionId | null = pointer.active;
  while (served !== null && sought.size > 0) {
    const version: VersionId = served;
    const next = rows.findLast((row) => row.version === version && !chain.includes(row));
    if (next === undefined) {
      served = (await store.version(scope, version))?.parent ?? null;
    } else {
      chain.push(next);
      sought.delete(next.id);
      served = next.baseline;
    }
  }
  return chain;
}

/** The promotions since a version served, newest first; where it is no ancestor, those on probation. */
async function standingSince(
  store: Store,
  scope: Scope,
  pointer: Pointer,
  to: VersionId,
): Promise<readonly Standing[]> {
  const rows = (await store.candidates(scope)).filter(isStanding);
  const since: Standing[] = [];
  let served: VersionId | null = pointer.active;
  while (served !== null && served !== to) {
    const version: VersionId = served;
    const next = rows.findLast((row) => row.version === version && !since.includes(row));
    if (next !== undefined) since.push(next);
    served = next?.baseline ?? (await store.version(scope, version))?.parent ?? null;
  }
  return served === to ? since : since.filter(({ state }) => state === 'probation');
}

/** The candidate in canary, whose baseline is about to be taken away. */
async function canaryOf(
  store: Store,
  tenant: TenantId,
  { canary }: Pointer,
): Promise<readonly CandidateRow[]> {
  return canary === null ? [] : [await candidateRow(store, tenant, canary.candidate)];
}

function isStanding(row: CandidateRow): row is Standing {
  return row.state === 'probation' || row.state === 'promoted';
}

/**
 * What serves without these promotions: the baseline of the oldest where nothing else came in between,
 * else the active version with what they changed put back as it was.
 */
async function versionBefore(
  store: Store,
  scope: Scope,
  { active }: Pointer,
  undone: readonly CandidateRow[],
): Promise<VersionId> {
  let version = active;
  for (const row of undone) {
    const { baseline } = row;
    if (baseline === null) continue;
    version =
      row.version === version
        ? baseline
        : await store.deriveVersion(scope, version, await inverseOf(store, scope, row, baseline));
  }
  return withoutRevoked(store, scope, version);
}

/** A version that served before may hold what was quarantined or erased since, which no rollback brings back. */
async function withoutRevoked(store: Store, scope: Scope, version: VersionId): Promise<VersionId> {
  const revoked = await revokedIn(store, scope, version);
  if (revoked.length === 0) return version;
  const remove = revoked.map(({ id }) => id);
  return store.deriveVersion(scope, version, { put: [], remove, parameters: {} });
}

async function revokedIn(
  store: Store,
  scope: Scope,
  version: VersionId,
): Promise<readonly LessonRevision[]> {
  const served = await store.lessonsServing(scope, version);
  return served.filter(({ status }) => status === 'quarantined');
}

async function refuseRevoked(store: Store, scope: Scope, version: VersionId): Promise<void> {
  const revoked = await revokedIn(store, scope, version);
  if (revoked.length === 0) return;
  const names = revoked.map(({ id, revision }) => `${id}@${String(revision)}`).join(', ');
  throw new ConflictError(
    `version ${version}: found quarantined lessons in it (${names}), expected none; name another one, leave out ` +
      '`--to` for the last good version without them, or pin it to have them serve all the same',
  );
}

/** A bundle that puts back what another one changed. */
async function inverseOf(
  store: Store,
  scope: Scope,
  { bundle }: CandidateRow,
  baseline: VersionId,
): Promise<Bundle> {
  const touched = [...bundle.put.map(({ lesson }) => lesson), ...bundle.remove];
  const served = await store.lessonsServing(scope, baseline);
  const put = served
    .filter(({ id }) => touched.includes(id))
    .map(({ id, revision }) => ({ lesson: id, revision }));
  const before = (await store.version(scope, baseline))?.parameters;
  const parameters = Object.entries(before ?? {}).filter(([name]) => name in bundle.parameters);
  return {
    put,
    remove: touched.filter((lesson) => !put.some((ref) => ref.lesson === lesson)),
    parameters: Object.fromEntries(parameters),
  };
}

/** A slice that an earlier version served instead of one of these needs no exception any more. */
function withoutUndone(
  { exceptions }: Pointer,
  active: VersionId,
  undone: readonly CandidateRow[],
): Pointer['exceptions'] {
  const gone = new Set<VersionId | null>([active, ...undone.map(({ baseline }) => baseline)]);
  return Object.fromEntries(Object.entries(exceptions).filter(([, version]) => !gone.has(version)));
}
