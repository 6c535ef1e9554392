import { SUCCESS_THRESHOLD } from './episode.js';
import { uniformOf } from './random.js';

/** Category of an outcome that waits for the agent's judge: no evaluator before it could tell. */
export const UNJUDGED = 'unjudged';
/** Category of an outcome that first and second judge could not tell. */
export const JUDGE_ABSTAINED = 'judge-abstained';

/** Category of an outcome that no evaluator could tell, of an agent without a judge. */
export const UNGRADED = 'unknown';

export type ArmName = 'baseline' | 'candidate';

/** Scores of both arms of a pair, 0 … 1 each; null where the judge could not tell. */
export type PairScores = Readonly<Record<ArmName, number>> | null;

/** Calls after which a judge that disagrees with itself is averaged (GATE 2.7). */
const MOST_CALLS = 3;

/** Share of judged pairs that a person or a stronger checker judges again (GATE 2.7). */
export const AUDIT_SHARE = 0.1;

/**
 * Which output a judge is shown first in its n-th call on a pair, from 0. The first is drawn from the
 * seed, the second is the other way round, the third drawn anew: judges favour places (Zheng et al.
 * 2023), and a place that followed the arm would be a bias of the gate.
 */
export function firstShown(seed: string, call: number): ArmName {
  const isSwapped = uniformOf('order', seed, call === MOST_CALLS - 1 ? 'third' : 'first') < 0.5;
  const isCandidateFirst = call === 1 ? !isSwapped : isSwapped;
  return isCandidateFirst ? 'candidate' : 'baseline';
}

/** Whether a judge is asked again: once in either order, and a third time where the two differ. */
export function needsAnotherCall(calls: readonly PairScores[]): boolean {
  if (calls.length < 2) return true;
  const [first, second] = calls;
  return calls.length < MOST_CALLS && !isSame(first ?? null, second ?? null);
}

function isSame(first: PairScores, second: PairScores): boolean {
  if (first === null || second === null) return first === second;
  return (
    passes(first.baseline) === passes(second.baseline) &&
    passes(first.candidate) === passes(second.candidate) &&
    Math.sign(first.candidate - first.baseline) === Math.sign(second.candidate - second.baseline)
  );
}

function passes(score: number): boolean {
  return score >= SUCCESS_THRESHOLD;
}

/** Whether a judge is asked again about one output: twice, and a third time where it contradicts itself. */
export function needsAnotherScore(scores: readonly (number | null)[]): boolean {
  if (scores.length < 2) return true;
  const [first = null, second = null] = scores;
  const isSame =
    first === null || second === null ? first === second : passes(first) === passes(second);
  return scores.length < MOST_CALLS && !isSame;
}

/** The mean of what a judge said of one output; null where it abstained more often than it spoke. */
export function scoreOf(scores: readonly (number | null)[]): number | null {
  const said = scores.filter((score) => score !== null);
  if (said.length * 2 <= scores.length) return null;
  return said.reduce((total, score) => total + score, 0) / said.length;
}

/** The mean of what a judge said of a pair; null where it abstained more often than it spoke. */
export function verdictOf(calls: readonly PairScores[]): PairScores {
  const said = calls.filter((scores) => scores !== null);
  if (said.length * 2 <= calls.length) return null;
  const mean = (arm: ArmName): number =>
    said.reduce((total, scores) => total + scores[arm], 0) / said.length;
  return { baseline: mean('baseline'), candidate: mean('candidate') };
}

/** Spreads what waited for a new day over its first hour, at most. */
const SPREAD_MS = 3_600_000;
const DAY_MS = 86_400_000;

/**
 * When a live run is shown to the judge again that the day's limit kept from it: early in the next day by UTC, as
 * the limit counts days; null where its attribution window ends before, and the run stays unjudged.
 */
export function nextJudgementMs(of: {
  readonly episode: string;
  readonly nowMs: number;
  readonly endedMs: number;
  readonly windowHours: number;
}): number | null {
  const { episode, nowMs, endedMs, windowHours } = of;
  const midnight = (Math.floor(nowMs / DAY_MS) + 1) * DAY_MS;
  const left = endedMs + windowHours * 3_600_000 - midnight;
  if (left <= 0) return null;
  return midnight + Math.floor(uniformOf('judge-again', episode) * Math.min(SPREAD_MS, left));
}

/** Whether a judged pair, or a judged live run, is one of the tenth that is audited: drawn before anybody has looked at it. */
export function isAudited(judge: string, candidateRun: string): boolean {
  return uniformOf('judge-audit', judge, candidateRun) < AUDIT_SHARE;
}
