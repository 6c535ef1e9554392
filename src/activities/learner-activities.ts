import { candidateId } from '../contracts/ids.js';
import { ConflictError, InvalidInputError } from '../domain/errors.js';
import { SYSTEM } from '../domain/feedback.js';
import type { LessonId, Scope } from '../domain/ids.js';
import { booksOf } from '../domain/learner-journal.js';
import type { LessonRevision } from '../domain/lesson.js';
import { COMPLEMENTARY, mayTryAgain } from '../domain/second-try.js';
import { contradicts } from '../domain/validation/conflict.js';
import { settleBundle } from '../domain/validation/conflict-check.js';
import { versionId } from '../contracts/ids.js';
import type { AgentRegistry } from './agent-registry.js';
import { assertActive, permissionFor } from './candidate-reading.js';
import { keepOf, takeOut } from './disputing.js';
import type { LearningActivities } from './learning-activities.js';
import { mergeBatch, type MergedBatch } from './merging.js';
import type { Messenger } from './messenger.js';
import { activePointer, changingPointer, transitionWithPointer } from './pointer-change.js';
import { standingsOf } from './standings.js';
import type { CandidateRow, ProposalRow, Store } from './store.js';

export interface LearnerDependencies {
  readonly store: Store;
  readonly agents: AgentRegistry;
  readonly messenger: Messenger;
}

type Learner = Pick<
  LearningActivities,
  'openJournal' | 'writeJournal' | 'mergeProposals' | 'closeBundle' | 'grantCanary' | 'override'
>;

const BATCH = 200;

/** What the learner does to the store, one batch at a time. */
export function createLearnerActivities(dependencies: LearnerDependencies): Learner {
  const { store, agents, messenger } = dependencies;

  return {
    async openJournal({ tenant, agent, nowMs }) {
      const scope = { tenant, agent };
      let entries = await store.journal(scope);
      if (entries.length === 0) {
        entries = [{ kind: 'opened', atMs: nowMs }];
        await store.addToJournal(scope, 0, entries);
      }
      const pointer = await store.pointer(scope);
      return { books: booksOf(entries), number: entries.length, frozen: pointer?.frozen ?? false };
    },

    async writeJournal({ tenant, agent, after, entries }) {
      await store.addToJournal({ tenant, agent }, after, entries);
    },

    async mergeProposals(scope) {
      const waiting = await store.waitingProposals(scope, BATCH);
      const open = await store.openCandidate(scope);
      if (waiting.length === 0) {
        const deployment = await store.lastDeployment(scope);
        return { read: 0, openCandidate: open?.id ?? null, deployment };
      }
      const { toolDigests } = agents.digests(scope.agent);
      const merge = await mergeBatch(store, scope, waiting, open, toolDigests);
      // First what serves: an attempt that dies in between finds the same dispute again.
      const woken = await takeOut(store, scope, merge.applied.disputes ?? []);
      await store.applyMerge(scope, merge.applied);
      for (const workflowId of woken) await messenger.wake(workflowId);
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

    async override({ tenant, agent, action, actor, reason, ...given }) {
      const { version, expectedVersion, lesson = null, updateId } = given;
      const scope = { tenant, agent };
      if (reason.trim() === '') {
        throw new InvalidInputError('reason', 'an empty text', `why to ${action}`);
      }
      if (action === 'keep') {
        const keeper = { ...dependencies, actor, reason, updateId };
        await keepOf(keeper, scope, lesson ?? '', expectedVersion);
        return;
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

/** Tells every workflow of the batch but the carrier that its proposals found their place. */
async function notify(
  store: Store,
  messenger: Messenger,
  scope: Scope,
  waiting: readonly ProposalRow[],
  carrier: MergedBatch['carrier'],
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
  let open = await store.openCandidate(scope);
  if (open === null) return null;
  if (open.lessons.some(({ kind }) => kind === COMPLEMENTARY)) {
    const again = (await store.failedTries(scope)).filter(mayTryAgain);
    if (again.length > 0) await store.takeAlong(scope, open.id, again);
    if (again.length > 0) open = await store.candidate(scope.tenant, open.id);
  }
  return open === null ? null : withoutContradictions(store, scope, open);
}

/** The bundle without what is at odds with the rest of it or with what serves; null where nothing is left. */
async function withoutContradictions(
  store: Store,
  scope: Scope,
  open: CandidateRow,
): Promise<CandidateRow | null> {
  const { id, lessons, bundle } = open;
  const about = await store.lessonsAbout(scope, lessons);
  const contrary = about.filter(
    (other) =>
      !bundle.remove.includes(other.id) && lessons.some((lesson) => contradicts(lesson, other)),
  );
  const standings = await standingsOf(store, scope, contrary);
  const settled = settleBundle(lessons, contrary, { standings });
  const of = (lesson: LessonId) => ({ lesson, candidate: id });
  const isLeft = (lesson: LessonRevision): boolean => settled.left.includes(lesson.id);
  const freed = about.filter(
    (other) =>
      bundle.remove.includes(other.id) &&
      lessons.some((lesson) => isLeft(lesson) && contradicts(lesson, other)) &&
      !lessons.some((lesson) => !isLeft(lesson) && contradicts(lesson, other)),
  );
  const left = [...settled.left, ...freed.map((other) => other.id)].map(of);
  const removals = settled.removals.map(of);
  if (left.length + removals.length > 0) {
    const nothing = { results: [], revisions: [], support: [], opened: null };
    await store.applyMerge(scope, { ...nothing, left, removals });
  }
  const row = left.length + removals.length > 0 ? await store.candidate(scope.tenant, id) : open;
  const isEmpty = row === null || row.lessons.length + row.bundle.remove.length === 0;
  return isEmpty ? null : row;
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
