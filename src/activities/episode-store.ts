import type {
  Arm,
  Mode,
  Outcome,
  RecalledLesson,
  Slices,
  Step,
  TaskEnd,
} from '../domain/episode.js';
import type { CandidateId, EpisodeId, Scope, TaskId, TenantId, VersionId } from '../domain/ids.js';
import type { JsonObject } from '../domain/json.js';
import type { AcceptedTask, Task } from '../domain/task.js';

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

/** Tasks, their episodes and effects. */
export interface EpisodeStore {
  /** Numbers the task; a second call with the same id and input answers the first one's row. */
  acceptTask(
    task: Task & { readonly slices: Slices },
  ): Promise<AcceptedTask & { readonly existing: boolean }>;
  taskInput(scope: Scope, task: TaskId): Promise<AcceptedTask | null>;
  /** Writes the episode's head once. */
  openEpisode(episode: OpenEpisode): Promise<void>;
  episode(tenant: TenantId, id: EpisodeId): Promise<StoredEpisode | null>;
  /** Head and steps of a running episode, for assembling the conversation. */
  conversation(
    tenant: TenantId,
    id: EpisodeId,
  ): Promise<{ readonly head: OpenEpisode; readonly steps: readonly Step[] }>;
  /** Writes a step once by index and answers the one that is stored. */
  putStep(tenant: TenantId, id: EpisodeId, step: Step): Promise<Step>;
  step(tenant: TenantId, id: EpisodeId, index: number): Promise<Step | null>;
  /** Marks an effect as begun and answers its state before. */
  beginEffect(tenant: TenantId, key: string, requestDigest: string): Promise<EffectRow>;
  finishEffect(tenant: TenantId, key: string, result: string): Promise<void>;
  /**
   * Ends an episode: outcome, lineage of the lessons it used, and for live ones the wake of every
   * watching workflow, in one transaction. Answers the workflows this call has to signal.
   */
  recordEpisode(end: {
    readonly tenant: TenantId;
    readonly id: EpisodeId;
    readonly end: TaskEnd;
    readonly output: string | null;
    readonly outcome: Outcome;
    readonly informative: { readonly value: boolean; readonly reason: string };
    readonly tokens: number;
    readonly costMicroUsd: number;
  }): Promise<{ readonly wake: readonly string[] }>;
}
