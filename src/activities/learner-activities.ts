import { contentHashOf, isImportedEpisode, lessonIdOf } from '../contracts/digest.js';
import { candidateId } from '../contracts/ids.js';
import { isEnd, type MergeResult } from '../domain/candidate.js';
import { ConflictError, InvalidInputError } from '../domain/errors.js';
import { SYSTEM } from '../domain/feedback.js';
import type { CandidateId, Scope } from '../domain/ids.js';
import type { LessonDraft, LessonRevision } from '../domain/lesson.js';
import { discoveryKey } from '../domain/mining/discovery.js';
import { mergeDraft } from '../domain/mining/merge.js';
import { COMPLEMENTARY, mayTryAgain } from '../domain/second-try.js';
import { CONTRADICTING_KINDS } from '../domain/validation/conflict.js';
import { overruledBy } from '../domain/validation/conflict-check.js';
import { versionId } from '../contracts/ids.js';
import type { AgentRegistry } from './agent-registry.js';
import { assertActive, permissionFor } from './candidate-reading.js';
import type { LearningActivities } from './learning-activities.js';
import type { Messenger } from './messenger.js';
import { activePointer, changingPointer, transitionWithPointer } from './pointer-change.js';
import type { CandidateRow, ProposalRow, Store } from './store.js';

export interface LearnerDependencies {
  readonly store: Store;
  readonly agents: AgentRegistry;
  readonly messenger: Messenger;
}

type Learner = Pick<
  LearningActivities,
  'mergeProposals' | 'closeBundle' | 'grantCanary' | 'override'
>;

const BATCH = 200;

/** What the learner does to the store, one batch at a time. */
export function createLearnerActivities(dependencies: LearnerDependencies): Learner {
  const { store, agents, messenger } = dependencies;

  return {
    async mergeProposals(scope) {
      const waiting = await store.waitingProposals(scope, BATCH);
      const open = await store.openCandidate(scope);
      if (waiting.length === 0) {
        const deployment = await store.lastDeployment(scope);
        return { read: 0, openCandidate: open?.id ?? null, deployment };
      }
      const { toolDigests } = agents.digests(scope.agent);
      const merge = await mergeBatch(store, scope, waiting, open, toolDigests);
      await store.applyMerge(scope, merge.applied);
      await notify(store, messenger, scope, waiting, merge.carrier);
      return { read: waiting.length, openCandidate: merge.carrier?.candidate ?? null };
    },

    async closeBundle(scope) {
      // In rounds, what the newest tasks make of others comes first: a bundle is not what was quicker.
      if (await store.isBehindBarrier(scope)) return null;
      const closing = (await closedBefore(store, scope)) ?? (await bundleToClose(store, scope));
      if (closing === null) return null;
      const pointer = await store.pointer(scope);
      if (pointer === null) return null;
      const permission = await permissionFor(store, scope, closing, agents.agent(scope.agent));
      const version = await store.deriveVersion(scope, pointer.active, closing.bundle);
      const title = titleOf(closing);
      await store.closeBundle(scope, closing.id, {
        baseline: pointer.active,
        version,
        permission,
        title,
      });
      await store.transition(scope, {
        candidate: closing.id,
        from: ['open'],
        to: 'evaluating',
        actor: SYSTEM,
        reason: 'an evaluation slot is free',
        detail: { baseline: pointer.active, version, title },
      });
      return {
        candidate: closing.id,
        workflowId: await handOver(store, messenger, scope, closing),
      };
    },

    async grantCanary({ candidate, workflowId }) {
      await messenger.grant(workflowId, { kind: 'canary', candidate });
    },

    async override({ tenant, agent, action, actor, reason, version, expectedVersion, updateId }) {
      const scope = { tenant, agent };
      if (reason.trim() === '') {
        throw new InvalidInputError('reason', 'an empty text', `why to ${action}`);
      }
      if (action === 'rearm') {
        assertActive(await activePointer(store, scope), expectedVersion ?? undefined, action);
        const object = { kind: 'agent', id: agent };
        await store.note(scope, { actor, action, object, reason, detail: { updateId } });
        for (const workflowId of await wakeableRollouts(store, scope)) {
          await messenger.wake(workflowId);
        }
        return;
      }
      await changingPointer(
        store,
        scope,
        async (pointer) => {
          assertActive(pointer, expectedVersion ?? undefined, action);
          if (action === 'freeze' || action === 'unfreeze') {
            const frozen = action === 'freeze';
            return pointer.frozen === frozen ? null : { frozen };
          }
          if (action === 'unpin') return pointer.pinned === null ? null : { pinned: null };
          if (version === null) {
            throw new InvalidInputError('version', 'none', 'the version to pin');
          }
          const pinned = versionId(version);
          if ((await store.version(scope, pinned)) === null) {
            throw new ConflictError(
              `version: found ${version}, expected one of ${agent}; list them with \`ratchet versions\``,
            );
          }
          return pointer.pinned === pinned ? null : { pinned };
        },
        { actor, action, reason, detail: version === null ? {} : { version } },
      );
      const wake = await wakeableRollouts(store, scope);
      if (action === 'pin') await abortCanary(store, scope, actor, reason);
      // What was held may go on, and what was aborted ends, without waiting for the next look.
      for (const workflowId of wake) await messenger.wake(workflowId);
    },
  };
}

