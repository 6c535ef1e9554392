import type { Step, Trajectory } from '../domain/episode.js';

/** Most characters of one step that a model is shown. */
export const LONGEST_STEP = 2_000;
/** Characters of all steps together; the middle of a longer trajectory is left out. */
const LONGEST_TRAJECTORY = 60_000;

/** A trajectory as a model is shown it, each step with its number, in at most so many characters. */
export function trajectoryText(
  trajectory: Trajectory,
  longest: number = LONGEST_TRAJECTORY,
): string {
  return ends(trajectory.map(stepText), longest);
}

function stepText(step: Step): string {
  if (step.kind === 'model') {
    const calls = step.toolCalls.map((call) => `calls ${call.tool} ${call.arguments}`);
    return `step ${String(step.index)}, agent: ${[step.text, ...calls].join('\n').slice(0, LONGEST_STEP)}`;
  }
  const { tool, result, index } = step;
  const answered = result.ok ? result.content : `Error ${result.code}: ${result.content}`;
  return `step ${String(index)}, ${tool} answers: ${answered.slice(0, LONGEST_STEP)}`;
}

function ends(texts: readonly string[], longest: number): string {
  const whole = texts.join('\n');
  if (whole.length <= longest) return whole;
  const half = longest / 2;
  return `${whole.slice(0, half)}\n[…]\n${whole.slice(-half)}`;
}
