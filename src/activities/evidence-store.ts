import type { Slices } from '../domain/episode.js';
import type { ShiftedCategory } from '../domain/gate/shift.js';
import type { CandidateId, EpisodeId, Scope, TaskId, TenantId, VersionId } from '../domain/ids.js';
import type { Json, JsonObject } from '../domain/json.js';

export interface PoolTask {
  readonly task: TaskId;
  readonly number: number;
  readonly input: JsonObject;
  readonly slices: Slices;
  readonly subject: string | null;
  /**
   * Other candidates that used this task already. All are of this epoch, or the last days of the one
   * before: a task stays in the window for 30 days, and an epoch lasts at least 90.
   */
  readonly uses: number;
  /** Accepted after everything that the candidate's lessons were made from. */
  readonly isNewer: boolean;
}

/** One arm of a pair: of its only run, or pooled over its runs under the id of the first. */
export interface PairArm {
  readonly episode: EpisodeId;
  readonly score: number | null;
  readonly category: string;
  readonly missing: 'infrastructure' | 'arm' | null;
  /** Micro-dollars where the model has a price, else tokens; null or absent where it is not known. */
  readonly cost?: number | null;
}

export interface PairRow {
  readonly index: number;
  readonly task: TaskId;
  readonly slices: Slices;
  /** The slice this pair was drawn for when it belongs to the slice top-up. */
  readonly topUpFor: string | null;
  readonly baseline: PairArm;
  readonly candidate: PairArm;
  /** Every run of both arms, in order, where there was more than one of each. */
  readonly replicates?: readonly { readonly baseline: PairArm; readonly candidate: PairArm }[];
}

export interface GateRecord {
  readonly candidate: CandidateId;
  readonly purpose: 'gate' | 'diagnosis';
  readonly baseline: VersionId;
  readonly version: VersionId;
  readonly verdict: string;
  readonly reason: string;
  readonly alpha: number;
  readonly seed: number;
  readonly summary: JsonObject;
}

/** A task whose text no lesson may carry, unless it is what the lesson was learned from. */
export interface EvaluationTask {
  readonly task: TaskId;
  readonly episode: EpisodeId;
  readonly input: JsonObject;
  /** What was answered where that was right; null else. */
  readonly answer: Json;
  /** A gate has used it, or it is pinned. */
  readonly isUsed: boolean;
}

/** Evidence of a gate. */
export interface EvidenceStore {
  /**
   * Live tasks of the last 30 days up to the barrier, newest first: none that the candidate's lessons or
   * proposals were made from, none whose run called one of the tools named, which no sandbox can run.
   */
  gatePool(
    scope: Scope,
    candidate: CandidateId,
    afterNumber: number,
    limit: number,
    withoutTools?: readonly string[],
  ): Promise<readonly PoolTask[]>;
  /** Whether the window holds so many tasks that each is either learned from or kept for the gate. */
  isPoolLarge(scope: Scope): Promise<boolean>;
  /**
   * Tasks that candidates are or will be evaluated on, newest first and so many at most: those a gate has
   * used, pinned ones, and the last ones accepted, of which the caller knows which are kept for the gate.
   */
  evaluationTasks(scope: Scope, limit: number): Promise<readonly EvaluationTask[]>;
  /** The newest candidates of an agent whose gate found that they only moved its failures, the last first. */
  shiftsOf(
    scope: Scope,
    limit: number,
  ): Promise<
    readonly { readonly title: string; readonly categories: readonly ShiftedCategory[] }[]
  >;
  countUses(scope: Scope, candidate: CandidateId, tasks: readonly TaskId[]): Promise<void>;
  putPairs(
    tenant: TenantId,
    candidate: CandidateId,
    purpose: GateRecord['purpose'],
    pairs: readonly PairRow[],
    /** Which diagnosis they belong to; with a gate it is the candidate's own count of evaluations. */
    diagnosis?: number,
  ): Promise<void>;
  pairsOf(
    tenant: TenantId,
    candidate: CandidateId,
    purpose: GateRecord['purpose'],
  ): Promise<readonly PairRow[]>;
  putGateRecord(scope: Scope, record: GateRecord, diagnosis?: number): Promise<void>;
  /**
   * The pinned regression set: tasks that a standing promotion won and its baseline lost, none of which
   * the candidate's lessons cite. In a fixed order; a gated slice from 30 on (GATE 2.3).
   */
  pinnedTasks(scope: Scope, candidate: CandidateId): Promise<readonly PoolTask[]>;
  gateRecords(tenant: TenantId, candidate: CandidateId): Promise<readonly GateRecord[]>;
}
