import { candidateId, lessonId } from '../contracts/ids.js';
import { SYSTEM } from '../domain/feedback.js';
import type { CandidateId, Scope } from '../domain/ids.js';
import type { Json } from '../domain/json.js';
import { lessonText } from '../domain/lesson.js';
import {
  DEFAULT_RETENTION,
  planRemovals,
  USE_HALF_LIFE_DAYS,
  type KeptLesson,
  type Removal,
} from '../domain/retention/plan.js';
import { isStale } from '../domain/retention/staleness.js';
import { approximateTokens } from '../domain/retrieval/recall.js';
import { sampleRatio } from '../domain/utility/sample-ratio.js';
import { upliftBound, NO_UTILITY } from '../domain/utility/uplift.js';
import type { Messenger } from './messenger.js';
import type { Store } from './store.js';
import { endUncarried, findUncarried, UNCARRIED, type Carriers } from './uncarried.js';
import { countUtility, type UtilityCount, type UtilityDependencies } from './utility-counting.js';

/** Closed runs of an agent's workflows, and what happened in them. */
export interface HistorySource {
  /** Every closed run that Temporal remembers, newest first. */
  closedRuns(scope: Scope): AsyncIterable<ClosedRun>;
  /** Null where it was forgotten meanwhile. */
  history(run: ClosedRun): Promise<Json | null>;
}

export interface ClosedRun {
  readonly workflowId: string;
  readonly runId: string;
}

export interface LessonReview {
  /** Lessons in service. */
  readonly lessons: number;
  readonly removals: readonly Removal[];
  /** The candidate that takes them away; null where there is none, or another one is open. */
  readonly candidate: string | null;
  /** Standard deviations between draws and hold-outs; null where there are too few. */
  readonly holdOutDeviations: number | null;
}

export interface MaintenanceActivities {
  countLessonUtility(scope: Scope): Promise<UtilityCount>;
  /** Looks at every lesson in service, and proposes to take away what should leave. */
  reviewLessons(scope: Scope): Promise<LessonReview>;
  /** Stores histories of closed runs, a batch at a time. */
  archiveHistories(scope: Scope): Promise<{ readonly archived: number; readonly more: boolean }>;
  /** Candidates whose workflow is gone, as far as one look can tell. */
  findUncarried(scope: Scope): Promise<readonly CandidateId[]>;
  /** Ends those of them whose workflow is still gone, and answers which. */
  endUncarried(
    of: Scope & { readonly candidates: readonly CandidateId[] },
  ): Promise<readonly CandidateId[]>;
}

export interface MaintenanceDependencies extends UtilityDependencies {
  readonly messenger: Pick<Messenger, 'wake' | 'wakeLearner' | 'settle'>;
  readonly histories: HistorySource;
  readonly carriers: Carriers;
}

const ARCHIVE_BATCH = 100;
const LOOK_AT_ONCE = 200;
const DRAW_DAYS = 30;

/** What keeps an agent's memory sound, beside its tasks and its learning. */
export function createMaintenanceActivities(
  dependencies: MaintenanceDependencies,
): MaintenanceActivities {
  const { store, messenger, histories, carriers } = dependencies;
  return {
    countLessonUtility: ({ tenant, agent }) => countUtility(dependencies, { tenant, agent }),

    async reviewLessons({ tenant, agent }) {
      const scope = { tenant, agent };
      const lessons = await lessonsKept(store, scope);
      const removals = planRemovals(lessons, new Date().toISOString(), DEFAULT_RETENTION);
      const candidate = removals.length === 0 ? null : await proposeRemoval(store, scope, removals);
      if (candidate !== null) await messenger.wakeLearner(scope);
      const ratio = sampleRatio(await store.drawTallies(scope, DRAW_DAYS));
      if (ratio?.isBroken === true) {
        await store.note(scope, {
          actor: SYSTEM,
          action: 'hold-out-broken',
          object: { kind: 'agent', id: agent },
          reason: 'tasks that went without their lessons are not as many as were drawn to',
          detail: { deviations: ratio.deviations },
        });
      }
      const holdOutDeviations = ratio?.deviations ?? null;
      return { lessons: lessons.length, removals, candidate, holdOutDeviations };
    },

    async archiveHistories({ tenant, agent }) {
      const scope = { tenant, agent };
      let archived = 0;
      for await (const runs of inBatches(histories.closedRuns(scope), LOOK_AT_ONCE)) {
        const known = new Set(
          await store.archivedRuns(
            tenant,
            runs.map(({ runId }) => runId),
          ),
        );
        for (const run of runs) {
          if (known.has(run.runId)) continue;
          if (archived === ARCHIVE_BATCH) return { archived, more: true };
          const history = await histories.history(run);
          if (history === null) continue;
          await store.archiveHistory(tenant, run.workflowId, run.runId, history);
          archived += 1;
        }
      }
      return { archived, more: false };
    },

    findUncarried: ({ tenant, agent }) => findUncarried(store, carriers, { tenant, agent }),

    async endUncarried({ tenant, agent, candidates }) {
      const scope = { tenant, agent };
      const still = await findUncarried(store, carriers, scope);
      const gone = still.filter((id) => candidates.includes(id));
      for (const id of gone) await endUncarried({ store, messenger }, scope, id, UNCARRIED);
      return gone;
    },
  };
}

