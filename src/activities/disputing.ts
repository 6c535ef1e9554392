import { candidateId } from '../contracts/ids.js';
import { ConflictError, NotFoundError } from '../domain/errors.js';
import { SYSTEM, type Actor } from '../domain/feedback.js';
import type { LessonId, Scope, VersionId } from '../domain/ids.js';
import type { LessonDraft, LessonRevision } from '../domain/lesson.js';
import type { LessonRef } from '../domain/strategy.js';
import { contradicts } from '../domain/validation/conflict.js';
import { revisionName } from '../domain/validation/conflict-check.js';
import { assertActive } from './candidate-reading.js';
import { closeOnActive } from './closing.js';
import type { AgentRegistry } from './agent-registry.js';
import type { Messenger } from './messenger.js';
import { activePointer } from './pointer-change.js';
import { changeServing, without } from './serving-change.js';
import type { DisputeDraft, DisputedLesson, Store } from './store.js';

/**
 * Takes what serves and is disputed out of service, at once, as a version of its own with its audit entry; the
 * statuses follow with the batch that brought the dispute. Answers whom to wake.
 */
export async function takeOut(
  store: Store,
  scope: Scope,
  disputes: readonly DisputeDraft[],
): Promise<readonly string[]> {
  const wake: string[] = [];
  for (const { lesson, with: others, reason } of disputes) {
    const refs = others.filter(({ side }) => side === 'serving');
    if (refs.length === 0) continue;
    const names = refs.map((ref) => `${ref.lesson}@${String(ref.revision)}`);
    const servedBy = async (version: VersionId): Promise<readonly LessonId[]> => {
      const ids = refs.map((ref) => ref.lesson);
      const served = await store.servedOf(scope, version, ids);
      const isOne = ({ lesson: id, revision }: LessonRef): boolean =>
        refs.some((ref) => ref.lesson === id && ref.revision === revision);
      return served.filter(isOne).map((one) => one.lesson);
    };
    const woken = await changeServing(store, scope, {
      bundleFor: async (version) => without(await servedBy(version)),
      mayServe: async (version) => (await servedBy(version)).length === 0,
      actor: SYSTEM,
      action: 'disputed',
      reason,
      lost: `the version it stood on lost ${names.join(', ')}`,
      detail: { challenger: lesson, lessons: names, automatic: true },
    });
    wake.push(...woken);
  }
  return [...new Set(wake)];
}

interface Keeper {
  readonly store: Store;
  readonly agents: AgentRegistry;
  readonly messenger: Messenger;
  readonly actor: Actor;
  readonly reason: string;
  readonly updateId: string;
}

/**
 * A person's word on a dispute: the side of this lesson stands. What served serves again, as it was; what was told
 * last, or taken out of a bundle, becomes a candidate that passes the gate like any other.
 */
export async function keepOf(
  { store, agents, messenger, actor, reason, updateId }: Keeper,
  scope: Scope,
  name: string,
  expectedVersion: string | null,
): Promise<void> {
  const chosen = await sideOf(store, scope, name);
  // An attempt that died after its last step has nothing left to do.
  if (chosen === null) return;
  assertActive(await activePointer(store, scope), expectedVersion ?? undefined, 'approve');
  const { dispute, side, members } = chosen;
  const kept = await Promise.all(members.map((ref) => stillDisputed(store, scope, ref)));
  const refs = members.map(({ lesson, revision }) => ({ lesson, revision }));
  const contrary = (await store.lessonsAbout(scope, kept)).filter(
    (other) => other.status === 'active' && kept.some((lesson) => contradicts(lesson, other)),
  );
  const decided = { dispute, kept: refs };
  const audit = { actor, reason, detail: { side, updateId } };
  if (side !== 'serving') {
    await openAgain({ store, agents }, scope, dispute, kept, contrary);
    // The revision that the candidate holds is a new one of the same words.
    await store.decideDispute(scope, { ...decided, status: 'retired' }, audit);
    await messenger.wakeLearner(scope);
    return;
  }
  assertUncontested(contrary);
  const woken = await changeServing(store, scope, {
    bundleFor: async (version) => {
      const lessons = refs.map(({ lesson }) => lesson);
      const served = await store.servedOf(scope, version, lessons);
      const isServed = (id: LessonId): boolean => served.some(({ lesson }) => lesson === id);
      const put = kept.filter(({ id }) => !isServed(id));
      return {
        put: put.map(({ id, revision }) => ({ lesson: id, revision })),
        remove: [],
        parameters: Object.fromEntries(
          put.flatMap(({ body }) => (body.form === 'value' ? [[body.parameter, body.value]] : [])),
        ),
      };
    },
    mayServe: () => Promise.resolve(true),
    actor,
    action: 'restored',
    reason,
    lost: `the version it stood on got back ${kept.map(revisionName).join(', ')}`,
    detail: { dispute, lessons: kept.map(revisionName) },
  });
  await store.decideDispute(scope, { ...decided, status: 'active' }, audit);
  for (const workflowId of woken) await messenger.wake(workflowId);
}

