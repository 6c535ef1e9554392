import type { Arm, Slices } from '../domain/episode.js';
import type { EpisodeId, Scope, TenantId, VersionId } from '../domain/ids.js';

/** A live outcome as a monitor reads it, in the order of acceptance. */
export interface LiveOutcome {
  readonly number: number;
  readonly episode: EpisodeId;
  readonly version: VersionId;
  readonly arm: Arm;
  readonly slices: Slices;
  /** 0 … 1; null when it is not known within the attribution window and counts as 0. */
  readonly success: number | null;
  /** Nobody was asked in time, or every judge abstained: no fault of the version, and no outcome of it. */
  readonly isVoid?: boolean;
  /** `ok` or the kind of failure; null with an outcome that is not known. */
  readonly category?: string | null;
}

export interface OutcomePage {
  readonly outcomes: readonly LiveOutcome[];
  /** Pass to the next read: everything up to it was read, but for `passedOver`. */
  readonly cursor: number;
  /** Numbers skipped because their outcome took longer than a minute; asked for again next time. */
  readonly passedOver: readonly number[];
}

/** Tasks of one version, arm and combination of slices; null where none of them has begun. */
export interface ServedCount {
  readonly version: VersionId | null;
  readonly arm: Arm | null;
  readonly slices: Slices;
  readonly n: number;
}

/** Live outcomes, and how far learning has read them. */
export interface OutcomeStore {
  /** Registers a workflow that reads outcomes; `recordEpisode` wakes it. */
  watchOutcomes(scope: Scope, workflowId: string): Promise<void>;
  unwatchOutcomes(scope: Scope, workflowId: string): Promise<void>;
  readOutcomes(
    scope: Scope,
    workflowId: string,
    cursor: number,
    passedOver: readonly number[],
    limit: number,
    /** Hours after its end until an outcome that is not known counts as 0; 24 unless told (GATE 2.7). */
    windowHours?: number,
  ): Promise<OutcomePage>;
  /** Tasks by number, counted by who serves them and by combination of slices. */
  servedBy(scope: Scope, numbers: readonly number[]): Promise<readonly ServedCount[]>;
  /** Learning reads nothing of live tasks numbered above this; null lifts it. Answers workflows to wake. */
  setBarrier(scope: Scope, upTo: number | null): Promise<{ readonly wake: readonly string[] }>;
  barrier(scope: Scope): Promise<number | null>;
  /** Says that an episode's reflection has proposed what it had to propose. */
  markReflected(tenant: TenantId, episode: EpisodeId, result: string): Promise<void>;
  /** Says that a watching workflow has folded everything there is up to this task; false where that was known. */
  settleWatch(scope: Scope, workflowId: string, upTo: number): Promise<boolean>;
  /** Whether some watching workflow has tasks up to the barrier to read; never without a barrier. */
  isBehindBarrier(scope: Scope): Promise<boolean>;
  /** Number of the newest accepted task; never above the barrier. */
  newestTask(scope: Scope): Promise<number>;
  /** What still moves at or below the barrier, in words; empty when learning is at rest. */
  unsettled(scope: Scope): Promise<readonly string[]>;
}
