import type { EpisodeId } from '../ids.js';
import type { Trust } from '../lesson.js';
import type { HoldOutDraw } from '../utility/hold-out.js';
import type { NearLesson, Signals } from './recall.js';

/** How lessons were searched for beside their words, or why they were not. */
export type VectorSearch =
  | {
      readonly used: true;
      readonly model: string;
      /** What was near enough, as it was given to the ranking; nearest first. */
      readonly near: readonly NearLesson[];
    }
  | { readonly used: false; readonly model: string; readonly why: NoVectors };

/** The words alone decided, since */
export type NoVectors =
  /** the database has no pgvector, or one that is too old; */
  | 'no-extension'
  /** the question had no vector in time, or the endpoint failed; */
  | 'no-query-vector'
  /** it did so a moment ago, and is left alone; */
  | 'paused'
  /** the database did not answer the search. */
  | 'search-failed';

/**
 * What a recall used beside the version and the task, and what it drew: enough to derive the prompt again
 * and to say why each lesson was in it.
 */
export interface RecallRecord {
  /** ISO 8601; validity windows were looked at as of then. */
  readonly at: string;
  readonly minTrust: Trust;
  /** The episode whose lessons were served again, as those of its kind had all succeeded; else null. */
  readonly cachedFrom: EpisodeId | null;
  /** Absent where no embeddings endpoint is configured: words alone. */
  readonly vectors?: VectorSearch;
  /** Lower bounds of uplift, of the lessons that were ranked and had been measured. */
  readonly bounds: Readonly<Record<string, number>>;
  /** Every lesson that was found, held out or not. */
  readonly found: readonly FoundLesson[];
  /** Of lessons that may be held out; none in shadow and explore runs. */
  readonly draws: readonly HoldOutDraw[];
}

export interface FoundLesson extends Signals {
  readonly lesson: string;
  readonly revision: number;
  readonly score: number;
}
