import { agentName, type FailedTrajectory } from './failed-trajectory.js';
import { probabilities } from './softmax-regression.js';
import { FEATURE_NAMES, featuresOf } from './step-features.js';
import { readTrajectory } from './step-reading.js';
import { STEP_WEIGHTS } from './step-weights.js';

/** A step of somebody's trajectory that may have caused the failure. */
export interface SuspectStep {
  /** The step's own number, `i`. */
  readonly step: number;
  readonly agent: string;
  /**
   * Probability that this is the step a person would blame, 0 … 1; calibrated on runs like those the
   * weights come from and not beyond them.
   */
  readonly confidence: number;
}

export type StepBlame =
  | (SuspectStep & {
      readonly method: 'step-score';
      /** Other steps, likeliest first. */
      readonly alternatives: readonly SuspectStep[];
    })
  | { readonly step: null; readonly method: 'unknown' };

/** A likeliest step below this is no answer: it is more often wrong than six times in seven. */
export const LEAST_CONFIDENCE = 0.15;
const MAX_ALTERNATIVES = 5;

const TRAINED = FEATURE_NAMES.map((name) => STEP_WEIGHTS[name]);

/**
 * Blames one step of a failed trajectory by a linear score over features of its steps.
 *
 * The agent named is the one of that step. Unknown where no agent takes a step, or where no step
 * stands out enough. `weights` are in the order of FEATURE_NAMES.
 */
export function blameStep(
  trajectory: FailedTrajectory,
  weights: readonly number[] = TRAINED,
): StepBlame {
  const [first, ...others] = suspectsOf(trajectory, weights);
  if (first === undefined || first.confidence < LEAST_CONFIDENCE) {
    return { step: null, method: 'unknown' };
  }
  return { ...first, method: 'step-score', alternatives: others.slice(0, MAX_ALTERNATIVES) };
}

function suspectsOf(
  trajectory: FailedTrajectory,
  weights: readonly number[],
): readonly SuspectStep[] {
  const read = readTrajectory(trajectory);
  const chances = probabilities(featuresOf(read), weights);
  return read.agents
    .flatMap((position, place) => {
      const step = trajectory.steps[position];
      const confidence = rounded(chances[place] ?? 0);
      return step === undefined ? [] : [{ step: step.i, agent: agentName(step), confidence }];
    })
    .sort((left, right) => right.confidence - left.confidence || left.step - right.step);
}

/** To four digits: more would only be noise. */
function rounded(value: number): number {
  return Math.round(value * 10_000) / 10_000;
}
