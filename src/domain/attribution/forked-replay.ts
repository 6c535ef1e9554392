import { SUCCESS_THRESHOLD, type ModelStep, type Trajectory } from '../episode.js';
import type { Correction } from './blame.js';
import { callers } from './slice.js';

/** Where an episode is run again, and with what. */
export interface Fork {
  /** Index of the model step that is changed; both arms share the steps before it. */
  readonly at: number;
  readonly patched: ModelStep;
}

/**
 * The fork that tests the blame of a step, or undefined where nobody knows what would have been right.
 *
 * The model step is changed, also where the blamed step is the call it made. Without a correction from
 * elsewhere a failed call takes the arguments with which the same tool was called well later on.
 */
export function forkOf(
  trajectory: Trajectory,
  blamed: number,
  correction: Correction | null,
): Fork | undefined {
  const position = trajectory.findIndex(({ index }) => index === blamed);
  const step = trajectory[position];
  if (step === undefined) return undefined;
  const model =
    trajectory[step.kind === 'tool' ? (callers(trajectory).get(position) ?? -1) : position];
  if (model?.kind !== 'model') return undefined;
  const given = correction ?? laterSuccess(trajectory, position);
  if (given === undefined) return undefined;
  const callId = step.kind === 'tool' ? step.callId : undefined;
  const patched = patchedStep(model, given, callId);
  const isSame =
    patched.text === model.text &&
    JSON.stringify(patched.toolCalls) === JSON.stringify(model.toolCalls);
  return isSame ? undefined : { at: model.index, patched };
}

function laterSuccess(trajectory: Trajectory, position: number): Correction | undefined {
  const failed = trajectory[position];
  if (failed?.kind !== 'tool' || failed.result.ok) return undefined;
  const later = trajectory
    .slice(position + 1)
    .find((step) => step.kind === 'tool' && step.tool === failed.tool && step.result.ok);
  if (later?.kind !== 'tool') return undefined;
  return { kind: 'call', tool: later.tool, arguments: later.arguments };
}

function patchedStep(
  model: ModelStep,
  correction: Correction,
  callId: string | undefined,
): ModelStep {
  if (correction.kind === 'text') return { ...model, text: correction.text, toolCalls: [] };
  const { tool, arguments: args } = correction;
  const [first] = model.toolCalls;
  const target = callId ?? first?.id;
  if (target === undefined) {
    return { ...model, toolCalls: [{ id: `patch-${String(model.index)}`, tool, arguments: args }] };
  }
  const toolCalls = model.toolCalls.map((call) =>
    call.id === target ? { ...call, tool, arguments: args } : call,
  );
  return { ...model, toolCalls };
}

/** Outcomes of one replicate; null where the infrastructure lost a run. */
export interface ReplayPair {
  readonly patched: number | null;
  readonly control: number | null;
}

export interface ReplayVerdict {
  /** `open`: too few complete pairs, or too close to say. */
  readonly verdict: 'verified' | 'refuted' | 'open';
  /** That the patch wins more often than it loses where the arms differ, 0 … 1. */
  readonly probability: number;
  readonly wins: number;
  readonly losses: number;
  /** Pairs of which both arms have an outcome. */
  readonly pairs: number;
}

const LEAST_PAIRS = 3;
const VERIFIED = 0.9;
const REFUTED = 0.5;

/**
 * Whether changing the step is what makes the difference.
 *
 * Pairs in which both arms end alike say nothing: running again alone may flip an outcome. Of the others
 * the patched arm's share of wins has a uniform prior, so the probability that it is above one half after
 * w wins and l losses is that of at most w heads in w + l + 1 throws of a coin. Three wins without a
 * loss reach 0.94; the blame is verified from 0.9 on and refuted where wins do not outnumber losses.
 */
export function judgeReplay(replicates: readonly ReplayPair[]): ReplayVerdict {
  const complete = replicates.flatMap(({ patched, control }) =>
    patched === null || control === null
      ? []
      : [Number(patched >= SUCCESS_THRESHOLD) - Number(control >= SUCCESS_THRESHOLD)],
  );
  const wins = complete.filter((difference) => difference > 0).length;
  const losses = complete.filter((difference) => difference < 0).length;
  const pairs = complete.length;
  const probability = atMostHeads(wins, wins + losses + 1);
  const counts = { probability, wins, losses, pairs };
  if (pairs < LEAST_PAIRS) return { verdict: 'open', ...counts };
  if (probability >= VERIFIED) return { verdict: 'verified', ...counts };
  return { verdict: probability <= REFUTED ? 'refuted' : 'open', ...counts };
}

/** Probability of at most so many heads in so many throws of a fair coin. */
function atMostHeads(heads: number, throws: number): number {
  let term = 0.5 ** throws;
  let sum = term;
  for (let k = 1; k <= heads; k += 1) {
    term *= (throws - k + 1) / k;
    sum += term;
  }
  return sum;
}
