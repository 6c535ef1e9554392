import { PRIOR_RELIABILITY } from '../feedback.js';

export type SourceRole = keyof typeof PRIOR_RELIABILITY;

/** One source's judgement of an outcome, with what audits have said about the source. */
export interface Vote {
  readonly source: string;
  readonly role: SourceRole;
  /** Sources that err together: the same user, template of an organisation, or model family. */
  readonly group: string;
  readonly label: 'positive' | 'negative';
  /** Audited items the source got right and wrong; anything else is no evidence of reliability. */
  readonly hits: number;
  readonly misses: number;
}

/** Pseudo-audits that a role's prior is worth. */
const PRIOR_STRENGTH = 20;

/** No source counts for more than one that is right nineteen times in twenty. */
const LARGEST_WEIGHT = Math.log(19);

/** Confidence from which a label is accepted, and disagreement from which it is not. */
const ACCEPTED = 0.9;
const DISPUTED = 0.25;

/** A prior of .9 must be enough for .9, whatever logarithm and exponential make of it. */
const ROUNDING = 1e-9;

/** From the highest; a contested label goes to the first of these that can be asked. */
const AUTHORITY: readonly SourceRole[] = ['owner', 'expert', 'judge', 'user', 'implicit'];

/** Posterior mean of the chance that a source is right: its role's Beta prior and its audited items. */
export function reliability({ role, hits, misses }: Vote): number {
  const prior = PRIOR_RELIABILITY[role];
  return (PRIOR_STRENGTH * prior + hits) / (PRIOR_STRENGTH + hits + misses);
}

/**
 * Log odds of a source being right, the optimal weight of independent votes (Nitzan & Paroush 1982).
 * A source worse than chance gets 0, never a negative weight: an adversary must not steer by lying.
 */
export function voteWeight(reliable: number): number {
  return Math.min(Math.max(Math.log(reliable / (1 - reliable)), 0), LARGEST_WEIGHT);
}

export interface VoteResult {
  /** `contested`: stored, escalated to a person, and teaches nothing meanwhile. */
  readonly label: 'positive' | 'negative' | 'contested';
  /** P(positive). */
  readonly probability: number;
  /** Share of the weight on the lighter side, 0 to 1/2. */
  readonly disagreement: number;
  readonly logOdds: number;
  /** Why it is contested; two experts or owners on opposite sides always are. */
  readonly reason?: 'uncertain' | 'disagreement' | 'experts-disagree';
}

/** Combines votes: one for each independence group, the one of largest weight (the first of equals). */
export function combineVotes(votes: readonly Vote[]): VoteResult {
  const counted = [...strongestOfGroups(votes).values()];
  const positive = weightOf(counted, 'positive');
  const negative = weightOf(counted, 'negative');
  const logOdds = positive - negative;
  const probability = 1 / (1 + Math.exp(-logOdds));
  const total = positive + negative;
  const disagreement = total === 0 ? 0 : Math.min(positive, negative) / total;
  const result = { probability, disagreement, logOdds };
  if (doExpertsDisagree(votes))
    return { ...result, label: 'contested', reason: 'experts-disagree' };
  if (disagreement >= DISPUTED) return { ...result, label: 'contested', reason: 'disagreement' };
  if (probability >= ACCEPTED - ROUNDING) return { ...result, label: 'positive' };
  if (probability <= 1 - ACCEPTED + ROUNDING) return { ...result, label: 'negative' };
  return { ...result, label: 'contested', reason: 'uncertain' };
}

/** Who a contested label is escalated to: the highest role that can be asked. */
export function escalateTo(available: readonly SourceRole[]): SourceRole | undefined {
  return AUTHORITY.find((role) => available.includes(role));
}

function strongestOfGroups(votes: readonly Vote[]): ReadonlyMap<string, Vote> {
  const groups = new Map<string, Vote>();
  for (const vote of votes) {
    const held = groups.get(vote.group);
    if (held === undefined || weight(vote) > weight(held)) groups.set(vote.group, vote);
  }
  return groups;
}

function weight(vote: Vote): number {
  return voteWeight(reliability(vote));
}

function weightOf(votes: readonly Vote[], label: Vote['label']): number {
  return votes
    .filter((vote) => vote.label === label)
    .reduce((total, vote) => total + weight(vote), 0);
}

function doExpertsDisagree(votes: readonly Vote[]): boolean {
  const experts = votes.filter(({ role }) => role === 'owner' || role === 'expert');
  return new Set(experts.map(({ label }) => label)).size > 1;
}