/** A candidate of these words in a workflow of its own, closed at once; it takes away what says otherwise. */
async function openAgain(
  { store, agents }: Pick<Keeper, 'store' | 'agents'>,
  scope: Scope,
  dispute: string,
  kept: readonly LessonRevision[],
  contrary: readonly LessonRevision[],
): Promise<void> {
  const candidate = candidateId(`${scope.tenant}.${scope.agent}.${dispute}`);
  const titles = kept.map(({ title }) => title).join(', ');
  const title = titles.slice(0, 120);
  await store.applyMerge(scope, {
    results: [],
    revisions: kept.map((lesson) => ({ lesson: lesson.id, draft: draftOf(lesson), candidate })),
    removals: contrary.map(({ id }) => ({ lesson: id, candidate })),
    support: [],
    opened: { id: candidate, title, opener: null, workflowId: `reflect/${candidate}` },
  });
  await closeOnActive(store, agents, scope, candidate, title);
}

function draftOf({
  id: _id,
  revision: _revision,
  contentHash: _hash,
  status: _status,
  storedAt: _at,
  ...draft
}: LessonRevision): LessonDraft {
  return draft;
}

interface Side {
  readonly dispute: string;
  readonly side: DisputedLesson['side'];
  readonly members: readonly DisputedLesson[];
}

/** The side that a person chose of an open dispute; null where it was chosen before. */
async function sideOf(store: Store, scope: Scope, name: string): Promise<Side | null> {
  const all = (await store.disputes(scope)).filter(
    ({ lesson, revision }) => `${lesson}@${String(revision)}` === name,
  );
  const chosen = all.find(({ kept }) => kept === null) ?? all.at(-1);
  if (chosen === undefined) {
    throw new NotFoundError('disputed lesson', name, 'list them with `ratchet lessons`');
  }
  const { dispute, side, kept } = chosen;
  if (kept === true) return null;
  if (kept === false) {
    throw new ConflictError(
      `approve: found the dispute of ${name} decided for the other side, expected it to wait for a person`,
    );
  }
  const members = (await store.disputes(scope)).filter(
    (one) => one.dispute === dispute && one.side === side,
  );
  return { dispute, side, members };
}

async function stillDisputed(store: Store, scope: Scope, ref: LessonRef): Promise<LessonRevision> {
  const lesson = await store.lessonRevision(scope, ref);
  if (lesson?.status === 'disputed') return lesson;
  const found = lesson?.status ?? 'gone';
  throw new ConflictError(
    `lesson ${ref.lesson}@${String(ref.revision)}: found it ${found}, expected it disputed; look at it again`,
  );
}

/** What came to serve meanwhile has passed its gate; a person takes it back before its contrary returns. */
function assertUncontested([contrary]: readonly LessonRevision[]): void {
  if (contrary === undefined) return;
  throw new ConflictError(
    `approve: found ${revisionName(contrary)} serving, which contradicts what is to return, expected ` +
      'nothing that does; roll back what brought it, or approve the other side',
  );
}
