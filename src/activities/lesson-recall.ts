import { lessonId } from '../contracts/ids.js';
import type { Mode, RecalledLesson } from '../domain/episode.js';
import type { EpisodeId, Scope } from '../domain/ids.js';
import type { Trust } from '../domain/lesson.js';
import type { FoundLesson, RecallRecord, VectorSearch } from '../domain/retrieval/recall-record.js';
import { recallWithChoice, type Recalled, type RecallRequest } from '../domain/retrieval/recall.js';
import type { AcceptedTask } from '../domain/task.js';
import { drawHoldOuts, propensityOf, type HoldOutPolicy } from '../domain/utility/hold-out.js';
import { kindOf, KindContexts } from './kind-contexts.js';
import type { Store } from './store.js';
import type { Strategy } from './strategy-cache.js';
import { UtilitySnapshots } from './utility-snapshots.js';
import type { VectorRecall } from './vector-recall.js';

export interface LessonRequest {
  readonly scope: Scope;
  readonly task: AcceptedTask;
  readonly mode: Mode;
  readonly strategy: Strategy;
  readonly minTrust: Trust;
  readonly holdOut: HoldOutPolicy;
  readonly now: Date;
}

export interface LessonAnswer {
  /** What stands in the prompt. */
  readonly recalled: readonly RecalledLesson[];
  readonly record: RecallRecord;
}

/** Recalls lessons for tasks, with what this process remembers between them. */
export class LessonRecall {
  readonly #store: Pick<Store, 'utilities' | 'haveSucceeded'>;
  readonly #utilities: UtilitySnapshots;
  readonly #contexts = new KindContexts();
  readonly #vectors: VectorRecall | null;

  constructor(
    store: Pick<Store, 'utilities' | 'haveSucceeded'>,
    vectors: VectorRecall | null = null,
  ) {
    this.#store = store;
    this.#vectors = vectors;
    this.#utilities = new UtilitySnapshots(store);
  }

  async lessonsFor(request: LessonRequest): Promise<LessonAnswer> {
    const { scope, task, mode, strategy, holdOut, now } = request;
    const utilities = await this.#utilities.of(scope, now.getTime());
    const isLive = mode === 'live';
    const kind = kindOf(scope, strategy, task, this.#vectors !== null);
    const served = isLive ? await this.#servedAgain(scope, kind) : null;
    const ranked = served ?? (await this.#ranked(request, utilities));
    const { found, texts } = ranked;
    if (isLive && mayServeAgain(strategy, found)) {
      this.#contexts.remember(kind, task.episode, ranked);
    }

    const searched = found.filter(({ lesson }) => !ranked.standing.has(lesson));
    const draws = isLive
      ? drawHoldOuts(
          task.id,
          searched.map(({ lesson: id, revision }) => ({ id, revision })),
          (id, revision) => propensityOf(utilities.standingOf({ id, revision }), holdOut),
        )
      : [];
    const heldOut = new Set(draws.filter((draw) => draw.heldOut).map(({ lesson }) => lesson));
    return {
      recalled: found
        .filter(({ lesson }) => !heldOut.has(lesson))
        .map(({ lesson, revision, score }) => {
          return { lesson: lessonId(lesson), revision, text: texts.get(lesson) ?? '', score };
        }),
      record: {
        at: now.toISOString(),
        minTrust: request.minTrust,
        cachedFrom: served === null ? null : served.from,
        ...(ranked.vectors !== null && { vectors: ranked.vectors }),
        bounds: ranked.bounds,
        found,
        draws,
      },
    };
  }

  /** What served tasks of this kind, where the last of them all succeeded on this version. */
  async #servedAgain(scope: Scope, kind: string) {
    const context = this.#contexts.of(kind);
    if (context === undefined) return null;
    const { episodes } = context;
    return (await this.#store.haveSucceeded(scope.tenant, episodes)) ? context : null;
  }

  async #ranked(
    request: LessonRequest,
    utilities: Awaited<ReturnType<UtilitySnapshots['of']>>,
  ): Promise<RankedContext> {
    const { task, strategy, minTrust, now } = request;
    const wanted: RecallRequest = {
      task: { slices: task.slices, input: task.input },
      limit: strategy.row.parameters.recallLimit,
      at: now.toISOString(),
      minTrust,
      boundOf: (lesson) => utilities.boundOf(lesson, task.slices),
    };
    const vectors = await this.#nearBy(request, wanted);
    const { recalled, ranked } = recallWithChoice(strategy.index, {
      ...wanted,
      ...(vectors?.used === true && { near: vectors.near }),
    });
    const bounds = ranked.flatMap((lesson) => {
      const bound = utilities.boundOf(lesson, task.slices);
      return bound === undefined ? [] : [[lesson.id, bound] as const];
    });
    return {
      found: recalled.map(foundOf),
      texts: new Map(recalled.map(({ lesson }) => [lesson.id, lesson.text])),
      standing: new Set(
        recalled.filter(({ lesson }) => lesson.kind === 'rule').map(({ lesson }) => lesson.id),
      ),
      bounds: Object.fromEntries(bounds),
      vectors,
    };
  }

  /** A live task does not wait for vectors of lessons; a run that is measured does. */
  async #nearBy(
    { scope, mode, strategy }: LessonRequest,
    wanted: RecallRequest,
  ): Promise<VectorSearch | null> {
    if (this.#vectors === null) return null;
    const prepared = this.#vectors.prepare(scope, strategy.row.id);
    if (mode !== 'live') await prepared;
    return this.#vectors.near(scope, strategy, wanted);
  }
}

/** What a ranking found, as it can be served again. */
export interface RankedContext {
  readonly found: readonly FoundLesson[];
  readonly texts: ReadonlyMap<string, string>;
  /** Rules, which are never held out. */
  readonly standing: ReadonlySet<string>;
  readonly bounds: Readonly<Record<string, number>>;
  /** Null where none are configured. */
  readonly vectors: VectorSearch | null;
}

export interface ServedContext extends RankedContext {
  /** The episode it was ranked for. */
  readonly from: EpisodeId;
  /** The newest it served, that one among them. */
  readonly episodes: readonly EpisodeId[];
}

function foundOf({ lesson, score, signals }: Recalled): FoundLesson {
  return { lesson: lesson.id, revision: lesson.revision, score, ...signals };
}

/** A lesson that holds for a time only is looked at anew each time. */
function mayServeAgain({ index }: Strategy, found: readonly FoundLesson[]): boolean {
  return (
    found.length > 0 &&
    found.every(({ lesson }) => index.lessons.get(lesson)?.validity === undefined)
  );
}
