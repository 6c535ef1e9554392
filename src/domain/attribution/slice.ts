import type { Step, Trajectory } from '../episode.js';
import { tokensOf } from './tokens.js';

/** A token in more than this share of the steps (and in more than a few) tells nothing of its origin. */
const FREQUENT_SHARE = 1 / 3;
const FREQUENT_AT_LEAST = 4;

/** What a failed final output rests on. */
export interface BackwardSlice {
  /** Positions in the trajectory, last first. */
  readonly positions: readonly number[];
  /** Positions of model steps that asserted something nobody had shown before, last first. */
  readonly assumptions: readonly number[];
}

interface ReadStep {
  readonly linking: ReadonlySet<string>;
  readonly asserted: ReadonlySet<string>;
}

/**
 * Walks back from the final output over the steps whose words stand in what came after them.
 *
 * A word belongs to the step that brought it up first; words of the task belong to nobody. Linear in
 * the length of the texts: a step only ever uses earlier ones, so one pass from the end is enough.
 */
export function backwardSlice(
  trajectory: Trajectory,
  shown: readonly string[],
  output: string,
): BackwardSlice {
  const given = new Set(shown.flatMap((text) => [...tokensOf(text, true).linking]));
  const steps = trajectory.map(readStep);
  const introducedAt = new Map<string, number>();
  const countOf = new Map<string, number>();
  for (const [position, step] of steps.entries()) {
    for (const token of step.linking) {
      if (!introducedAt.has(token)) introducedAt.set(token, position);
      countOf.set(token, (countOf.get(token) ?? 0) + 1);
    }
  }
  const frequent = Math.max(FREQUENT_AT_LEAST, trajectory.length * FREQUENT_SHARE);
  const caller = callers(trajectory);
  const isOn = new Set<number>(trajectory.length === 0 ? [] : [trajectory.length - 1]);
  const follow = (tokens: ReadonlySet<string>): void => {
    for (const token of tokens) {
      const origin = introducedAt.get(token);
      const tellsNothing = given.has(token) || (countOf.get(token) ?? 0) > frequent;
      if (origin !== undefined && !tellsNothing) isOn.add(origin);
    }
  };
  follow(tokensOf(output).linking);
  const positions: number[] = [];
  const assumptions: number[] = [];
  for (let position = trajectory.length - 1; position >= 0; position -= 1) {
    const step = steps[position];
    if (step === undefined || !isOn.has(position)) continue;
    positions.push(position);
    follow(step.linking);
    const called = caller.get(position);
    if (called !== undefined) isOn.add(called);
    const isNew = (token: string): boolean =>
      introducedAt.get(token) === position && !given.has(token);
    if (trajectory[position]?.kind === 'model' && [...step.asserted].some(isNew)) {
      assumptions.push(position);
    }
  }
  return { positions, assumptions };
}

/** The model step that made the call of each tool step. */
export function callers(trajectory: Trajectory): ReadonlyMap<number, number> {
  const made = new Map<string, number>();
  const found = new Map<number, number>();
  for (const [position, step] of trajectory.entries()) {
    if (step.kind === 'model') for (const { id } of step.toolCalls) made.set(id, position);
    else {
      const model = made.get(step.callId);
      if (model !== undefined) found.set(position, model);
    }
  }
  return found;
}

function readStep(step: Step): ReadStep {
  const read =
    step.kind === 'model'
      ? [tokensOf(step.text), ...step.toolCalls.map((call) => tokensOf(call.arguments, true))]
      : [tokensOf(step.arguments, true), tokensOf(step.result.content)];
  return {
    linking: new Set(read.flatMap(({ linking }) => [...linking])),
    asserted: new Set(read.flatMap(({ asserted }) => [...asserted])),
  };
}
