import type { Candidate, CandidateState, MergeResult, Proposal } from '../domain/candidate.js';
import type {
  Arm,
  Mode,
  Outcome,
  RecalledLesson,
  Slices,
  Step,
  TaskEnd,
} from '../domain/episode.js';
import type { Actor, Feedback } from '../domain/feedback.js';
import type {
  CandidateId,
  EpisodeId,
  LessonId,
  Scope,
  TaskId,
  TenantId,
  VersionId,
} from '../domain/ids.js';
import type { Json, JsonObject } from '../domain/json.js';
import type { LessonDraft, LessonRevision } from '../domain/lesson.js';
import type { Bundle, Parameters, VersionRow } from '../domain/strategy.js';
import type { AcceptedTask, Task } from '../domain/task.js';

/**
 * What the activities need of a database. Every call is one transaction, bound to one tenant, and safe
 * to repeat: a key decides, or a compare-and-set. The Postgres store is the implementation.
 */

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
  /** Slice `key=value` -> the version that serves it instead. */
  readonly exceptions: Readonly<Record<string, VersionId>>;
  readonly pinned: VersionId | null;
  readonly frozen: boolean;
}

/** A change of the pointer: what is given replaces, what is left out stays. */
export type PointerChange = Partial<Omit<Pointer, 'number'>>;

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

/** A live outcome as a monitor reads it, in the order of acceptance. */
export interface LiveOutcome {
  readonly number: number;
  readonly episode: EpisodeId;
  readonly version: VersionId;
  readonly arm: Arm;
  readonly slices: Slices;
  /** 0 … 1; null when it is not known within the attribution window and counts as 0. */
  readonly success: number | null;
}

export interface OutcomePage {
  readonly outcomes: readonly LiveOutcome[];
  /** Pass to the next read: everything up to it was read, but for `passedOver`. */
  readonly cursor: number;
  /** Numbers skipped because their outcome took longer than a minute; asked for again next time. */
  readonly passedOver: readonly number[];
}

export interface PoolTask {
  readonly task: TaskId;
  readonly number: number;
  readonly input: JsonObject;
  readonly slices: Slices;
  readonly subject: string | null;
  /** Candidates of this epoch that used this task already. */
  readonly uses: number;
}

export interface StratumCount {
  readonly slices: Slices;
  readonly n: number;
  readonly failures: number;
}

/** A change of a candidate's state with everything that must land beside it, in one transaction. */
export interface Transition {
  readonly candidate: CandidateId;
  /** States this transition may start from; another one is a ConflictError, the target itself is a no-op. */
  readonly from: readonly CandidateState[];
  readonly to: CandidateState;
  readonly actor: Actor;
  readonly reason: string;
  /** Facts a person needs: verdict, value, threshold, n, interval, seeds, digests. */
  readonly detail: JsonObject;
  /** The pointer change that goes with it; `expected` is compared with the row's number. */
  readonly pointer?: {
    readonly expected: number;
    readonly change: PointerChange;
  };
}

export interface AuditEntry {
  readonly sequence: number;
  readonly at: string;
  readonly actor: Actor;
  readonly action: string;
  readonly object: { readonly kind: string; readonly id: string };
  readonly reason: string;
  readonly detail: JsonObject;
  readonly hash: string;
  readonly previous: string;
}

export interface PairRow {
  readonly index: number;
  readonly task: TaskId;
  readonly slices: Slices;
  /** The slice this pair was drawn for when it belongs to the slice top-up. */
  readonly topUpFor: string | null;
  readonly baseline: {
    readonly episode: EpisodeId;
    readonly score: number | null;
    readonly category: string;
    readonly missing: 'infrastructure' | 'arm' | null;
  };
  readonly candidate: {
    readonly episode: EpisodeId;
    readonly score: number | null;
    readonly category: string;
    readonly missing: 'infrastructure' | 'arm' | null;
  };
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

/** A stored proposal that waits for the learner, or found its place. */
export interface ProposalRow extends Proposal {
  readonly result: MergeResult | null;
  readonly rejected: { readonly code: string; readonly message: string } | null;
}

export interface CandidateRow extends Candidate {
  readonly lessons: readonly LessonRevision[];
  readonly openedAt: string;
  readonly endedAt: string | null;
  /** The last transition's reason. */
  readonly reason: string;
  readonly settledUpTo: number;
}

export interface Store {
  // Tasks and episodes
  /** Numbers the task; a second call with the same id and input answers the first one's row. */
  acceptTask(
    task: Task & { readonly slices: Slices },
  ): Promise<AcceptedTask & { readonly existing: boolean }>;
  taskInput(scope: Scope, task: TaskId): Promise<AcceptedTask | null>;
  pointer(scope: Scope): Promise<Pointer | null>;
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
  /** Each feedback is stored once by its id; the same id with other content is a ConflictError. */
  putFeedback(tenant: TenantId, feedback: Feedback): Promise<{ readonly existing: boolean }>;
  feedbackOf(tenant: TenantId, episode: EpisodeId): Promise<readonly Feedback[]>;

  // Strategy
  version(scope: Scope, id: VersionId): Promise<VersionRow | null>;
  /** Every lesson a version serves, by walking its chain of changes. */
  lessonsServing(scope: Scope, id: VersionId): Promise<readonly LessonRevision[]>;
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
  /** Outcomes of live tasks that a version served, newest `limit`, per combination of slices. */
  stratumCounts(
    scope: Scope,
    version: VersionId,
    beforeNumber: number,
    limit: number,
  ): Promise<readonly StratumCount[]>;

