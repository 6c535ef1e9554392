import type { Scope, VersionId } from '../domain/ids.js';
import { lessonText } from '../domain/lesson.js';
import type { NoVectors, VectorSearch } from '../domain/retrieval/recall-record.js';
import {
  CHOICE,
  mayFind,
  queryText,
  type NearLesson,
  type RecallRequest,
} from '../domain/retrieval/recall.js';
import type { Embedder } from './embedder.js';
import type { Store } from './store.js';
import type { Strategy } from './strategy-cache.js';
import type { NearRevision, UnembeddedContent } from './vector-store.js';

/** An endpoint that failed is left alone for so long: no task after the first waits for it. */
const PAUSE_MS = 30_000;
const LESSONS_MS = 20_000;
/** Read from the store at once, and sent to the endpoint at once. */
const PAGE = 2_000;
const BATCH = 128;
/** Nearest contents asked for: of any version and scope, so that more are asked for where few may serve. */
const WIDTHS = [100, 1_000] as const;
const REMEMBERED = 5_000;

type VectorPort = Pick<
  Store,
  'canSearchVectors' | 'unembedded' | 'putEmbeddings' | 'nearestRevisions'
>;

/**
 * Finds lessons by meaning, where there is an embeddings endpoint and pgvector. Nothing here fails a
 * task: what cannot be had is answered as the reason why the words alone decide.
 */
export class VectorRecall {
  readonly #store: VectorPort;
  readonly #embedder: Embedder;
  readonly #nowMs: () => number;
  readonly #queries = new Map<string, Promise<readonly number[]>>();
  readonly #prepared = new Map<string, Promise<boolean>>();
  #pausedUntilMs = 0;

  constructor(store: VectorPort, embedder: Embedder, nowMs: () => number = Date.now) {
    this.#store = store;
    this.#embedder = embedder;
    this.#nowMs = nowMs;
  }

  /** Lessons of the strategy that are near a task, nearest first. */
  async near(scope: Scope, strategy: Strategy, request: RecallRequest): Promise<VectorSearch> {
    const { model, minSimilarity } = this.#embedder;
    const without = (why: NoVectors): VectorSearch => ({ used: false, model, why });
    if (!(await this.#canSearch())) return without('no-extension');
    if (this.#isPaused()) return without('paused');
    const vector = await this.#vectorOf(queryText(request.task));
    if (vector === null) return without('no-query-vector');

    let near: readonly NearLesson[] = [];
    for (const width of WIDTHS) {
      const found = await this.#nearest(scope, vector, width);
      if (found === null) return without('search-failed');
      near = found
        .filter((one) => one.similarity >= minSimilarity)
        .filter((one) => mayFind(strategy.index, request, one))
        .map(({ lesson, similarity }) => ({ lesson, similarity }))
        .slice(0, CHOICE);
      const isAll = found.length < width || (found.at(-1)?.similarity ?? -1) < minSimilarity;
      if (isAll || near.length === CHOICE) break;
    }
    return { used: true, model, near };
  }

  /**
   * Gives every lesson that a version serves and that is searched for its vector, once a process and
   * version; false where some have none yet. A failure is tried again by a later call.
   */
  prepare(scope: Scope, version: VersionId): Promise<boolean> {
    const key = `${scope.tenant}/${scope.agent}/${version}`;
    const found = this.#prepared.get(key);
    if (found !== undefined) return found;
    const work = this.#embedLessons(scope, version).catch(() => false);
    remember(this.#prepared, key, work);
    void work.then((isDone) => {
      if (!isDone) this.#prepared.delete(key);
    });
    return work;
  }

  async #embedLessons(scope: Scope, version: VersionId): Promise<boolean> {
    if (this.#isPaused() || !(await this.#canSearch())) return false;
    const { model } = this.#embedder;
    for (;;) {
      const page = await this.#store.unembedded(scope, version, model, PAGE);
      const byHash = new Map(page.map(({ contentHash, content }) => [contentHash, content]));
      const missing = [...byHash];
      for (let from = 0; from < missing.length; from += BATCH) {
        const batch = missing.slice(from, from + BATCH);
        const vectors = await this.#embed(
          batch.map(([, content]) => textOf(content)),
          LESSONS_MS,
        );
        const embedded = batch.map(([contentHash], at) => ({
          contentHash,
          embedding: vectors[at] ?? [],
        }));
        await this.#store.putEmbeddings(scope, model, embedded);
      }
      if (page.length < PAGE) return true;
    }
  }

  async #vectorOf(text: string): Promise<readonly number[] | null> {
    const known = this.#queries.get(text);
    const asked =
      known ?? this.#embed([text], this.#embedder.queryMs).then(([vector]) => vector ?? []);
    remember(this.#queries, text, asked);
    try {
      return await asked;
    } catch {
      // Why it failed is the endpoint's affair: for the task it counts that there is no vector.
      this.#queries.delete(text);
      return null;
    }
  }

  async #embed(
    texts: readonly string[],
    timeoutMs: number,
  ): Promise<readonly (readonly number[])[]> {
    try {
      return await this.#embedder.embed(texts, timeoutMs);
    } catch (error) {
      this.#pausedUntilMs = this.#nowMs() + PAUSE_MS;
      throw error;
    }
  }

  async #canSearch(): Promise<boolean> {
    return this.#store.canSearchVectors().catch(() => false);
  }

  async #nearest(
    scope: Scope,
    vector: readonly number[],
    width: number,
  ): Promise<readonly NearRevision[] | null> {
    const { model } = this.#embedder;
    return this.#store.nearestRevisions(scope, model, vector, width).catch(() => null);
  }

  #isPaused(): boolean {
    return this.#nowMs() < this.#pausedUntilMs;
  }
}

/** What a lesson says, as it is embedded. */
function textOf({ title, trigger, body }: UnembeddedContent['content']): string {
  return [title, trigger.when, lessonText(body)].filter((part) => part !== '').join('\n');
}

/** Keeps the newest; what is asked for again is new again. */
function remember<T>(entries: Map<string, T>, key: string, value: T): void {
  entries.delete(key);
  entries.set(key, value);
  const [oldest] = entries.keys();
  if (entries.size > REMEMBERED && oldest !== undefined) entries.delete(oldest);
}
