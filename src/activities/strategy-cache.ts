import type { Scope, VersionId } from '../domain/ids.js';
import { lessonText, type LessonRevision } from '../domain/lesson.js';
import {
  changeLessons,
  indexLessons,
  type LessonIndex,
  type RecallableLesson,
} from '../domain/retrieval/recall.js';
import { isStanding } from '../domain/retrieval/standing.js';
import { isStale } from '../domain/retention/staleness.js';
import { NotFoundError } from '../domain/errors.js';
import type { VersionRow } from '../domain/strategy.js';
import type { Store } from './store.js';

/** A strategy version ready to serve: its row, and its lessons ready to be searched. */
export interface Strategy {
  readonly row: VersionRow;
  readonly index: LessonIndex;
}

const DEFAULT_CAPACITY = 64;

/**
 * Strategies by version, the least recently used one dropped first. A version never changes, so that
 * nothing here can be stale; one whose parent is here is derived from it by the rows that differ.
 */
export class StrategyCache {
  readonly #store: Pick<Store, 'version' | 'versionChange' | 'lessonsServing'>;
  readonly #capacity: number;
  readonly #entries = new Map<string, Promise<Strategy>>();

  constructor(
    store: Pick<Store, 'version' | 'versionChange' | 'lessonsServing'>,
    capacity: number = DEFAULT_CAPACITY,
  ) {
    this.#store = store;
    this.#capacity = capacity;
  }

  strategy(scope: Scope, version: VersionId): Promise<Strategy> {
    const key = keyOf(scope, version);
    const found = this.#entries.get(key);
    const entry = found ?? this.#load(scope, version);
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    if (found === undefined) {
      // A failed load is not kept: the next call tries again.
      entry.catch(() => this.#entries.delete(key));
      const [oldest] = this.#entries.keys();
      if (this.#entries.size > this.#capacity && oldest !== undefined) this.#entries.delete(oldest);
    }
    return entry;
  }

  async #load(scope: Scope, version: VersionId): Promise<Strategy> {
    const row = await this.#store.version(scope, version);
    if (row === null)
      throw new NotFoundError('version', version, 'list them with `ratchet versions`');
    const parent = await this.#parentOf(scope, row);
    if (parent !== undefined) {
      const { put, remove } = await this.#store.versionChange(scope, version);
      const stale = put.filter((lesson) => !isRecalled(lesson, row)).map(({ id }) => id);
      const fresh = put.filter((lesson) => isRecalled(lesson, row)).map(recallable);
      const change = { put: fresh, remove: [...remove, ...stale] };
      return { row, index: changeLessons(parent.index, change) };
    }
    const lessons = await this.#store.lessonsServing(scope, version);
    return {
      row,
      index: indexLessons(lessons.filter((lesson) => isRecalled(lesson, row)).map(recallable)),
    };
  }

  /** The strategy this one differs from in its lessons alone, where it is here. */
  async #parentOf(scope: Scope, row: VersionRow): Promise<Strategy | undefined> {
    if (row.parent === null) return undefined;
    const parent = await this.#entries.get(keyOf(scope, row.parent));
    if (parent === undefined) return undefined;
    const isSame = JSON.stringify(parent.row.toolDigests) === JSON.stringify(row.toolDigests);
    return isSame ? parent : undefined;
  }
}

function keyOf({ tenant, agent }: Scope, version: VersionId): string {
  return `${tenant}/${agent}/${version}`;
}

/** What stands for a parameter is a value of the version, and no text of a prompt. */
function isRecalled(lesson: LessonRevision, row: VersionRow): boolean {
  return lesson.kind !== 'parameter' && !isStale(lesson, row);
}

function recallable(lesson: LessonRevision): RecallableLesson {
  const text = lessonText(lesson.body);
  return {
    id: lesson.id,
    revision: lesson.revision,
    kind: lesson.kind,
    title: lesson.title,
    text,
    when: lesson.trigger.when,
    predicates: lesson.trigger.predicates,
    guardrail: isStanding(lesson.kind, text),
    trust: lesson.trust,
    storedAt: lesson.storedAt ?? '',
    ...(lesson.validity !== undefined && { validity: lesson.validity }),
  };
}
