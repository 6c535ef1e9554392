import type { BundleItem, BundlePair } from '../domain/bisect.js';
import type { Candidate, CandidateState, MergeResult, Proposal } from '../domain/candidate.js';
import type { Actor } from '../domain/feedback.js';
import type {
  AgentId,
  CandidateId,
  EpisodeId,
  LessonId,
  Scope,
  TenantId,
  VersionId,
} from '../domain/ids.js';
import type { JsonObject } from '../domain/json.js';
import type { JournalEntry } from '../domain/learner-journal.js';
import type { LessonContent, LessonDraft, LessonRevision } from '../domain/lesson.js';
import type { FailedTry } from '../domain/second-try.js';
import type { LessonRef } from '../domain/strategy.js';
import type { Pointer, PointerChange } from './strategy-store.js';

/** One candidate's change of state. */
export interface Move {
  readonly candidate: CandidateId;
  /** States this transition may start from; another one is a ConflictError, the target itself is a no-op. */
  readonly from: readonly CandidateState[];
  readonly to: CandidateState;
}

/** A change of a candidate's state with everything that must land beside it, in one transaction. */
export interface Transition extends Move {
  readonly actor: Actor;
  readonly reason: string;
  /** Facts a person needs: verdict, value, threshold, n, interval, seeds, digests. */
  readonly detail: JsonObject;
  /** Candidates that move for the same reason, each with an audit entry of its own. */
  readonly also?: readonly Move[];
  /** The pointer change that goes with it; `expected` is compared with the row's number. */
  readonly pointer?: {
    readonly expected: number;
    readonly change: PointerChange;
  };
}

/** A stored proposal that waits for the learner, or found its place. */
export interface ProposalRow extends Proposal {
  readonly result: MergeResult | null;
  readonly rejected: { readonly code: string; readonly message: string } | null;
}

/** A draft as validation left it. */
export interface Proposed {
  readonly draft: LessonDraft;
  readonly rejected: { readonly code: string; readonly message: string } | null;
}

/** A candidate made of a part of another. */
export interface Half {
  readonly id: CandidateId;
  readonly title: string;
  readonly items: readonly Pick<BundleItem, 'lesson' | 'revision'>[];
}

export interface CandidateRow extends Candidate {
  readonly agent: AgentId;
  readonly lessons: readonly LessonRevision[];
  readonly openedAt: string;
  readonly endedAt: string | null;
  /** The last transition's reason. */
  readonly reason: string;
  readonly settledUpTo: number;
}

/** A lesson told last and those it contradicts, all of which are out until a person decides. */
export interface DisputeDraft {
  readonly lesson: LessonId;
  readonly draft: LessonDraft;
  readonly with: readonly (LessonRef & { readonly side: 'serving' | 'bundled' })[];
  readonly reason: string;
}

/** One lesson of a dispute. */
export interface DisputedLesson extends LessonRef {
  readonly dispute: string;
  readonly side: 'challenger' | 'serving' | 'bundled';
  readonly reason: string;
  readonly openedAt: string;
  /** Whether a person chose its side; null until one has. */
  readonly kept: boolean | null;
}

