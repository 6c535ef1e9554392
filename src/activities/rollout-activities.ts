import { ConflictError, RatchetError } from '../domain/errors.js';
import { SYSTEM } from '../domain/feedback.js';
import type { CandidateId, Scope, VersionId } from '../domain/ids.js';
import { slicesOf } from '../domain/gate/live-outcome.js';
import { allHold, type TaskFacts } from '../domain/retrieval/predicates.js';
import { recallLessons, type RecallableLesson } from '../domain/retrieval/recall.js';
import { leavesOut } from '../domain/scoping.js';
import { assertActive, candidateRow } from './candidate-reading.js';
import { onActiveBaseline, type EvaluationDependencies } from './evaluation-activities.js';
import type { LearningActivities, RollbackRequest } from './learning-activities.js';
import { activePointer, changingPointer, transitionWithPointer } from './pointer-change.js';
import { rollBack, settleEnded } from './rollback.js';
import { learnAnew } from './scoping.js';
import type { CandidateRow, Pointer } from './store.js';
import { endUncarried } from './uncarried.js';

/** Another version became active during this candidate's canary; what was measured is out of date. */
export class StaleBaselineError extends RatchetError {
  override readonly name = 'StaleBaselineError';
  override readonly retryable = false;

  constructor(expected: VersionId | null, actual: VersionId) {
    super(`Baseline is ${actual}, expected ${expected ?? 'none'}; evaluate the candidate again`);
  }
}

type Rollout = Pick<
  LearningActivities,
  | 'expectActive'
  | 'rebase'
  | 'startCanary'
  | 'widenCanary'
  | 'promote'
  | 'rollBack'
  | 'readOutcomes'
  | 'servedBy'
  | 'stopWatching'
  | 'reference'
  | 'deploymentReference'
  | 'noteDeployment'
  | 'concludeDiagnosis'
  | 'abandon'
>;

const PAGE = 500;
/** Live outcomes of the version before that a monitor's reference is made of, at most. */
const REFERENCE = 1000;
/** Tasks of the pool looked at to see whether a candidate and a new baseline touch. */
const TOUCH_SAMPLE = 500;