interface Batch {
  readonly applied: Parameters<Store['applyMerge']>[1];
  /** The candidate that took something in, and the workflow that carries it. */
  readonly carrier: { readonly candidate: CandidateId; readonly workflowId: string } | null;
}

async function mergeBatch(
  store: Store,
  scope: Scope,
  waiting: readonly ProposalRow[],
  open: CandidateRow | null,
  toolDigests: Readonly<Record<string, string>>,
): Promise<Batch> {
  const latest = await latestByKey(store, scope, waiting);
  const others = await store.candidates(scope);
  const busy = new Set(
    others.filter(({ state }) => !isEnd(state)).map(({ workflowId }) => workflowId),
  );
  const sameContent = (draft: LessonDraft, lesson: LessonRevision): boolean =>
    contentHashOf(draft) === lesson.contentHash;
  let carrier = open === null ? null : { candidate: open.id, workflowId: open.workflowId };
  let opened: Batch['applied']['opened'] = null;
  const drafted = waiting.map(({ draft }) => draft.kind);
  const kinds = CONTRADICTING_KINDS.filter((kind) => drafted.includes(kind));
  const serving = await store.activeOfKinds(scope, kinds);
  const results: { proposal: string; result: MergeResult }[] = [];
  const removals: { lesson: ReturnType<typeof lessonIdOf>; candidate: CandidateId }[] = [];
  const revisions: {
    lesson: ReturnType<typeof lessonIdOf>;
    draft: LessonDraft;
    candidate: CandidateId;
  }[] = [];

  for (const proposal of waiting) {
    const merged = mergeDraft(proposal.draft, sameContent, latest, toolDigests);
    if (merged.kind !== 'revisions') {
      results.push({ proposal: proposal.id, result: { kind: 'support', lesson: merged.of.id } });
      continue;
    }
    let result: MergeResult;
    if (carrier === null) {
      const number = await store.nextCandidateNumber(scope);
      const candidate = candidateId(`${scope.tenant}.${scope.agent}.c${String(number)}`);
      const ofEpisode = `reflect/${proposal.episode}`;
      const isCarriedElsewhere = busy.has(ofEpisode) || isImportedEpisode(proposal.episode);
      const workflowId = isCarriedElsewhere ? `reflect/${candidate}` : ofEpisode;
      carrier = { candidate, workflowId };
      opened = {
        id: candidate,
        title: proposal.draft.title,
        opener: proposal.episode,
        workflowId: carrier.workflowId,
      };
      result = { kind: 'opened', candidate };
    } else {
      result = { kind: 'joined', candidate: carrier.candidate };
    }
    results.push({ proposal: proposal.id, result });
    for (const draft of merged.drafts) {
      const lesson = lessonIdOf(scope.agent, draft.key);
      revisions.push({ lesson, draft, candidate: carrier.candidate });
      latest.set(draft.key, revisionInMemory(lesson, draft, latest.get(draft.key)));
      // What it overrules under another key leaves with the bundle that brings it, and passes the gate with it.
      for (const { id } of overruledBy(draft, { active: serving, nowMs: Date.now() })) {
        if (id !== lesson) removals.push({ lesson: id, candidate: carrier.candidate });
      }
    }
  }
  // What a later proposal of the batch puts in again is not taken away.
  const put = new Set(revisions.map(({ lesson }) => lesson));
  const gone = removals.filter(({ lesson }) => !put.has(lesson));
  return { applied: { results, revisions, removals: gone, support: [], opened }, carrier };
}

