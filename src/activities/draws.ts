import type { CandidateId, EpisodeId, Scope, TaskId, VersionId } from '../domain/ids.js';

/** Tasks for pairs, in the order they will be committed. */
export interface DrawRequest extends Scope {
  readonly candidate: CandidateId;
  readonly purpose: 'gate' | 'diagnosis' | 'aa';
  readonly baseline: VersionId;
  readonly version: VersionId;
  readonly seed: number;
  /** Which evaluation of this candidate it is, from 1; a re-based candidate is evaluated again. */
  readonly attempt: number;
  readonly workflowId: string;
  /** 0 draws the pool; later calls get the live tasks mirrored since, in order of acceptance. */
  readonly afterNumber: number;
  readonly limit: number;
  /** With a diagnosis: the stratum that fell, whose tasks alone can tell why. */
  readonly slice?: string;
  /** Whether the evaluation may end undecided for the sake of the next bundle: it still tests the effect. */
  readonly mayYield: boolean;
  /** What an earlier answer said. */
  readonly yields: boolean;
}

export interface DrawnTask {
  readonly task: TaskId;
  readonly number: number;
  /** Ids of the two arms' episodes. */
  readonly episodes: { readonly baseline: EpisodeId; readonly candidate: EpisodeId };
  readonly slices: Readonly<Record<string, string>>;
}

export interface DrawAnswer {
  readonly tasks: readonly DrawnTask[];
  /** Cases of the pinned regression set, with the first draw of a gate where there are enough of them. */
  readonly pinned?: readonly DrawnTask[];
  /** Highest task number looked at; pass it as `afterNumber`. */
  readonly upTo: number;
  /** The pool is used up and a bundle of weight waits: decide on the evidence there is. */
  readonly yields: boolean;
  readonly policy: {
    readonly maxPairs: number;
    readonly sliceKeys: readonly string[] | null;
    readonly criticalSlices: readonly string[];
    readonly criticalCategories: readonly string[];
    readonly concurrency: number;
    /** Runs of each arm averaged into its outcome; 1 unless told. */
    readonly replicates?: number;
    /** Margin that superiority must exceed: a bound on the bias of the agent's judge; 0 without one. */
    readonly m0?: number;
    /** The audits show a judge that favours candidates: no promotion without a person. */
    readonly isBiased?: boolean;
    /** Whether a pass asks for a cost that is not up; only told unless so. */
    readonly costBlocks?: boolean;
  };
}
