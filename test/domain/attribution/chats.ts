import type {
  FailedTrajectory,
  TrajectoryStep,
} from '../../../src/domain/attribution/failed-trajectory.js';

export const QUESTION = 'How many of the lighthouses on Gotland were built before 1900?';

/** Messages in order, `agent: text` each; the agents see each other as assistant and user. */
export function aChat(
  messages: readonly (readonly [agent: string, content: string, more?: Partial<TrajectoryStep>])[],
  question = QUESTION,
): FailedTrajectory {
  const [first] = messages;
  return {
    question,
    steps: messages.map(([agent, content, more], i) => ({
      i,
      agent,
      role: agent === first?.[0] ? 'assistant' : 'user',
      content,
      ...more,
    })),
  };
}
