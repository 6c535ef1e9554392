import { attribute } from '../../domain/attribution.js';
import {
  agentName,
  speakersOf,
  type TrajectoryStep,
} from '../../domain/attribution/failed-trajectory.js';
import type { Outcome, Step } from '../../domain/episode.js';
import type { LabelledCase } from './who-and-when.js';

/** What a method says of a case; null for what it leaves open. */
export interface Guess {
  readonly agent: string | null;
  /** Position in the trajectory. */
  readonly step: number | null;
}

/** Every message, for a draw among them. */
export function everyMessage({ trajectory: { steps } }: LabelledCase): readonly Guess[] {
  return steps.map((_, position) => guessAt(steps, position));
}

/** The first message, whoever sent it. */
export function firstMessage({ trajectory: { steps } }: LabelledCase): Guess {
  return guessAt(steps, 0);
}

/** Who speaks most; of equals who speaks first. Says nothing of the step. */
export function mostFrequentSpeaker({ trajectory: { steps } }: LabelledCase): Guess {
  const counts = new Map<string, number>();
  for (const step of steps) counts.set(agentName(step), (counts.get(agentName(step)) ?? 0) + 1);
  const [most] = [...counts].sort(([, left], [, right]) => right - left);
  return { agent: most?.[0] ?? null, step: null };
}

const FAILED: Outcome = {
  score: 0,
  evaluator: 'label',
  source: 'checker',
  category: 'failed',
  detail: '',
};

/** The backward slice that serves our own episodes, on a trajectory put into their form. */
export function backwardSliceOf({ trajectory: { question, steps } }: LabelledCase): Guess {
  const blame = attribute({
    trajectory: episodeSteps(steps),
    output: steps.at(-1)?.content ?? '',
    outcome: FAILED,
    input: { question },
  });
  return blame.step === null ? { agent: null, step: null } : guessAt(steps, blame.step);
}

const USAGE = { inputTokens: 0, outputTokens: 0 };
const EXIT_CODE = /exitcode: [1-9]/;

function episodeSteps(steps: readonly TrajectoryStep[]): readonly Step[] {
  const speakers = speakersOf(steps);
  return steps.map((step, index): Step => {
    const { content } = step;
    if (speakers[index] !== 'environment') {
      const calls = speakers[index + 1] === 'environment' ? [callOf(index + 1)] : [];
      const model = agentName(step);
      return { index, kind: 'model', model, text: content, toolCalls: calls, usage: USAGE };
    }
    const result = EXIT_CODE.test(content)
      ? ({ ok: false, code: 'EXIT_CODE', content } as const)
      : ({ ok: true, content } as const);
    return { index, kind: 'tool', callId: callOf(index).id, tool: 'run', arguments: '', result };
  });
}

function callOf(index: number): { id: string; tool: string; arguments: string } {
  return { id: `call-${String(index)}`, tool: 'run', arguments: '' };
}

function guessAt(steps: readonly TrajectoryStep[], position: number): Guess {
  const step = steps[position];
  return step === undefined
    ? { agent: null, step: null }
    : { agent: agentName(step), step: position };
}
