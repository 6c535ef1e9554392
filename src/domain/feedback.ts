import type { EpisodeId } from './ids.js';

/** What a person may be to an agent; decides how much their word weighs (GATE 2.8). */
export const ROLES = ['owner', 'expert', 'user'] as const;
export type Role = (typeof ROLES)[number];

/**
 * Prior reliability of a source by its role (GATE 2.8). What the environment itself answered stands
 * between the authorised persons and the judge (DESIGN 3) and is enough alone, like an expert.
 */
export const PRIOR_RELIABILITY: Readonly<
  Record<Role | 'environment' | 'judge' | 'implicit', number>
> = {
  owner: 0.95,
  expert: 0.9,
  environment: 0.9,
  user: 0.7,
  judge: 0.8,
  implicit: 0.6,
};

/**
 * What feedback is meant as: a vote; an audit, by which other sources are measured (experts and owners);
 * or a veto, the owner's last word on an outcome, which no later vote changes.
 */
export const FEEDBACK_ACTS = ['vote', 'audit', 'veto'] as const;
export type FeedbackAct = (typeof FEEDBACK_ACTS)[number];

/** A judgement of an outcome by a person. */
export interface Feedback {
  readonly id: string;
  readonly episode: EpisodeId;
  readonly actor: string;
  readonly role: Role;
  /** 0 (wrong) … 1 (right). */
  readonly score: number | null;
  /** What the output should have been. */
  readonly correction: string | null;
  readonly comment: string | null;
  /** Sources that err together: an organisation that answers from one template. The actor alone unless told. */
  readonly group?: string;
  /** A vote unless told. */
  readonly act?: FeedbackAct;
}

/** Who did something that is audited. */
export interface Actor {
  readonly id: string;
  readonly role: Role | 'system';
}

export const SYSTEM: Actor = { id: 'ratchet', role: 'system' };