/** The staged way of a passed candidate to all tasks, and the ways back. */
export function createRolloutActivities(dependencies: EvaluationDependencies): Rollout {
  const { store, agents } = dependencies;

  return {
    async expectActive({ tenant, agent, word, expected }) {
      assertActive(await activePointer(store, { tenant, agent }), expected, word);
    },

    async rebase({ tenant, agent, candidate }) {
      const scope = { tenant, agent };
      const before = await candidateRow(store, tenant, candidate);
      const after = await onActiveBaseline(store, scope, before);
      if (after.baseline === before.baseline) return { changed: false, touches: false };
      return { changed: true, touches: await touches(dependencies, scope, before, after) };
    },

    async startCanary(request) {
      const scope = scopeOf(request);
      const row = await candidateRow(store, request.tenant, request.candidate);
      const { version } = row;
      const before = await store.pointer(scope);
      const obstacle = obstacleOf(before, request.candidate);
      if (version === null || obstacle !== null) {
        return { started: false, why: obstacle ?? 'the bundle is not closed', cursor: 0 };
      }
      const { workflowId } = row;
      await store.watchOutcomes(scope, workflowId);
      const cursor = await store.newestTask(scope);
      const found: { why: string | null } = { why: null };
      await transitionWithPointer(store, scope, (pointer) => {
        // Asked anew after each lost race: another candidate, a freeze or a pin may have won it.
        found.why = obstacleOf(pointer, request.candidate);
        if (found.why !== null) return Promise.resolve({ kind: 'nothing' });
        const { candidate, share, seed } = request;
        const change = { canary: { candidate, version, share, seed } };
        return Promise.resolve({
          kind: 'move',
          transition: {
            candidate,
            from: ['passed', 'waiting', 'evaluating', 'open'],
            to: 'canary',
            actor: request.actor,
            reason: request.reason,
            detail: { ...request.detail, share, seed, version },
            pointer: { expected: pointer.number, change },
          },
        });
      });
      return { started: found.why === null, why: found.why ?? '', cursor };
    },

    async widenCanary(request) {
      const scope = scopeOf(request);
      const { candidate, share, actor, reason } = request;
      const cursor = await store.newestTask(scope);
      const found: { why: string | null } = { why: null };
      await changingPointer(
        store,
        scope,
        (pointer) => {
          const { canary } = pointer;
          found.why = obstacleOf(pointer, candidate);
          const isOurs = canary?.candidate === candidate && canary.share !== share;
          const widens = found.why === null && isOurs;
          return Promise.resolve(widens ? { canary: { ...canary, share } } : null);
        },
        { actor, action: 'canary-widened', reason, detail: { candidate, share } },
      );
      return { started: found.why === null, why: found.why ?? '', cursor };
    },

    async promote(request) {
      const scope = scopeOf(request);
      const cursor = await store.newestTask(scope);
      await transitionWithPointer(store, scope, async (pointer) => {
        const row = await candidateRow(store, request.tenant, request.candidate);
        const { state, version, baseline } = row;
        const isHeld = pointer.frozen || pointer.pinned !== null;
        if (state !== 'canary' || version === null || isHeld) return { kind: 'nothing' };
        if (pointer.active !== baseline) throw new StaleBaselineError(baseline, pointer.active);
        return {
          kind: 'move',
          transition: {
            candidate: request.candidate,
            from: ['canary'],
            to: 'probation',
            actor: request.actor,
            reason: request.reason,
            detail: { ...request.detail, from: baseline, to: version, at: cursor },
            pointer: {
              expected: pointer.number,
              change: { active: version, canary: null, exceptions: exceptionsAfter(pointer, row) },
            },
          },
        };
      });
      const { state } = await candidateRow(store, request.tenant, request.candidate);
      return { cursor, state };
    },

    async rollBack(request) {
      return rollingBack(dependencies, request);
    },

    async readOutcomes({ tenant, agent, candidate, workflowId, cursor, passedOver }) {
      const scope = { tenant, agent };
      if (candidate === null) await store.watchOutcomes(scope, workflowId);
      const barrier = await store.barrier(scope);
      const { attributionHours } = agents.agent(agent).learning;
      const page = await store.readOutcomes(
        scope,
        workflowId,
        cursor,
        passedOver,
        PAGE,
        attributionHours,
      );
      const pointer = await store.pointer(scope);
      const row = candidate === null ? null : await store.candidate(tenant, candidate);
      if (page.outcomes.length === 0 && barrier !== null) {
        const isNews = await store.settleWatch(scope, workflowId, barrier);
        // A bundle that waited for this reader may close.
        if (isNews) await dependencies.messenger.wakeLearner(scope);
      }
      return { ...page, isFrozen: pointer?.frozen ?? false, state: row?.state ?? null };
    },

    async servedBy({ tenant, agent, numbers }) {
      return store.servedBy({ tenant, agent }, numbers);
    },

    async stopWatching({ tenant, agent, workflowId }) {
      await store.unwatchOutcomes({ tenant, agent }, workflowId);
    },

    async reference({ tenant, agent, candidate }) {
      const scope = { tenant, agent };
      const { baseline, version } = await candidateRow(store, tenant, candidate);
      if (baseline === null || version === null) {
        throw new ConflictError(
          `candidate ${candidate}: found no version, expected a closed bundle`,
        );
      }
      const cursor = await store.newestTask(scope);
      const { gate, attributionHours: windowHours } = agents.agent(agent).learning;
      const { criticalCategories } = gate;
      const countOf = (of: VersionId, countsPending: boolean) =>
        store.outcomeReference(scope, of, cursor + 1, REFERENCE, { windowHours, countsPending });
      const { strata, pending } = await countOf(baseline, false);
      const { strata: own } = await countOf(version, true);
      return { cursor, strata, pending, own, version, baseline, criticalCategories };
    },

    async deploymentReference({ tenant, agent, number, baseline }) {
      const scope = { tenant, agent };
      const { gate, rollout, attributionHours: windowHours } = agents.agent(agent).learning;
      const cursor = await store.newestTaskBefore(scope, number);
      const before = cursor + 1;
      return {
        ...(await store.outcomeReference(scope, baseline, before, REFERENCE, { windowHours })),
        criticalCategories: gate.criticalCategories,
        cursor,
        outcomes: rollout.probation.outcomes,
      };
    },

    async noteDeployment({ tenant, agent, version, conclusion, episodes, reason, detail }) {
      const scope = { tenant, agent };
      const object = { kind: 'version', id: version };
      const action = `deployment-${conclusion}`;
      await store.note(scope, { actor: SYSTEM, action, object, reason, detail });
      await learnAnew(dependencies, scope, episodes, { ...detail, version });
    },

    async abandon({ tenant, agent, candidate, reason }) {
      const said = { actor: SYSTEM, reason, detail: { automatic: true } };
      await endUncarried(dependencies, { tenant, agent }, candidate, said);
    },

    async concludeDiagnosis({ tenant, agent, candidate, conclusion, episodes, detail }) {
      const scope = { tenant, agent };
      const reason = {
        regression: 'paired replay: worse than the version before it',
        drift: 'paired replay: not worse than the version before it; the world changed',
        unresolved: 'paired replay: neither shown; a person should look',
      }[conclusion];
      if (conclusion === 'regression') {
        await rollingBack(dependencies, { ...scope, candidate, actor: SYSTEM, reason, detail });
        return;
      }
      const object = { kind: 'candidate', id: candidate };
      await store.note(scope, { actor: SYSTEM, action: conclusion, object, reason, detail });
      if (conclusion === 'drift') {
        await learnAnew(dependencies, scope, episodes, { ...detail, candidate });
      }
    },
  };
}

