import { succeeded, SUCCESS_THRESHOLD, type Outcome } from './episode.js';
import type { Feedback, Role } from './feedback.js';
import { combineVotes, escalateTo, type Vote, type VoteResult } from './gate/vote.js';
import type { ImplicitKind } from './implicit-signal.js';

/** What audits have said about a source so far. */
export interface AuditRecord {
  readonly hits: number;
  readonly misses: number;
}

/** Everything that was said of one episode's outcome. */
export interface Judgements {
  /** The evaluators' own; null while the task runs. */
  readonly outcome: Outcome | null;
  /** In the order given; of each actor the last one that judges counts. */
  readonly feedback: readonly Feedback[];
  readonly signal: { readonly kind: ImplicitKind; readonly subject: string } | null;
}

/** Sources to look up audit records for. */
export type CastVote = Omit<Vote, 'hits' | 'misses'>;

/** What all sources together make of an outcome. */
export interface EpisodeLabel {
  readonly label: VoteResult['label'];
  /** 0 … 1; null where contested. */
  readonly score: number | null;
  readonly decidedBy: 'checker' | 'veto' | 'votes';
  readonly reason: VoteResult['reason'] | null;
  /** P(positive) by the votes, and the share of their weight on the lighter side. */
  readonly probability: number;
  readonly disagreement: number;
  /** Who a contested one waits for. */
  readonly escalatedTo: Role | null;
  readonly votes: readonly Vote[];
}

/** What an audited source said, against what was found true. */
export interface AuditedVote {
  readonly source: string;
  readonly isHit: boolean;
}

/**
 * The votes on an outcome: one of each person, of the judge or the environment where one of them graded,
 * and of what the subject's next task implies. A correction without a score says that the output was
 * wrong; a comment alone says nothing. A checker casts none: it decides alone.
 */
export function votesOn({ outcome, feedback, signal }: Judgements): readonly CastVote[] {
  const votes = new Map<string, CastVote>();
  for (const { actor, role, score, correction, group = actor } of feedback) {
    const judged = score ?? (correction === null ? null : 0);
    if (judged === null) continue;
    const source = `person/${actor}`;
    votes.set(source, { source, role, group: `person/${group}`, label: labelOf(judged) });
  }
  if (outcome !== null && outcome.score !== null) {
    const { source: role, evaluator, score } = outcome;
    if (role === 'judge' || role === 'environment') {
      const source = `${role}/${evaluator}`;
      votes.set(source, { source, role, group: source, label: labelOf(score) });
    }
  }
  if (signal !== null) {
    const source = `implicit/${signal.kind}`;
    const label = signal.kind === 'thanks' ? 'positive' : 'negative';
    // Whoever said it in words is not counted again for what their next task implies.
    votes.set(source, { source, role: 'implicit', group: `person/${signal.subject}`, label });
  }
  return [...votes.values()];
}

/**
 * Combines all judgements of an outcome by authority and measured reliability (GATE 2.8): an owner's veto
 * is final, a checker decides alone, everything else is a weighted vote. Null where nobody judged.
 * `recordOf` says what audits found of a source; what is contested goes to the highest of `roles`.
 */
export function labelOutcome(
  judgements: Judgements,
  recordOf: (source: string) => AuditRecord,
  roles: readonly Role[] = ['owner'],
): EpisodeLabel | null {
  const votes = votesOn(judgements).map((vote) => ({ ...vote, ...recordOf(vote.source) }));
  const decided = decidedAlone(judgements);
  if (votes.length === 0 && decided === null) return null;
  const { label, probability, disagreement, reason } = combineVotes(votes);
  const base = { probability, disagreement, votes };
  if (decided !== null) {
    const final = labelOf(decided.score);
    return { ...base, ...decided, label: final, reason: null, escalatedTo: null };
  }
  if (label !== 'contested') {
    const score = label === 'positive' ? 1 : 0;
    return { ...base, label, score, decidedBy: 'votes', reason: null, escalatedTo: null };
  }
  return {
    ...base,
    label,
    score: null,
    decidedBy: 'votes',
    reason: reason ?? 'uncertain',
    // Only an owner's veto ends a dispute between experts.
    escalatedTo: reason === 'experts-disagree' ? 'owner' : highestOf(roles),
  };
}

/**
 * Whether an episode may teach. One on which sources disagree must not, until a person has said who is
 * right; one that too few have judged may still propose: what it proposes needs support of its own.
 */
export function mayTeach(label: EpisodeLabel | null): boolean {
  return label?.label !== 'contested' || label.reason === 'uncertain';
}

/**
 * What is known of the truth of an outcome, and the votes measured by it: the owner's veto, the checker,
 * else the last audit. Whoever said the truth is not measured by it; nobody is where it is unknown.
 */
export function auditedVotes(judgements: Judgements): readonly AuditedVote[] {
  const truth = truthOf(judgements);
  if (truth === null) return [];
  return votesOn(judgements)
    .filter(({ source }) => source !== truth.source)
    .map(({ source, label }) => ({ source, isHit: label === truth.label }));
}

function truthOf(judgements: Judgements): { source: string; label: Vote['label'] } | null {
  const { outcome, feedback } = judgements;
  const veto = vetoIn(feedback);
  const audit = feedback.findLast((given) => given.act === 'audit' && scoreOf(given) !== null);
  const person = (given: Feedback) => ({
    source: `person/${given.actor}`,
    label: labelOf(scoreOf(given) ?? 0),
  });
  if (veto !== undefined) return person(veto);
  if (outcome?.source === 'checker' && outcome.score !== null) {
    return { source: outcome.evaluator, label: labelOf(outcome.score) };
  }
  return audit === undefined ? null : person(audit);
}

/** A veto, or a checker, with the score it gives. */
function decidedAlone({
  outcome,
  feedback,
}: Judgements): { readonly score: number; readonly decidedBy: 'veto' | 'checker' } | null {
  const veto = vetoIn(feedback);
  if (veto !== undefined) return { score: scoreOf(veto) ?? 0, decidedBy: 'veto' };
  if (outcome?.source !== 'checker' || outcome.score === null) return null;
  return { score: outcome.score, decidedBy: 'checker' };
}

/** The first one: a last word cannot be taken back by another. */
function vetoIn(feedback: readonly Feedback[]): Feedback | undefined {
  return feedback.find((given) => given.act === 'veto' && scoreOf(given) !== null);
}

function scoreOf({ score, correction }: Feedback): number | null {
  return score ?? (correction === null ? null : 0);
}

function labelOf(score: number): Vote['label'] {
  return score >= SUCCESS_THRESHOLD ? 'positive' : 'negative';
}

function highestOf(roles: readonly Role[]): Role {
  const found = escalateTo(roles);
  return found === 'owner' || found === 'expert' || found === 'user' ? found : 'owner';
}

/** The evaluators' outcome, with the score of an accepted label where people or signals say otherwise. */
export function labelledOutcome(outcome: Outcome, label: EpisodeLabel | null): Outcome {
  if (label === null || label.score === null || label.decidedBy === 'checker') return outcome;
  const isAlike = outcome.score !== null && succeeded(outcome) === label.score >= SUCCESS_THRESHOLD;
  if (isAlike) return outcome;
  const isGood = label.score >= SUCCESS_THRESHOLD;
  return {
    score: label.score,
    evaluator: label.decidedBy,
    source: 'person',
    category: isGood ? 'ok' : 'judged-wrong',
    detail: `${label.decidedBy}: P(positive) ${label.probability.toFixed(3)}`,
  };
}
