import type { Outcome } from '../domain/episode.js';
import type { Feedback } from '../domain/feedback.js';
import type { CandidateId, EpisodeId, Scope, TenantId } from '../domain/ids.js';
import type { EpisodeLabel } from '../domain/label.js';

/** One call of a judge on a pair: which output came first, and what it said of either. */
export interface JudgeCall {
  readonly model: string;
  readonly first: 'baseline' | 'candidate';
  /** Null where the judge abstained. */
  readonly scores: { readonly baseline: number; readonly candidate: number } | null;
  readonly reason: string;
}

/** A pair as a judge saw it, with what an audit of it found. */
export interface JudgedPair {
  readonly candidate: CandidateId;
  /** Version of the judge that decided: a digest of everything that makes it what it is. */
  readonly judge: string;
  readonly arms: { readonly baseline: EpisodeId; readonly candidate: EpisodeId };
  /** Null where every judge abstained: the pair is void. */
  readonly scores: { readonly baseline: number; readonly candidate: number } | null;
  readonly calls: readonly JudgeCall[];
  /** One in ten is judged again by a person or a stronger checker. */
  readonly isAuditDue: boolean;
  readonly audit: {
    readonly baseline: number;
    readonly candidate: number;
    readonly auditor: string;
  } | null;
}

/** What people and judges say of outcomes. */
export interface JudgementStore {
  /**
   * Each feedback is stored once by its id; the same id with other content is a ConflictError. Answers
   * what all sources together make of the outcome by then. On a run of a pair it audits the judge.
   */
  putFeedback(
    tenant: TenantId,
    feedback: Feedback,
  ): Promise<{ readonly existing: boolean; readonly label: EpisodeLabel | null }>;
  /** When it was stored; null where it is not. */
  feedbackStoredAt(tenant: TenantId, id: string): Promise<Date | null>;
  feedbackOf(tenant: TenantId, episode: EpisodeId): Promise<readonly Feedback[]>;
  /** All judgements of an episode combined; null while nobody but an evaluator has spoken. */
  labelOf(tenant: TenantId, episode: EpisodeId): Promise<EpisodeLabel | null>;
  /**
   * To be called once a live episode has ended: combines what was said while it ran, and reads what its
   * task says of the one its subject asked before (the implicit signal). Answers the label, as `labelOf`.
   */
  settleJudgements(tenant: TenantId, episode: EpisodeId): Promise<EpisodeLabel | null>;

  /**
   * Writes a judge's outcome of an episode that was recorded without one, and combines it with what else
   * was said; an episode with a score keeps it. Answers the workflows to wake, since an outcome is known.
   */
  putJudgedOutcome(
    tenant: TenantId,
    episode: EpisodeId,
    outcome: Outcome,
  ): Promise<{ readonly label: EpisodeLabel | null; readonly wake: readonly string[] }>;
  /** Counts a judgement of a live run against the day's, by UTC; false, and nothing counted, where they are spent. */
  spendJudgement(scope: Scope, perDay: number): Promise<boolean>;

  /** Stores a judged pair once by its candidate's run and answers the one that is stored. */
  putJudgement(scope: Scope, judgement: JudgedPair): Promise<JudgedPair>;
  judgementOf(tenant: TenantId, candidateRun: EpisodeId): Promise<JudgedPair | null>;
  /** Differences candidate - baseline of every audited pair of a judge version, over all candidates. */
  judgeAudits(
    tenant: TenantId,
    judge: string,
  ): Promise<readonly { readonly judged: number; readonly audited: number }[]>;
}
