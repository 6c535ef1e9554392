import { contentHashOf, isImportedEpisode, lessonIdOf } from '../contracts/digest.js';
import { candidateId } from '../contracts/ids.js';
import { isEnd, type MergeResult } from '../domain/candidate.js';
import type { CandidateId, LessonId, Scope } from '../domain/ids.js';
import type { LessonDraft, LessonRevision } from '../domain/lesson.js';
import { discoveryKey } from '../domain/mining/discovery.js';
import { mergeDraft } from '../domain/mining/merge.js';
import { contradicts } from '../domain/validation/conflict.js';
import { revisionName, settle, type Settlement } from '../domain/validation/conflict-check.js';
import { backingOf, standingsOf } from './standings.js';
import type { CandidateRow, DisputeDraft, ProposalRow, Store } from './store.js';

export interface MergedBatch {
  readonly applied: Parameters<Store['applyMerge']>[1];
  /** The candidate that took something in, and the workflow that carries it. */
  readonly carrier: { readonly candidate: CandidateId; readonly workflowId: string } | null;
}

type Applied = MergedBatch['applied'];
type Put = Applied['revisions'][number];
type Leaving = NonNullable<Applied['left']>[number];

/**
 * Finds each waiting proposal its place, in their order, as if those before it were stored already: support for
 * what is known, a part of the open bundle, or out where something that it contradicts stands. Nothing is
 * written.
 */
export async function mergeBatch(
  store: Store,
  scope: Scope,
  waiting: readonly ProposalRow[],
  open: CandidateRow | null,
  toolDigests: Readonly<Record<string, string>>,
): Promise<MergedBatch> {
  const latest = await latestByKey(store, scope, waiting);
  const others = await store.candidates(scope);
  const busy = new Set(
    others.filter(({ state }) => !isEnd(state)).map(({ workflowId }) => workflowId),
  );
  const sameContent = (draft: LessonDraft, lesson: LessonRevision): boolean =>
    contentHashOf(draft) === lesson.contentHash;
  const contrary = await Contrary.find(store, scope, waiting, open);
  let carrier = open === null ? null : { candidate: open.id, workflowId: open.workflowId };
  let opened: Applied['opened'] = null;
  const results: { proposal: string; result: MergeResult }[] = [];
  const removals: Leaving[] = [];
  const revisions: Put[] = [];
  const left: Leaving[] = [];
  const disputes: DisputeDraft[] = [];

  for (const proposal of waiting) {
    const { draft: told, id } = proposal;
    const known = contrary.inDispute.find((lesson) => sameContent(told, lesson));
    if (known !== undefined) {
      results.push({ proposal: id, result: { kind: 'support', lesson: known.id } });
      continue;
    }
    const merged = mergeDraft(told, sameContent, latest, toolDigests);
    if (merged.kind !== 'revisions') {
      results.push({ proposal: id, result: { kind: 'support', lesson: merged.of.id } });
      continue;
    }
    const lesson = lessonIdOf(scope.agent, told.key);
    const settled = await contrary.settle(told, lesson);
    if (settled.kind === 'refused') {
      const code = settled.resolution.stands === 'neither' ? 'DISPUTED' : 'CONFLICT';
      results.push({ proposal: id, result: { kind: 'refused', lesson: settled.by.id, code } });
      continue;
    }
    if (settled.kind === 'disputed') {
      const sides = settled.with.map((other) => ({
        lesson: other.id,
        revision: other.revision,
        side: contrary.isBundled(other) ? ('bundled' as const) : ('serving' as const),
      }));
      const names = settled.with.map(revisionName).join(', ');
      const reason = `nothing decides between it and ${names}`;
      disputes.push({ lesson, draft: told, with: sides, reason });
      if (carrier !== null) left.push(...contrary.leaving(settled.with, carrier.candidate));
      const challenger = revisionInMemory(lesson, told, latest.get(told.key));
      latest.set(told.key, { ...challenger, status: 'disputed' });
      contrary.dispute(challenger, settled.with);
      const lessons = [lesson, ...settled.with.map((other) => other.id)];
      results.push({ proposal: id, result: { kind: 'disputed', lessons } });
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
      opened = { id: candidate, title: told.title, opener: proposal.episode, workflowId };
      result = { kind: 'opened', candidate };
    } else {
      result = { kind: 'joined', candidate: carrier.candidate };
    }
    results.push({ proposal: id, result });
    const { candidate } = carrier;
    left.push(...contrary.leaving(settled.overrules, candidate, lesson));
    for (const draft of merged.drafts) {
      const own = lessonIdOf(scope.agent, draft.key);
      revisions.push({ lesson: own, draft, candidate });
      const revision = revisionInMemory(own, draft, latest.get(draft.key));
      latest.set(draft.key, revision);
      contrary.bundle(revision);
    }
    // What it overrules under another key leaves with the bundle that brings it, and passes the gate with it.
    for (const { id: over, status } of settled.overrules) {
      if (status === 'active' && over !== lesson) removals.push({ lesson: over, candidate });
    }
  }
  // What a later proposal of the batch puts in again is not taken away.
  const put = new Set(revisions.map((one) => one.lesson));
  const gone = removals.filter(
    (one) => !put.has(one.lesson) && contrary.isStillOverruled(one.lesson),
  );
  const leaves = left.filter((one) => !contrary.holds(one.lesson));
  const applied = {
    results,
    revisions,
    removals: gone,
    left: leaves,
    disputes,
    support: [],
    opened,
  };
  return { applied, carrier };
}

