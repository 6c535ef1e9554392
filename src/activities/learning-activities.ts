import type { CandidateState } from '../domain/candidate.js';
import type { Actor } from '../domain/feedback.js';
import type { Slices } from '../domain/episode.js';
import type { AaSummary } from '../domain/gate/aa-check.js';
import type { GateBasis } from '../domain/gate/committed-pair.js';
import type { CategoryShift } from '../domain/gate/category-watch.js';
import type { Diagnosis } from '../domain/gate/diagnosis.js';
import type { GateReport } from '../domain/gate/gate-summary.js';
import type { CandidateId, EpisodeId, Scope, TaskId, VersionId } from '../domain/ids.js';
import type { JsonObject } from '../domain/json.js';
import type { JournalEntry, LearnerBooks } from '../domain/learner-journal.js';
import type { LessonDraft } from '../domain/lesson.js';
import type { LadderBlame } from '../domain/attribution/ladder.js';
import type { RolloutPolicy } from '../domain/gate/rollout.js';
import type { Permission } from '../domain/strategy.js';
import type { Reservation, Settled, Settlement } from '../workflows/messages.js';
import type { DrawAnswer, DrawRequest } from './draws.js';
import type { AttributionAnswer } from './episode-attribution.js';
import type { LiveOutcome, PairRow, Proposed, ServedCount, StratumCount } from './store.js';

export interface OfEpisode extends Scope {
  readonly episode: EpisodeId;
}
export interface OfCandidate extends Scope {
  readonly candidate: CandidateId;
}

/** A sandboxed second look at a task that failed and left nothing to mine. */
export interface ExplorationPlan {
  readonly task: TaskId;
  readonly version: VersionId;
  readonly episode: EpisodeId;
  readonly modelCalls: number;
  readonly model: string | null;
}

/** What proposals need to know of a blame. */
export type ToldBlame = Pick<LadderBlame, 'step' | 'method' | 'confidence' | 'isVerified'>;

export interface ProposeAnswer {
  readonly drafts: readonly LessonDraft[];
  /** Set where nothing could be mined and the settings allow a second look. */
  readonly exploration: ExplorationPlan | null;
}

export interface ValidationAnswer {
  readonly answers: readonly {
    readonly key: string;
    readonly title: string;
    readonly code: string | null;
    readonly message: string;
  }[];
  /** What would have been stored, where it is held back; null where it has been. */
  readonly held?: readonly Proposed[] | null;
}

/** What a candidate is tested against, and under which rules. */
export interface EvaluationPlan {
  /** Which evaluation of this candidate it is, from 1. */
  readonly attempt: number;
  readonly seed: number;
  readonly baseline: VersionId;
  readonly version: VersionId;
  readonly permission: Permission;
  readonly title: string;
  readonly approvalTimeoutMs: number;
  readonly rollout: RolloutPolicy;
  /** Set when the learning budget pays for no pair today: the verdict is `hold` until another day's does. */
  readonly isOutOfBudget: boolean;
  /** Why a person must look at it whatever the permission of its layers; null where none has to. */
  readonly review: string | null;
}

export interface VerdictRecord extends OfCandidate {
  readonly purpose: 'gate' | 'diagnosis';
  /** Which diagnosis of this candidate it is. */
  readonly attempt?: number;
  readonly baseline: VersionId;
  readonly version: VersionId;
  readonly alpha: number;
  readonly seed: number;
  readonly summary: GateReport;
  /** What the verdict can be derived from again, with the committed pairs. */
  readonly basis: GateBasis & {
    readonly diagnosis: Diagnosis | null;
    /** Runs of each arm that a pair averages. */
    readonly replicates: number;
  };
}

/** A change of a candidate's state; answers the state that now holds. */
export interface TransitionRequest extends OfCandidate {
  readonly from: readonly CandidateState[];
  readonly to: CandidateState;
  readonly actor: Actor;
  readonly reason: string;
  readonly detail: JsonObject;
}

export interface RolloutRequest extends OfCandidate {
  readonly actor: Actor;
  readonly reason: string;
  readonly detail: JsonObject;
}

export interface RollbackRequest extends RolloutRequest {
  /** Where a canary that is taken back ends: `rolled-back` unless told. */
  readonly to?: 'rolled-back' | 'aborted' | 'evaluating';
  /** The version that whoever decided this believed to be active; another one is a ConflictError. */
  readonly expectedVersion?: string;
}

export interface CanaryAnswer {
  /** False when the agent is frozen or pinned: try again when told. */
  readonly started: boolean;
  readonly why: string;
  /** Outcomes of tasks numbered above this belong to this stage. */
  readonly cursor: number;
}

export interface ReadRequest extends Scope {
  readonly candidate: CandidateId | null;
  readonly workflowId: string;
  readonly cursor: number;
  readonly passedOver: readonly number[];
}

export interface OutcomeRead {
  readonly outcomes: readonly LiveOutcome[];
  readonly cursor: number;
  readonly passedOver: readonly number[];
  readonly isFrozen: boolean;
  /** State of the candidate as the store has it: another workflow or a person may have moved it. */
  readonly state: CandidateState | null;
}