/** Proposals, and the candidates that are made of them. */
export interface CandidateStore {
  /** What changed what the learner decides by, oldest first. */
  journal(scope: Scope): Promise<readonly JournalEntry[]>;
  /** Adds entries after the first `after`; twice the same is once, and others there a ConflictError. */
  addToJournal(scope: Scope, after: number, entries: readonly JournalEntry[]): Promise<void>;
  /** Stores what an episode proposed, accepted or refused, once by (episode, key). */
  putProposals(scope: Scope, episode: EpisodeId, proposals: readonly Proposed[]): Promise<void>;
  /** The same for several episodes, in one transaction: whoever reads sees all of it or nothing. */
  putProposalsTogether(
    scope: Scope,
    proposed: readonly { readonly episode: EpisodeId; readonly proposals: readonly Proposed[] }[],
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
      /** New revisions, and the candidate whose bundle they join; one of a parameter brings its value. */
      readonly revisions: readonly {
        readonly lesson: LessonId;
        readonly draft: LessonDraft;
        readonly candidate: CandidateId;
      }[];
      /** What leaves the candidate's open bundle again. */
      readonly left?: readonly { readonly lesson: LessonId; readonly candidate: CandidateId }[];
      readonly disputes?: readonly DisputeDraft[];
      /** Lessons that the candidate takes away. */
      readonly removals?: readonly { readonly lesson: LessonId; readonly candidate: CandidateId }[];
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
  lessonRevision(scope: Scope, ref: LessonRef): Promise<LessonRevision | null>;
  latestRevision(scope: Scope, lesson: LessonId): Promise<LessonRevision | null>;
  /**
   * Revisions that lay down something for a thing that one of these does, in the order in which their lessons
   * came: what serves every task, and what is in a dispute that waits for a person.
   */
  lessonsAbout(
    scope: Scope,
    contents: readonly LessonContent[],
  ): Promise<readonly LessonRevision[]>;
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
  /** The newest revisions of complementary kind whose last bundle ended without a pass or a person's word. */
  failedTries(scope: Scope): Promise<readonly FailedTry[]>;
  /** Complementary lessons that tasks up to this number brought into the open bundle; 0 where none is open. */
  openBundleSize(scope: Scope, upTo: number): Promise<number>;
  /** Puts revisions into an open bundle that does not hold their lessons yet; a ConflictError once it is closed. */
  takeAlong(scope: Scope, candidate: CandidateId, refs: readonly LessonRef[]): Promise<void>;
  /** What the pairs of its last evaluation say of each lesson of a bundle. */
  bundlePairs(tenant: TenantId, candidate: CandidateId): Promise<readonly BundlePair[]>;
  /** Bisections above a candidate, and candidates that came of the first of these. */
  descentOf(
    tenant: TenantId,
    candidate: CandidateId,
  ): Promise<{ readonly depth: number; readonly parts: number }>;
  /** Opens the halves of a candidate, in this order, with one audit entry; once, whatever is passed later. */
  openHalves(
    scope: Scope,
    whole: CandidateId,
    halves: readonly Half[],
    audit: { readonly actor: Actor; readonly reason: string; readonly detail: JsonObject },
  ): Promise<void>;
  relativesOf(
    tenant: TenantId,
    candidate: CandidateId,
  ): Promise<{ readonly halfOf: CandidateId | null; readonly halves: readonly CandidateId[] }>;
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
  /**
   * The revisions of a rolled-back candidate may be told again, with one audit entry: retired, no longer quarantined,
   * but for those that have a reason of their own. A second call finds none.
   */
  releaseQuarantine(
    scope: Scope,
    released: Pick<Transition, 'candidate' | 'actor' | 'reason' | 'detail'>,
  ): Promise<void>;
  /** Hands a candidate to another workflow: the one that opened it has ended. */
  setCarrier(tenant: TenantId, id: CandidateId, workflowId: string): Promise<void>;
  /** Marks serving revisions to be validated again, with one audit entry where any was serving. */
  disputeLessons(
    scope: Scope,
    lessons: readonly LessonRef[],
    audit: { readonly actor: Actor; readonly reason: string; readonly detail: JsonObject },
  ): Promise<void>;
  /** Lessons of all disputes, the oldest first, in each the challenger first. */
  disputes(scope: Scope): Promise<readonly DisputedLesson[]>;
  /**
   * A person's word on a dispute: the lessons of one side become what is said, the others retire. Once, with one
   * audit entry; nothing where it is decided.
   */
  decideDispute(
    scope: Scope,
    decided: {
      readonly dispute: string;
      readonly kept: readonly LessonRef[];
      /** What the lessons that were chosen are from here on. */
      readonly status: 'active' | 'retired';
    },
    audit: { readonly actor: Actor; readonly reason: string; readonly detail: JsonObject },
  ): Promise<void>;
  setSettled(tenant: TenantId, id: CandidateId, upTo: number): Promise<void>;
}
