import { unknownBlame, type Blame } from './attribution/blame.js';
import { backwardSlice, callers } from './attribution/slice.js';
import { succeeded, type Outcome, type Trajectory } from './episode.js';
import type { Json, JsonObject } from './json.js';

/** What attribution reads of an episode. */
export interface AttributedEpisode {
  readonly trajectory: Trajectory;
  readonly output: Json;
  readonly outcome: Outcome;
  readonly input: JsonObject;
  /** Lessons in the prompt: what they say is no assumption of the agent. */
  readonly recalled?: readonly { readonly text: string }[];
}

/** How much each kind of finding is worth when it is the only one of its kind. */
const CONFIDENCE = { error: 0.6, assumption: 0.4, recoveredError: 0.25 };
/** What one more finding of the same kind takes from the first one. */
const RIVAL_WEIGHT = 0.25;
const MAX_ALTERNATIVES = 5;

/** The runtime refused these calls before anything ran: the model step is at fault, not the tool. */
const REFUSED: ReadonlySet<string> = new Set([
  'TOOL_UNKNOWN',
  'TOO_MANY_TOOL_CALLS',
  'CALL_ID_DUPLICATE',
  'LOOP_DETECTED',
]);

/**
 * Blames the step that a failed episode's output can be traced back to.
 *
 * The slice goes from the output back over the steps whose words it rests on. On it the earliest
 * error that no later call of the same tool got past is blamed; else the latest model step that
 * asserted something which neither task nor lessons nor any earlier step had shown; else the
 * earliest error that was got past.
 */
export function attribute(episode: AttributedEpisode): Blame {
  if (succeeded(episode.outcome)) return unknownBlame('succeeded');
  if (episode.outcome.score === null) return unknownBlame('nobody could tell the outcome');
  const { trajectory } = episode;
  const shown = [
    JSON.stringify(episode.input),
    ...(episode.recalled ?? []).map((lesson) => lesson.text),
  ];
  const output =
    typeof episode.output === 'string' ? episode.output : JSON.stringify(episode.output);
  const slice = backwardSlice(trajectory, shown, output);
  const errors = errorsOn(trajectory, slice.positions);
  const fatal = errors.filter(({ isRecovered }) => !isRecovered);
  const recovered = errors.filter(({ isRecovered }) => isRecovered);
  const findings = [
    ...fatal.map(({ blamed, code }) => ({
      position: blamed,
      reason: `the output rests on an error that was not got past: ${code}`,
      confidence: CONFIDENCE.error / (1 + (fatal.length - 1) * RIVAL_WEIGHT),
    })),
    ...slice.assumptions.map((position) => ({
      position,
      reason: 'asserted what neither the task nor an earlier step had shown',
      confidence: CONFIDENCE.assumption / (1 + (slice.assumptions.length - 1) * RIVAL_WEIGHT),
    })),
    ...recovered.map(({ blamed, code }) => ({
      position: blamed,
      reason: `the output rests on a step that met an error: ${code}`,
      confidence: CONFIDENCE.recoveredError / (1 + (recovered.length - 1) * RIVAL_WEIGHT),
    })),
  ];
  const [first, ...others] = findings;
  const step = first === undefined ? undefined : trajectory[first.position];
  if (first === undefined || step === undefined) {
    return unknownBlame('no error and no assumption on the way to the output');
  }
  const alternatives = new Set(others.flatMap(({ position }) => trajectory[position]?.index ?? []));
  alternatives.delete(step.index);
  return {
    step: step.index,
    method: 'backward-slice',
    confidence: first.confidence,
    reason: first.reason,
    alternatives: [...alternatives].slice(0, MAX_ALTERNATIVES),
  };
}

interface FoundError {
  readonly blamed: number;
  readonly code: string;
  readonly isRecovered: boolean;
}

/** The failed calls on a slice, in the order they were made. */
function errorsOn(trajectory: Trajectory, positions: readonly number[]): FoundError[] {
  const caller = callers(trajectory);
  const onSlice = new Set(positions);
  const lastSuccess = new Map<string, number>();
  for (const [position, step] of trajectory.entries()) {
    if (step.kind === 'tool' && step.result.ok) lastSuccess.set(step.tool, position);
  }
  return [...trajectory.entries()].flatMap(([position, step]) => {
    if (step.kind !== 'tool' || step.result.ok) return [];
    const model = caller.get(position);
    const isRefused = REFUSED.has(step.result.code);
    const isReached = onSlice.has(position) || (model !== undefined && onSlice.has(model));
    if (!isReached) return [];
    const blamed = isRefused && model !== undefined ? model : position;
    const isRecovered = (lastSuccess.get(step.tool) ?? -1) > position;
    return [{ blamed, code: step.result.code, isRecovered }];
  });
}