async function lessonsKept(store: Store, scope: Scope): Promise<readonly KeptLesson[]> {
  const pointer = await store.pointer(scope);
  const row = pointer === null ? null : await store.version(scope, pointer.active);
  if (row === null) return [];
  const nameOf = (lesson: string, revision: number): string => `${lesson}@${String(revision)}`;
  const uses = new Map(
    (await store.lessonUses(scope, USE_HALF_LIFE_DAYS)).map((use) => [
      nameOf(use.lesson, use.revision),
      use,
    ]),
  );
  const utilities = new Map(
    (await store.utilities(scope))
      .filter(({ slice }) => slice === '')
      .map(({ lesson, revision, utility }) => [nameOf(lesson, revision), utility]),
  );
  const protecting = new Set(
    (await store.protectedLessons(scope)).map(({ lesson, revision }) => nameOf(lesson, revision)),
  );
  return (await store.lessonsServing(scope, row.id)).map((lesson): KeptLesson => {
    const name = nameOf(lesson.id, lesson.revision);
    const use = uses.get(name);
    return {
      id: lesson.id,
      revision: lesson.revision,
      tokens: approximateTokens(lessonText(lesson.body)),
      isStale: isStale(lesson, row),
      validity: lesson.validity ?? null,
      recentUses: use?.recentUses ?? 0,
      idleDays: use?.idleDays ?? daysSince(lesson.storedAt),
      uplift: upliftBound(utilities.get(name) ?? NO_UTILITY),
      protects: protecting.has(name),
    };
  });
}

function daysSince(at: string | undefined): number {
  return at === undefined ? 0 : Math.floor((Date.now() - Date.parse(at)) / 86_400_000);
}

/**
 * Opens a candidate that takes lessons away, where no other one is open: what it did should not be mixed
 * with what others added. It passes the gate like any other.
 */
async function proposeRemoval(
  store: Store,
  scope: Scope,
  removals: readonly Removal[],
): Promise<string | null> {
  if ((await store.openCandidate(scope)) !== null) return null;
  const served = new Set(removals.map(({ id }) => id));
  const isUnderWay = (await store.candidates(scope)).some(
    ({ endedAt, bundle }) => endedAt === null && bundle.remove.some((lesson) => served.has(lesson)),
  );
  if (isUnderWay) return null;
  const number = await store.nextCandidateNumber(scope);
  const candidate = candidateId(`${scope.tenant}.${scope.agent}.c${String(number)}`);
  const reasons = [...new Set(removals.map(({ reason }) => reason))].join(', ');
  await store.applyMerge(scope, {
    results: [],
    revisions: [],
    removals: removals.map(({ id }) => ({ lesson: lessonId(id), candidate })),
    support: [],
    opened: {
      id: candidate,
      title: `${String(removals.length)} lessons removed: ${reasons}`,
      opener: null,
      workflowId: `reflect/${candidate}`,
    },
  });
  return candidate;
}

async function* inBatches<T>(items: AsyncIterable<T>, size: number): AsyncGenerator<readonly T[]> {
  let batch: T[] = [];
  for await (const item of items) {
    batch.push(item);
    if (batch.length < size) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}
