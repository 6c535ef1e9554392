import type { EpisodeId } from '../../domain/ids.js';
import type { ProposalFate } from '../../store/proposal-queries.js';

export interface FloodReport {
  readonly episodes: number;
  readonly causes: number;
  /** Candidates opened. */
  readonly candidates: number;
  /** Distinct lessons in them. */
  readonly lessons: number;
  readonly proposals: ProposalTally;
  /** Episodes without a proposal that found its place, read from the database at the end. */
  readonly lost: number;
  /** Reflections by how they ended. */
  readonly reflections: Readonly<Record<string, number>>;
  readonly learner: LearnerHistory;
  readonly seconds: { readonly record: number; readonly flood: number };
}

export interface ProposalTally {
  readonly stored: number;
  /** Refused by validation. */
  readonly refused: number;
  /** Not read by the learner. */
  readonly waiting: number;
  /** Opened a candidate, joined the open one, or support for what is known; others by their name. */
  readonly places: Readonly<Record<string, number>>;
}

export interface LearnerHistory {
  readonly runs: number;
  readonly continuedAsNew: number;
  readonly longestEvents: number;
  readonly longestBytes: number;
}

export function tallyProposals(fates: readonly ProposalFate[]): ProposalTally {
  const refused = fates.filter((fate) => fate.refused !== null);
  const accepted = fates.filter((fate) => fate.refused === null);
  return {
    stored: fates.length,
    refused: refused.length,
    waiting: accepted.filter(({ place }) => place === null).length,
    places: counted(accepted.flatMap(({ place }) => (place === null ? [] : [place]))),
  };
}

/** How many of the episodes have no proposal with a place. */
export function lostOf(episodes: readonly EpisodeId[], fates: readonly ProposalFate[]): number {
  const placed = new Set(
    fates.flatMap(({ episode, refused, place }) =>
      refused === null && place !== null && place !== 'refused' ? [episode] : [],
    ),
  );
  return episodes.filter((episode) => !placed.has(episode)).length;
}

export function counted(names: readonly string[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const name of names) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
}