/** Rolls back and wakes the workflows of every candidate that was moved. */
async function rollingBack(
  { store, messenger }: EvaluationDependencies,
  request: RollbackRequest,
): Promise<Awaited<ReturnType<LearningActivities['rollBack']>>> {
  const { to, state, moved, past } = await rollBack(store, request);
  for (const workflowId of moved) await messenger.wake(workflowId);
  await settleEnded(messenger, scopeOf(request), past);
  return { to, state };
}

/** A slice that every lesson of the promoted candidate leaves out needs no exception any more. */
function exceptionsAfter(
  { exceptions }: Pointer,
  { lessons }: CandidateRow,
): Pointer['exceptions'] {
  const kept = Object.entries(exceptions).filter(([name]) => {
    const stratum = slicesOf(name);
    return lessons.length === 0 || !lessons.every(({ trigger }) => leavesOut(trigger, stratum));
  });
  return Object.fromEntries(kept);
}

function scopeOf({ tenant, agent }: Scope): Scope {
  return { tenant, agent };
}

/** Why a canary may neither start nor advance; null when it may. */
function obstacleOf(pointer: Pointer | null, candidate: CandidateId): string | null {
  if (pointer === null) return 'the agent is not deployed';
  if (pointer.frozen) return 'the agent is frozen';
  if (pointer.pinned !== null) return `version ${pointer.pinned} is pinned`;
  if (pointer.canary !== null && pointer.canary.candidate !== candidate) {
    return `candidate ${pointer.canary.candidate} has the canary`;
  }
  return null;
}

/**
 * Whether a re-based candidate and what became active meanwhile touch: some task of the pool recalls
 * lessons of both. Where lessons are found by meaning too, words do not say which tasks those are: then some
 * task that lessons of both apply to is enough (ADR 36).
 */
async function touches(
  { store, strategies, vectors }: EvaluationDependencies,
  scope: Scope,
  before: CandidateRow,
  after: CandidateRow,
): Promise<boolean> {
  if (after.baseline === null || after.version === null || before.baseline === null) return true;
  const earlier = await strategies.strategy(scope, before.baseline);
  const current = await strategies.strategy(scope, after.baseline);
  const candidate = await strategies.strategy(scope, after.version);
  const own = new Set<string>(before.bundle.put.map(({ lesson }) => lesson));
  const isNew = (id: string): boolean =>
    current.index.lessons.get(id)?.revision !== earlier.index.lessons.get(id)?.revision;
  const pool = await store.gatePool(scope, after.id, 0, TOUCH_SAMPLE);
  const limit = candidate.row.parameters.recallLimit;
  if (vectors !== undefined) {
    const put = [...candidate.index.lessons.values()];
    const ours = put.filter(({ id }) => own.has(id));
    const theirs = put.filter(({ id }) => !own.has(id) && isNew(id));
    const mayMeet = (lessons: readonly RecallableLesson[], task: TaskFacts): boolean =>
      lessons.some(({ predicates }) => allHold(predicates, task));
    return pool.some((task) => mayMeet(ours, task) && mayMeet(theirs, task));
  }
  return pool.some(({ slices, input }) => {
    const recalled = recallLessons(candidate.index, { task: { slices, input }, limit });
    const ids = recalled.map(({ lesson }) => lesson.id);
    return ids.some((id) => own.has(id)) && ids.some((id) => !own.has(id) && isNew(id));
  });
}
