import type { Scope, VersionId } from '../domain/ids.js';
import type { LessonContent } from '../domain/lesson.js';
import type { LessonRef } from '../domain/strategy.js';

/** A lesson's content that has no vector of some model yet. */
export interface UnembeddedContent {
  readonly contentHash: string;
  readonly content: LessonContent;
}

/** A revision that says something near a text; 1 is the same direction. */
export interface NearRevision extends LessonRef {
  readonly similarity: number;
}

/** Vectors of lessons, by what the lessons say and the model that read it. */
export interface VectorStore {
  /** Whether nearest neighbours can be asked for: pgvector is installed, and new enough. */
  canSearchVectors(): Promise<boolean>;
  /** Contents that a version serves and that are searched for, at most `limit` of those without a vector. */
  unembedded(
    scope: Scope,
    version: VersionId,
    model: string,
    limit: number,
  ): Promise<readonly UnembeddedContent[]>;
  /** Keeps the vector that is there already. */
  putEmbeddings(
    scope: Scope,
    model: string,
    embedded: readonly { readonly contentHash: string; readonly embedding: readonly number[] }[],
  ): Promise<void>;
  /**
   * Revisions of the agent, of any version, for the `limit` contents nearest to a vector, nearest first.
   * The caller knows which of them serve.
   */
  nearestRevisions(
    scope: Scope,
    model: string,
    embedding: readonly number[],
    limit: number,
  ): Promise<readonly NearRevision[]>;
}