/** What the next proposal of the same batch is merged with, as if it were stored already. */
function revisionInMemory(
  id: ReturnType<typeof lessonIdOf>,
  draft: LessonDraft,
  before: LessonRevision | undefined,
): LessonRevision {
  const contentHash = contentHashOf(draft);
  return { ...draft, id, revision: (before?.revision ?? 0) + 1, contentHash, status: 'candidate' };
}

async function latestByKey(
  store: Store,
  scope: Scope,
  waiting: readonly ProposalRow[],
): Promise<Map<string, LessonRevision>> {
  const keys = waiting.flatMap(({ draft }) => {
    const tool = draft.sources[0]?.principal;
    const known =
      draft.fact === undefined || tool === undefined ? [] : [discoveryKey(tool, draft.fact)];
    return [draft.key, ...known];
  });
  const lessons = await store.lessonsByKey(scope, [...new Set(keys)]);
  return new Map(lessons.map((lesson) => [lesson.key, lesson]));
}

/** Tells every workflow of the batch but the carrier that its proposals found their place. */
async function notify(
  store: Store,
  messenger: Messenger,
  scope: Scope,
  waiting: readonly ProposalRow[],
  carrier: Batch['carrier'],
): Promise<void> {
  const episodes = [...new Set(waiting.map(({ episode }) => episode))];
  const into = carrier?.candidate ?? candidateId(`${scope.tenant}.${scope.agent}.known`);
  await Promise.all(
    episodes
      .map((episode) => `reflect/${episode}`)
      .filter((workflowId) => workflowId !== carrier?.workflowId)
      .map((workflowId) => messenger.grant(workflowId, { kind: 'merged', into })),
  );
}

/** The open bundle together with what did not pass before it and may stand beside what came later. */
async function bundleToClose(store: Store, scope: Scope): Promise<CandidateRow | null> {
  const open = await store.openCandidate(scope);
  if (open?.lessons.some(({ kind }) => kind === COMPLEMENTARY) !== true) return open;
  const again = (await store.failedTries(scope)).filter(mayTryAgain);
  if (again.length === 0) return open;
  await store.takeAlong(scope, open.id, again);
  return store.candidate(scope.tenant, open.id);
}

/**
 * Grants the evaluation to the workflow that carries the candidate, and answers its id. Where no episode's
 * workflow opened it, or that one has ended, it gets a workflow of its own.
 */
async function handOver(
  store: Store,
  messenger: Messenger,
  scope: Scope,
  { id, workflowId }: CandidateRow,
): Promise<string> {
  const grant = { kind: 'evaluation', candidate: id } as const;
  const own = `reflect/${id}`;
  if (workflowId !== own && (await messenger.grant(workflowId, grant))) return workflowId;
  if (workflowId !== own) await store.setCarrier(scope.tenant, id, own);
  await messenger.startCandidate(scope, id);
  await messenger.grant(own, grant);
  return own;
}

/** A bundle that was closed when it was opened, or by an attempt of this activity that died before its grant. */
async function closedBefore(store: Store, scope: Scope): Promise<CandidateRow | null> {
  const candidates = await store.candidates(scope);
  return candidates.find(({ state, version }) => state === 'open' && version !== null) ?? null;
}

function titleOf({ lessons, bundle }: CandidateRow): string {
  const titles = lessons.map(({ title }) => title);
  const shown = titles.slice(0, 3).join(', ');
  const more = titles.length > 3 ? ` and ${String(titles.length - 3)} more` : '';
  const removed = bundle.remove.length > 0 ? `, ${String(bundle.remove.length)} removed` : '';
  return `${shown}${more}${removed}`.slice(0, 120);
}

/** Workflows that wait for their canary, or are in it. */
async function wakeableRollouts(store: Store, scope: Scope): Promise<readonly string[]> {
  const rows = await store.candidates(scope);
  return rows
    .filter(({ state }) => state === 'passed' || state === 'canary')
    .map(({ workflowId }) => workflowId);
}

async function abortCanary(
  store: Store,
  scope: Scope,
  actor: Parameters<Store['transition']>[1]['actor'],
  reason: string,
): Promise<void> {
  await transitionWithPointer(store, scope, (pointer) => {
    if (pointer.canary === null) return Promise.resolve({ kind: 'nothing' });
    return Promise.resolve({
      kind: 'move',
      transition: {
        candidate: pointer.canary.candidate,
        from: ['canary'],
        to: 'aborted',
        actor,
        reason: `pinned: ${reason}`,
        detail: {},
        pointer: { expected: pointer.number, change: { canary: null } },
      },
    });
  });
}