  // Proposals and candidates
  /** Stores what an episode proposed, accepted or refused, once by (episode, key). */
  putProposals(
    scope: Scope,
    episode: EpisodeId,
    proposals: readonly {
      readonly draft: LessonDraft;
      readonly rejected: {
        readonly code: string;
        readonly message: string;
      } | null;
    }[],
  ): Promise<void>;
  /** Accepted proposals the learner has not read, in task order, up to the barrier. */
  waitingProposals(scope: Scope, limit: number): Promise<readonly ProposalRow[]>;
  proposalsOf(tenant: TenantId, episode: EpisodeId): Promise<readonly ProposalRow[]>;
  /** Everything one batch of the learner changes, in one transaction; repeating it changes nothing. */
  applyMerge(
    scope: Scope,
    merge: {
      readonly results: readonly {
        readonly proposal: string;
        readonly result: MergeResult;
      }[];
      /** New revisions, and the candidate whose bundle they join. */
      readonly revisions: readonly {
        readonly lesson: LessonId;
        readonly draft: LessonDraft;
        readonly candidate: CandidateId;
      }[];
      /** Evidence for revisions that exist. */
      readonly support: readonly {
        readonly lesson: LessonId;
        readonly revision: number;
        readonly draft: LessonDraft;
      }[];
      readonly opened: {
        readonly id: CandidateId;
        readonly title: string;
        readonly opener: EpisodeId | null;
        readonly workflowId: string;
      } | null;
    },
  ): Promise<void>;
  latestRevision(scope: Scope, lesson: LessonId): Promise<LessonRevision | null>;
  lessonsByKey(scope: Scope, keys: readonly string[]): Promise<readonly LessonRevision[]>;
  /**
   * Distinct independence groups (actors; a checker or tool counts as one) behind a key's proposals,
   * those of the excluded principals left out.
   */
  supportGroups(
    scope: Scope,
    key: string,
    excluding: readonly string[],
  ): Promise<{ readonly groups: number; readonly experts: number }>;
  openCandidate(scope: Scope): Promise<CandidateRow | null>;
  nextCandidateNumber(scope: Scope): Promise<number>;
  candidate(tenant: TenantId, id: CandidateId): Promise<CandidateRow | null>;
  candidates(scope: Scope): Promise<readonly CandidateRow[]>;
  /** Closes a bundle against a baseline: fixes title, permission and version. */
  closeBundle(
    scope: Scope,
    id: CandidateId,
    closed: {
      readonly baseline: VersionId;
      readonly version: VersionId;
      readonly permission: Candidate['permission'];
      readonly title: string;
    },
  ): Promise<void>;
  transition(scope: Scope, transition: Transition): Promise<{ readonly pointer: Pointer | null }>;
  setSettled(tenant: TenantId, id: CandidateId, upTo: number): Promise<void>;

  // Evidence of a gate
  /** Live tasks of the last 30 days up to the barrier, that none of the lessons cite, newest first. */
  gatePool(
    scope: Scope,
    candidate: CandidateId,
    afterNumber: number,
    limit: number,
  ): Promise<readonly PoolTask[]>;
  countUses(scope: Scope, candidate: CandidateId, tasks: readonly TaskId[]): Promise<void>;
  putPairs(
    tenant: TenantId,
    candidate: CandidateId,
    purpose: GateRecord['purpose'],
    pairs: readonly PairRow[],
  ): Promise<void>;
  pairsOf(
    tenant: TenantId,
    candidate: CandidateId,
    purpose: GateRecord['purpose'],
  ): Promise<readonly PairRow[]>;
  putGateRecord(scope: Scope, record: GateRecord): Promise<void>;
  gateRecords(tenant: TenantId, candidate: CandidateId): Promise<readonly GateRecord[]>;

  // Live outcomes
  /** Registers a workflow that reads outcomes; `recordEpisode` wakes it. */
  watchOutcomes(scope: Scope, workflowId: string): Promise<void>;
  unwatchOutcomes(scope: Scope, workflowId: string): Promise<void>;
  readOutcomes(
    scope: Scope,
    workflowId: string,
    cursor: number,
    passedOver: readonly number[],
    limit: number,
  ): Promise<OutcomePage>;
  /** Learning reads nothing of live tasks numbered above this; null lifts it. Answers workflows to wake. */
  setBarrier(scope: Scope, upTo: number | null): Promise<{ readonly wake: readonly string[] }>;
  barrier(scope: Scope): Promise<number | null>;

  // Progress of learning
  /** Says that an episode's reflection has proposed what it had to propose. */
  markReflected(tenant: TenantId, episode: EpisodeId, result: string): Promise<void>;
  /** Says that a watching workflow has folded everything there is up to this task. */
  settleWatch(scope: Scope, workflowId: string, upTo: number): Promise<void>;
  /** Number of the newest accepted task; never above the barrier. */
  newestTask(scope: Scope): Promise<number>;
  /** What still moves at or below the barrier, in words; empty when learning is at rest. */
  unsettled(scope: Scope): Promise<readonly string[]>;
  /** An audit entry that goes with no other change. */
  note(
    scope: Scope,
    entry: Pick<AuditEntry, 'actor' | 'action' | 'object' | 'reason' | 'detail'>,
  ): Promise<void>;

  // Looking
  auditOf(
    tenant: TenantId,
    object: { readonly kind: string; readonly id: string } | null,
    limit: number,
  ): Promise<readonly AuditEntry[]>;
  spentShadowRuns(scope: Scope): Promise<number>;
  archiveHistory(tenant: TenantId, workflowId: string, runId: string, history: Json): Promise<void>;
  archivedHistories(
    tenant: TenantId,
    workflowId: string,
  ): Promise<readonly { readonly runId: string; readonly history: Json }[]>;
}