export interface ReferenceAnswer {
  /** Number of the newest task accepted so far. */
  readonly cursor: number;
  /** Of the version that a rollback would return to. */
  readonly strata: readonly StratumCount[];
  /** Tasks of that version whose outcome is not decided yet; none unless told. They are added when it is. */
  readonly pending?: readonly number[];
  /** Of the candidate's own version, for the benefit monitor; what is pending counts as if it never came. */
  readonly own: readonly StratumCount[];
  /** Kinds of failure that no gain excuses; none unless told. */
  readonly criticalCategories?: readonly string[];
  readonly version: VersionId;
  readonly baseline: VersionId;
}

export interface ScopeRequest extends OfCandidate {
  /** Slice values of the stratum that lost. */
  readonly slices: Slices;
  /** Those of every other stratum. */
  readonly others: readonly Slices[];
  readonly reason: string;
  readonly detail: JsonObject;
}

/** New instructions or tools that serve since. */
export interface DeploymentFound {
  /** Change of the pointer. */
  readonly number: number;
  readonly version: VersionId;
  /** What served before it. */
  readonly baseline: VersionId;
}

export interface MergeAnswer {
  /** Proposals read; 0 when none waits. */
  readonly read: number;
  readonly openCandidate: CandidateId | null;
  /** The newest deployment but the first, told once no proposal waits. */
  readonly deployment?: DeploymentFound | null;
}

/** What a deployment is watched by. */
export interface DeploymentReference {
  /** Outcomes of the version before it. */
  readonly strata: readonly StratumCount[];
  /** Its tasks whose outcome is not decided yet; none unless told. */
  readonly pending?: readonly number[];
  readonly criticalCategories: readonly string[];
  /** Its first task comes after this one. */
  readonly cursor: number;
  /** Outcomes of its probation. */
  readonly outcomes: number;
}

export interface LearningActivities {
  /** Blames a step by what was recorded, and opens the runs that would test it where settings allow. */
  attribute(of: OfEpisode): Promise<AttributionAnswer>;
  /** The blame once the runs of its plan have ended: the paired comparison decides. */
  judgeReplay(of: OfEpisode & { readonly blame: AttributionAnswer }): Promise<LadderBlame>;
  /** Told what was blamed, it says so in the drafts that cite that step. */
  propose(
    of: OfEpisode & { readonly exploration: EpisodeId | null; readonly blame?: ToldBlame },
  ): Promise<ProposeAnswer>;
  /** Checks drafts, and stores them with what was found; held back, it answers them instead. */
  validate(
    of: OfEpisode & { readonly drafts: readonly LessonDraft[]; readonly isHeldBack?: boolean },
  ): Promise<ValidationAnswer>;
  /** Wakes the learner, starting it where it is not there. */
  wakeLearner(of: Scope): Promise<void>;
  markReflected(of: OfEpisode & { readonly result: string }): Promise<void>;
  /** What became of an episode's proposals; `waiting` while the learner has not read them all. */
  fateOf(of: OfEpisode & { readonly workflowId: string }): Promise<{
    readonly kind: 'waiting' | 'carries' | 'merged';
    readonly candidate: CandidateId | null;
  }>;

  planEvaluation(of: OfCandidate): Promise<EvaluationPlan>;
  /** Asks the learner for the level of one evaluation, by update with both as update id. */
  reserveAlpha(of: OfCandidate & { readonly attempt: number }): Promise<Reservation>;
  settleWithLearner(of: Scope & Settlement): Promise<Settled>;
  drawTasks(request: DrawRequest): Promise<DrawAnswer>;
  commitPairs(
    of: OfCandidate & {
      readonly purpose: 'gate' | 'diagnosis';
      readonly pairs: readonly PairRow[];
      /** Which diagnosis of this candidate it is. */
      readonly attempt?: number;
    },
  ): Promise<void>;
  recordVerdict(record: VerdictRecord): Promise<void>;
  transition(request: TransitionRequest): Promise<void>;

