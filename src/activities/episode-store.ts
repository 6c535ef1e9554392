import type {
  Arm,
  Mode,
  Outcome,
  RecalledLesson,
  Slices,
  Step,
  TaskEnd,
  ToolStep,
} from '../domain/episode.js';
import type { CandidateId, EpisodeId, Scope, TaskId, TenantId, VersionId } from '../domain/ids.js';
import type { JsonObject } from '../domain/json.js';
import type { RecallRecord } from '../domain/retrieval/recall-record.js';
import type { AcceptedTask, Task } from '../domain/task.js';
import type { Pointer } from './strategy-store.js';

export interface OpenEpisode {
  readonly id: EpisodeId;
  readonly scope: Scope;
  readonly task: TaskId;
  readonly mode: Mode;
  readonly version: VersionId;
  readonly arm: Arm;
  readonly input: JsonObject;
  readonly slices: Slices;
  readonly subject: string | null;
  readonly model: string;
  readonly recalled: readonly RecalledLesson[];
  /** The system and user messages that the conversation starts with. */
  readonly system: string;
  readonly user: string;
  readonly candidate: CandidateId | null;
  /** How the lessons were found, and which were held out; none where that was not kept. */
  readonly recall?: RecallRecord;
}

/** An episode as stored, finished or not. */
export interface StoredEpisode extends OpenEpisode {
  /** Number of the live task in the order of acceptance; 0 for other modes. */
  readonly number: number;
  readonly end: TaskEnd | null;
  readonly output: string | null;
  readonly outcome: Outcome | null;
  readonly steps: readonly Step[];
}

export interface EffectRow {
  readonly state: 'new' | 'started' | 'done';
  /** What the tool answered, once done. */
  readonly result: string | null;
}

/** A tool call as an attempt finds it: answered already, or to be made. */
export type CallStart =
  | { readonly stored: Step }
  | {
      readonly stored: null;
      /** Of the call's task. */
      readonly input: JsonObject;
      /** Where the call asked for a row in the ledger: what that row said before. */
      readonly effect: EffectRow | null;
    };

/** Head and steps of an episode, as far as it has come. */
export interface Conversation {
  readonly head: OpenEpisode;
  readonly steps: readonly Step[];
}

/** Tasks, their episodes and effects. */
export interface EpisodeStore {
  /** Numbers the task; a second call with the same id and input answers the first one's row. */
  acceptTask(
    task: Task & { readonly slices: Slices },
  ): Promise<AcceptedTask & { readonly existing: boolean }>;
  taskInput(scope: Scope, task: TaskId): Promise<AcceptedTask | null>;
  /** The two at once, as one moment shows them. */
  taskAndPointer(
    scope: Scope,
    task: TaskId,
  ): Promise<{ readonly task: AcceptedTask | null; readonly pointer: Pointer | null }>;
  /**
   * Writes the episode's head once and answers the conversation as it stands. One that serves nobody is a
   * LearningBudgetError, and not written, where the agent has had `runsPerDay` of them today.
   */
  openEpisode(episode: OpenEpisode, runsPerDay?: number): Promise<Conversation>;
  episode(tenant: TenantId, id: EpisodeId): Promise<StoredEpisode | null>;
  conversation(tenant: TenantId, id: EpisodeId): Promise<Conversation>;
  /** Writes a step once by index and answers the one that is stored. */
  putStep(tenant: TenantId, id: EpisodeId, step: Step): Promise<Step>;
  /**
   * Begins an attempt of a tool call that is not answered yet; with an effect, whose row in the ledger is
   * there when this returns. An effect begun with another request is a ConflictError.
   */
  beginCall(
    call: Scope & {
      readonly task: TaskId;
      readonly episode: EpisodeId;
      readonly step: number;
      readonly effect: { readonly key: string; readonly requestDigest: string } | null;
    },
  ): Promise<CallStart>;
  /** Marks an effect as done and writes its call's step, at once and once, like `putStep`. */
  finishCall(tenant: TenantId, id: EpisodeId, step: ToolStep, effectKey: string): Promise<Step>;
  /**
   * Ends an episode: outcome, lineage of the lessons it used, and for live ones the wake of every
   * watching workflow, in one transaction. Answers the outcome that stands, which is that of the first
   * call, and the workflows this call has to signal.
   */
  recordEpisode(end: {
    readonly tenant: TenantId;
    readonly id: EpisodeId;
    readonly end: TaskEnd;
    readonly output: string | null;
    readonly outcome: Outcome;
    readonly informative: { readonly value: boolean; readonly reason: string };
    /** Set where no reflection will mark the episode as reflected upon: why there is nothing to learn. */
    readonly unreflected: string | null;
    readonly tokens: number;
    readonly costMicroUsd: number;
  }): Promise<{ readonly outcome: Outcome; readonly wake: readonly string[] }>;
}
