import { candidateId, lessonId } from '../contracts/ids.js';
import { SYSTEM } from '../domain/feedback.js';
import type { CandidateId, Scope } from '../domain/ids.js';
import type { Json } from '../domain/json.js';
import { lessonText, type LessonRevision } from '../domain/lesson.js';
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
import type { VersionRow } from '../domain/strategy.js';
import { upliftBound, NO_UTILITY } from '../domain/utility/uplift.js';
import type { AgentRegistry } from './agent-registry.js';
import type { Messenger } from './messenger.js';
import { revalidateServing, type RefusedLesson } from './revalidation.js';
import type { CandidateRow, Store } from './store.js';
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
  /** Those of them held against validation again; where there are many they take turns. */
  readonly checked: number;
  /** Those that would not pass it any more. */
  readonly refused: readonly RefusedLesson[];
  readonly removals: readonly Removal[];
  /** The candidate that takes them away; null where there is none, or another one is open. */
  readonly candidate: string | null;
  /** Standard deviations between draws and hold-outs; null where there are too few. */
  readonly holdOutDeviations: number | null;
}

export interface MaintenanceActivities {
  countLessonUtility(scope: Scope): Promise<UtilityCount>;
  /**
   * Looks at every lesson in service: quarantines what is dangerous by now, and proposes to take away what
   * else should leave.
   */
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
  readonly agents: Pick<AgentRegistry, 'agents'>;
  readonly messenger: Pick<Messenger, 'wake' | 'wakeLearner' | 'settle'>;
  readonly histories: HistorySource;
  readonly carriers: Carriers;
}

const ARCHIVE_BATCH = 100;
const LOOK_AT_ONCE = 200;
const DRAW_DAYS = 30;
/** How long after a removal was decided against it is not proposed again. */
const RETRY_DAYS = 30;
const DAY_MS = 86_400_000;

/** What keeps an agent's memory sound, beside its tasks and its learning. */
export function createMaintenanceActivities(
  dependencies: MaintenanceDependencies,
): MaintenanceActivities {
  const { store, agents, messenger, histories, carriers } = dependencies;
  return {
    countLessonUtility: ({ tenant, agent }) => countUtility(dependencies, { tenant, agent }),

    async reviewLessons({ tenant, agent }) {
      const scope = { tenant, agent };
      const row = await activeVersion(store, scope);
      const serving = row === null ? [] : await store.lessonsServing(scope, row.id);
      // The schedule of an agent outlives its place in the configuration.
      const known = agents.agents().find(({ id }) => id === agent);
      const { checked, refused } =
        known === undefined
          ? { checked: 0, refused: [] }
          : await revalidateServing(dependencies, known, scope, serving);
      const lessons = row === null ? [] : await lessonsKept(store, scope, row, serving, refused);
      const now = new Date();
      const removals = planRemovals(
        lessons,
        now.toISOString(),
        known?.learning.retention ?? DEFAULT_RETENTION,
        await removedLately(store, scope),
      );
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
      return {
        ...{ lessons: serving.length, checked, refused, removals, candidate },
        holdOutDeviations: ratio?.deviations ?? null,
      };
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

async function activeVersion(store: Store, scope: Scope): Promise<VersionRow | null> {
  const pointer = await store.pointer(scope);
  return pointer === null ? null : store.version(scope, pointer.active);
}

/** What is known of the lessons in service that were not quarantined just now. */
async function lessonsKept(
  store: Store,
  scope: Scope,
  row: VersionRow,
  serving: readonly LessonRevision[],
  refused: readonly RefusedLesson[],
): Promise<readonly KeptLesson[]> {
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
  const refusal = new Map(refused.map((one) => [nameOf(one.id, one.revision), one]));
  const staying = serving.filter(
    ({ id, revision }) => refusal.get(nameOf(id, revision))?.isQuarantined !== true,
  );
  return staying.map((lesson): KeptLesson => {
    const name = nameOf(lesson.id, lesson.revision);
    const use = uses.get(name);
    return {
      id: lesson.id,
      revision: lesson.revision,
      tokens: approximateTokens(lessonText(lesson.body)),
      isStale: isStale(lesson, row),
      isInvalid: refusal.has(name),
      validity: lesson.validity ?? null,
      recentUses: use?.recentUses ?? 0,
      idleDays: use?.idleDays ?? daysSince(lesson.storedAt),
      uplift: upliftBound(utilities.get(name) ?? NO_UTILITY),
      protects: protecting.has(name),
    };
  });
}

function daysSince(at: string | undefined): number {
  return at === undefined ? 0 : Math.floor((Date.now() - Date.parse(at)) / DAY_MS);
}

/** Lessons that a candidate takes away, or took away so lately that its gate would say the same again. */
async function removedLately(store: Store, scope: Scope): Promise<ReadonlySet<string>> {
  const since = Date.now() - RETRY_DAYS * DAY_MS;
  const isLate = ({ endedAt }: CandidateRow): boolean =>
    endedAt === null || Date.parse(endedAt) >= since;
  const rows = (await store.candidates(scope)).filter(isLate);
  return new Set(rows.flatMap(({ bundle }) => bundle.remove));
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