  /** A ConflictError where another version is active than a person believed who says this word. */
  expectActive(of: Scope & { readonly word: string; readonly expected: string }): Promise<void>;
  /** Re-bases on the active version where it changed; says whether the two touch. */
  rebase(of: OfCandidate): Promise<{ readonly changed: boolean; readonly touches: boolean }>;
  startCanary(
    request: RolloutRequest & { readonly share: number; readonly seed: number },
  ): Promise<CanaryAnswer>;
  widenCanary(request: RolloutRequest & { readonly share: number }): Promise<CanaryAnswer>;
  /** `canary` where the agent is frozen or pinned: try again when told; an end where it was moved. */
  promote(
    request: RolloutRequest,
  ): Promise<{ readonly cursor: number; readonly state: CandidateState }>;
  /** Moves the pointer back to the last known-good version; idempotent. */
  rollBack(
    request: RollbackRequest,
  ): Promise<{ readonly to: VersionId; readonly state: CandidateState }>;
  /**
   * One slice lost after a promotion: the version before serves it, and a candidate that leaves it out is
   * opened. Null where what was promoted cannot be narrowed so.
   */
  scopeOut(request: ScopeRequest): Promise<{ readonly candidate: CandidateId | null }>;
  /** The mean fell while no slice did: noted, and learned from. */
  noteDrift(
    of: OfCandidate & {
      readonly episodes: readonly EpisodeId[];
      readonly reason: string;
      readonly detail: JsonObject;
    },
  ): Promise<void>;
  readOutcomes(request: ReadRequest): Promise<OutcomeRead>;
  /** Who serves tasks of whose outcome nothing is known. */
  servedBy(of: Scope & { readonly numbers: readonly number[] }): Promise<readonly ServedCount[]>;
  stopWatching(of: Scope & { readonly workflowId: string }): Promise<void>;
  reference(of: OfCandidate): Promise<ReferenceAnswer>;

  /** What the learner decided so far by its journal, and whether the agent is frozen. */
  openJournal(of: Scope & { readonly nowMs: number }): Promise<{
    readonly books: LearnerBooks;
    /** Entries there are. */
    readonly number: number;
    readonly frozen: boolean;
  }>;
  /** Adds entries after the first `after`; a ConflictError where others were added there. */
  writeJournal(
    of: Scope & { readonly after: number; readonly entries: readonly JournalEntry[] },
  ): Promise<void>;
  mergeProposals(of: Scope): Promise<MergeAnswer>;
  /** Fixes the open bundle and grants its workflow an evaluation; null where it holds nothing new. */
  closeBundle(of: Scope): Promise<{
    readonly candidate: CandidateId;
    readonly workflowId: string;
  } | null>;
  /** What to set beside itself, and under which id; null where there is nothing to check with. */
  planAaCheck(of: Scope): Promise<{
    readonly candidate: CandidateId;
    readonly baseline: VersionId;
    readonly attempt: number;
  } | null>;
  noteAaCheck(
    of: Scope & AaSummary & { readonly baseline: VersionId; readonly seed: number },
  ): Promise<void>;
  /** Says in the audit why nothing is promoted without a person from here on. */
  noteDisarmed(of: Scope & { readonly reason: string }): Promise<void>;
  /** Says in the audit that outcomes fall into other categories than they did; it is for a person to look at. */
  noteCategoryShift(
    of: Scope & {
      /** Null for a deployment. */
      readonly candidate: CandidateId | null;
      readonly version: VersionId;
      readonly shift: CategoryShift;
    },
  ): Promise<void>;
  deploymentReference(of: Scope & DeploymentFound): Promise<DeploymentReference>;
  /**
   * Says in the audit what a deployment did to the outcomes, and reflects on recent failures. It moves no pointer:
   * instructions and tools are code, and whoever deployed them takes them back.
   */
  noteDeployment(
    of: Scope & {
      readonly version: VersionId;
      readonly conclusion: 'regression' | 'drift';
      readonly episodes: readonly EpisodeId[];
      readonly reason: string;
      readonly detail: JsonObject;
    },
  ): Promise<void>;
  grantCanary(of: OfCandidate & { readonly workflowId: string }): Promise<void>;
  override(
    of: Scope & {
      readonly action: 'freeze' | 'unfreeze' | 'pin' | 'unpin' | 'rearm' | 'keep';
      readonly actor: Actor;
      readonly reason: string;
      readonly version: string | null;
      /** With `keep`: the revision whose side of a dispute stands. */
      readonly lesson?: string | null;
      readonly expectedVersion: string | null;
      readonly updateId: string;
    },
  ): Promise<void>;
  /** Ends what its own workflow could not carry to an end, and gives back what it held. */
  abandon(of: OfCandidate & { readonly reason: string }): Promise<void>;
  /** Writes what a diagnosis found, and moves the pointer back where it found a regression. */
  concludeDiagnosis(of: Concluded): Promise<void>;
  /** What to replay after a rollback in probation; null where nothing is to be told, or it has been told. */
  planDiagnosis(of: OfCandidate): Promise<DiagnosisPlan | null>;
  /**
   * Writes what a diagnosis after a rollback found. Where the world did it, the lessons that were taken back may be
   * told again, and recent failures are learned from.
   */
  concludeRollback(of: Concluded): Promise<void>;
}

/** What was taken back, beside what serves since. */
export interface DiagnosisPlan {
  readonly version: VersionId;
  readonly baseline: VersionId;
  /** The newest task by then, which numbers the diagnosis. */
  readonly cursor: number;
  /** The stratum that the alarm named; null where it named none. */
  readonly slice: string | null;
  readonly rollback: { readonly reason: string; readonly detail: JsonObject };
}

export interface Concluded extends OfCandidate {
  readonly conclusion: Diagnosis;
  /** Failed live episodes; a drift is learned from. */
  readonly episodes: readonly EpisodeId[];
  readonly detail: JsonObject;
}
