import { succeeded, type Outcome, type Trajectory } from './episode.js';
import { UNJUDGED } from './judging.js';
import { uniformOf } from './random.js';

/** One success in this many is reflected upon, so that a baseline of what works exists. */
const SUCCESS_SAMPLE = 20;

/**
 * Whether an episode has something to teach: a failure, a correction, an error that was recovered
 * from, something observed about a tool, or a sample of the successes. One whose judge has not spoken yet is
 * asked about again once it has.
 */
export function informative(episode: {
  readonly key: string;
  readonly outcome: Outcome;
  readonly trajectory: Trajectory;
  readonly hasCorrection: boolean;
  readonly revealsSomething: boolean;
}): { readonly value: boolean; readonly reason: string } {
  if (episode.hasCorrection) return { value: true, reason: 'correction' };
  if (episode.outcome.category === UNJUDGED) return { value: true, reason: 'unjudged' };
  if (!succeeded(episode.outcome)) return { value: true, reason: 'failure' };
  if (hasRecovered(episode.trajectory)) return { value: true, reason: 'recovered-error' };
  if (episode.revealsSomething) return { value: true, reason: 'observation' };
  if (uniformOf('informative', episode.key) < 1 / SUCCESS_SAMPLE) {
    return { value: true, reason: 'sampled-success' };
  }
  return { value: false, reason: 'routine-success' };
}

/** Whether a call failed and a later one of the same tool went well. */
export function hasRecovered(trajectory: Trajectory): boolean {
  const failedTools = new Set<string>();
  for (const step of trajectory) {
    if (step.kind !== 'tool') continue;
    if (!step.result.ok) failedTools.add(step.tool);
    else if (failedTools.has(step.tool)) return true;
  }
  return false;
}