/** What speaks against the drafts of a batch, as it stands after each of them. */
class Contrary {
  readonly #store: Store;
  readonly #scope: Scope;
  /** What serves every task and has not been put out by this batch. */
  #serving: readonly LessonRevision[];
  readonly #bundled: Map<LessonId, LessonRevision>;
  /** What the open bundle takes away. */
  readonly #removed: readonly LessonId[];
  readonly #standings: Awaited<ReturnType<typeof standingsOf>>;
  inDispute: readonly LessonRevision[];

  private constructor(
    store: Store,
    scope: Scope,
    about: readonly LessonRevision[],
    open: CandidateRow | null,
    standings: Awaited<ReturnType<typeof standingsOf>>,
  ) {
    this.#store = store;
    this.#scope = scope;
    this.#serving = about.filter(({ status }) => status === 'active');
    this.inDispute = about.filter(({ status }) => status === 'disputed');
    this.#bundled = new Map((open?.lessons ?? []).map((lesson) => [lesson.id, lesson]));
    this.#removed = open?.bundle.remove ?? [];
    this.#standings = standings;
  }

  static async find(
    store: Store,
    scope: Scope,
    waiting: readonly ProposalRow[],
    open: CandidateRow | null,
  ): Promise<Contrary> {
    const drafts = waiting.map(({ draft }) => draft);
    const about = await store.lessonsAbout(scope, drafts);
    const against = about.filter((lesson) => drafts.some((draft) => contradicts(draft, lesson)));
    return new Contrary(store, scope, about, open, await standingsOf(store, scope, against));
  }

  async settle(draft: LessonDraft, lesson: LessonId): Promise<Settlement> {
    const bundled = [...this.#bundled.values()].filter(
      (other) => other.id !== lesson || isSaid(draft) || isSaid(other),
    );
    const active = [...this.#serving, ...this.inDispute, ...bundled].filter((other) =>
      contradicts(draft, other),
    );
    if (active.length === 0) return { kind: 'enters', overrules: [] };
    return settle(draft, {
      active,
      standings: this.#standings,
      nowMs: Date.now(),
      supportGroups: await backingOf(this.#store, this.#scope, draft),
    });
  }

  isBundled({ id, revision }: LessonRevision): boolean {
    return this.#bundled.get(id)?.revision === revision;
  }

  holds(lesson: LessonId): boolean {
    return this.#bundled.has(lesson);
  }

  /** Takes these out of the bundle in memory, but for a lesson that is replaced there; answers what left. */
  leaving(
    lessons: readonly LessonRevision[],
    candidate: CandidateId,
    replaced?: LessonId,
  ): readonly Leaving[] {
    const out = lessons.filter((other) => this.isBundled(other) && other.id !== replaced);
    for (const { id } of out) this.#bundled.delete(id);
    // What only these overruled stays in service.
    const freed = this.#serving.filter(
      (one) =>
        this.#removed.includes(one.id) &&
        out.some((gone) => contradicts(gone, one)) &&
        !this.isStillOverruled(one.id),
    );
    return [...out, ...freed].map(({ id }) => ({ lesson: id, candidate }));
  }

  bundle(revision: LessonRevision): void {
    this.#bundled.set(revision.id, revision);
  }

  dispute(challenger: LessonRevision, others: readonly LessonRevision[]): void {
    const sides = [challenger, ...others].map((one) => ({ ...one, status: 'disputed' as const }));
    this.inDispute = [...this.inDispute, ...sides];
    this.#serving = this.#serving.filter((one) => !others.includes(one));
  }

  /** Whether something in the bundle still contradicts a lesson that serves. */
  isStillOverruled(lesson: LessonId): boolean {
    const serving = this.#serving.find(({ id }) => id === lesson);
    if (serving === undefined) return false;
    return [...this.#bundled.values()].some((one) => contradicts(one, serving));
  }
}

/** Whether a person said it; of what tools show under one key the later observation takes the earlier one's place. */
function isSaid({ sources }: LessonDraft): boolean {
  return sources.some(({ channel }) => channel !== 'tool_output');
}

/** What the next proposal of the same batch is merged with, as if it were stored already. */
function revisionInMemory(
  id: LessonId,
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
