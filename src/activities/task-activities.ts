import type { Mode, Outcome, TaskEnd, ToolCall } from '../domain/episode.js';
import type { FeedbackAct } from '../domain/feedback.js';
import type {
  AgentId,
  CandidateId,
  EpisodeId,
  TaskId,
  TenantId,
  VersionId,
} from '../domain/ids.js';
import type { JsonObject } from '../domain/json.js';
import type { TaskLimits } from '../domain/turn.js';

/** What starts an `agentTask`. A live task names itself; the other modes say which version they run. */
export interface TaskStart {
  readonly tenant: TenantId;
  readonly agent: AgentId;
  readonly task: TaskId;
  readonly mode: Mode;
  /** Input and subject; looked up by task id where left out. */
  readonly input?: JsonObject;
  readonly subject?: string | null;
  /** Shadow and explore: the version to run, the episode to write, whom it serves. */
  readonly run?: {
    readonly version: VersionId;
    readonly episode: EpisodeId;
    readonly candidate: CandidateId | null;
    /** A run that the infrastructure lost is repeated under the next number, from 1. */
    readonly replicate?: number;
    readonly modelCalls?: number;
    readonly model?: string;
  };
}

/** How a tool may be used in this run. */
export interface OfferedTool {
  readonly name: string;
  readonly timeoutSeconds: number;
  readonly needsApproval: boolean;
  /** False in shadow and explore for a tool without a sandbox: calling it voids the run. */
  readonly isAllowed: boolean;
}

/** Everything the workflow needs to know of a task; the conversation itself stays in the store. */
export interface TaskContext {
  readonly episode: EpisodeId;
  readonly number: number;
  readonly version: VersionId;
  readonly arm: string;
  readonly model: string;
  /** Of the version that serves the task: like the model a parameter, which learning may change. */
  readonly temperature: number;
  readonly modelTimeoutSeconds: number;
  readonly limits: TaskLimits;
  readonly tools: readonly OfferedTool[];
  readonly slices: readonly string[];
  readonly recalled: number;
  /** Whether steps run as local activities (loopback models in shadow and explore). */
  readonly isLocal: boolean;
  readonly reflects: 'always' | 'informative' | 'never';
}

export interface ModelRequest {
  readonly tenant: TenantId;
  readonly agent: AgentId;
  readonly episode: EpisodeId;
  readonly step: number;
  readonly temperature: number;
  readonly tools: 'offered' | 'none';
}

/** A call as a history holds it. */
export interface TravellingCall extends ToolCall {
  /** Only the beginning of what is long stands here; the whole is read from the model's step. */
  readonly isStored?: true;
  /** What the Temporal UI shows of it, where the tool says so itself. */
  readonly summary?: string;
}

export interface ModelAnswer {
  readonly text: string;
  /** Only its beginning stands here; the whole is read from the model's step. */
  readonly isTextStored?: true;
  readonly toolCalls: readonly TravellingCall[];
  readonly tokens: number;
  readonly costMicroUsd: number;
  readonly model: string;
}

export interface ToolRequest {
  readonly tenant: TenantId;
  readonly agent: AgentId;
  readonly episode: EpisodeId;
  readonly task: TaskId;
  readonly mode: Mode;
  readonly step: number;
  readonly call: TravellingCall;
  /** tenant : agent : task : logical step : call id; the same on every attempt and over continue-as-new. */
  readonly effectKey: string;
  /** How often a person said that the call did not happen and is to be made again. */
  readonly again?: number;
}

export interface ToolAnswer {
  /** `refused`: nothing ran, the call was malformed; `unknown-effect`: a person must say. */
  readonly kind: 'done' | 'failed' | 'refused' | 'unknown-effect';
  readonly code: string | null;
  readonly characters: number;
}

/** Writes an answer to a call that did not run as a tool: a refusal, a person's word. */
export interface CallAnswer {
  readonly tenant: TenantId;
  readonly episode: EpisodeId;
  readonly step: number;
  readonly call: TravellingCall;
  readonly result:
    | { readonly ok: true; readonly content: string }
    | { readonly ok: false; readonly code: string; readonly content: string };
}

export interface RecordRequest {
  readonly tenant: TenantId;
  readonly agent: AgentId;
  readonly episode: EpisodeId;
  readonly mode: Mode;
  readonly reflects: TaskContext['reflects'];
  readonly end: TaskEnd;
  readonly output: string | null;
  /** The model's step that holds the whole of an output too long for a history. */
  readonly outputStep?: number;
  /** Set when the run ended without an answer of its own. */
  readonly stopped: string | null;
  /** Of the trajectory. */
  readonly steps: number;
  /** Set where nobody gave feedback while the task ran. */
  readonly isWithoutFeedback?: true;
  readonly tokens: number;
  readonly costMicroUsd: number;
}

export interface RecordAnswer {
  readonly outcome: Outcome;
  readonly informative: { readonly value: boolean; readonly reason: string };
}

export interface TaskActivities {
  /** Assigns a version, recalls lessons as of it and opens the episode. */
  recall(start: TaskStart): Promise<TaskContext>;
  callModel(request: ModelRequest): Promise<ModelAnswer>;
  answerCall(answer: CallAnswer): Promise<void>;
  /** Grades the run and ends its episode; a second call answers the outcome that was recorded. */
  recordEpisode(request: RecordRequest): Promise<RecordAnswer>;
  storeFeedback(feedback: {
    readonly tenant: TenantId;
    readonly episode: EpisodeId;
    readonly id: string;
    readonly actor: string;
    readonly role: 'owner' | 'expert' | 'user';
    readonly score: number | null;
    readonly correction: string | null;
    readonly comment: string | null;
    readonly group?: string;
    readonly act?: FeedbackAct;
  }): Promise<{ readonly existing: boolean }>;
}
