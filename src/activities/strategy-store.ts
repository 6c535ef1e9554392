import type { Slices } from '../domain/episode.js';
import type { Actor } from '../domain/feedback.js';
import type { CandidateId, LessonId, Scope, VersionId } from '../domain/ids.js';
import type { JsonObject } from '../domain/json.js';
import type { LessonRevision } from '../domain/lesson.js';
import type { Bundle, Parameters, VersionRow, LessonRef } from '../domain/strategy.js';

/** The one row that says what serves an agent's tasks. `number` counts its changes, from 1. */
export interface Pointer {
  readonly number: number;
  readonly active: VersionId;
  readonly canary: {
    readonly candidate: CandidateId;
    readonly version: VersionId;
    readonly share: number;
    readonly seed: number;
  } | null;
  /** Slice `key=value`, or a combination of them as `stratumOf` names it -> the version that serves it instead. */
  readonly exceptions: Readonly<Record<string, VersionId>>;
  readonly pinned: VersionId | null;
  readonly frozen: boolean;
}

/** A change of the pointer: what is given replaces, what is left out stays. */
export type PointerChange = Partial<Omit<Pointer, 'number'>>;

export interface StratumCount {
  readonly slices: Slices;
  readonly n: number;
  /** Sum of 1 - score. */
  readonly failures: number;
  /** Outcomes of each category; a history recorded before they were counted has none. */
  readonly categories?: Readonly<Record<string, number>>;
}

/** What a version did, as far as it is known. */
export interface OutcomeReference {
  readonly strata: readonly StratumCount[];
  /** Numbers of tasks whose outcome is not decided yet, in order. */
  readonly pending: readonly number[];
}

/** Versions of a strategy, and the pointer that says which of them serves. */
export interface StrategyStore {
  pointer(scope: Scope): Promise<Pointer | null>;
  version(scope: Scope, id: VersionId): Promise<VersionRow | null>;
  /** Every lesson a version serves, by walking its chain of changes. */
  lessonsServing(scope: Scope, id: VersionId): Promise<readonly LessonRevision[]>;
  /** Which revisions of these lessons a version serves. */
  servedOf(
    scope: Scope,
    id: VersionId,
    lessons: readonly LessonId[],
  ): Promise<readonly LessonRef[]>;
  /** What the version changed against its parent, for deriving one cached index from another. */
  versionChange(
    scope: Scope,
    id: VersionId,
  ): Promise<{
    readonly parent: VersionId | null;
    readonly put: readonly LessonRevision[];
    readonly remove: readonly LessonId[];
  }>;
  /** Registers the agent's first version, or a deployment when its definition changed; audited. */
  deploy(
    scope: Scope,
    root: {
      readonly policyDigest: string;
      readonly toolDigests: Readonly<Record<string, string>>;
      readonly parameters: Parameters;
      readonly instructions: string;
    },
    actor: Actor,
  ): Promise<Pointer>;
  /** The newest change of the pointer that a new definition made, but for the first; null where there is none. */
  lastDeployment(scope: Scope): Promise<{
    readonly number: number;
    readonly version: VersionId;
    readonly baseline: VersionId;
  } | null>;
  /** Number of the newest task accepted before a change of the pointer. */
  newestTaskBefore(scope: Scope, change: number): Promise<number>;
  /** Derives a version from another; the same content is the same id and nothing is written. */
  deriveVersion(scope: Scope, parent: VersionId, bundle: Bundle): Promise<VersionId>;
  changePointer(
    scope: Scope,
    expected: number,
    change: PointerChange,
    audit: {
      readonly actor: Actor;
      readonly action: string;
      readonly reason: string;
      readonly detail: JsonObject;
    },
  ): Promise<Pointer>;
  /**
   * Outcomes of the newest `limit` live tasks that a version served, per combination of slices, by the rule that
   * live outcomes are read by: one that is not known once the window has passed counts as 0, one that was a
   * judge's to tell and that no judge told not at all. What may yet become known is answered by number.
   */
  outcomeReference(
    scope: Scope,
    version: VersionId,
    beforeNumber: number,
    limit: number,
    options?: {
      /** Hours after its end until an outcome that is not known counts as 0; 24 unless told (GATE 2.7). */
      readonly windowHours?: number;
      /** What is pending counts as if it never came. */
      readonly countsPending?: boolean;
    },
  ): Promise<OutcomeReference>;
}
