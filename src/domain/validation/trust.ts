import type { LessonSource, Trust } from '../lesson.js';

/** The trust that a text brings from where it came; nothing raises it. */
export const TRUST_OF_CHANNEL: Readonly<Record<LessonSource['channel'], Trust>> = {
  tool_output: 'low',
  user_text: 'low',
  feedback: 'medium',
  reflection: 'medium',
  operator: 'high',
};

const RANK: Readonly<Record<Trust, number>> = { low: 0, medium: 1, high: 2 };

/** The lowest of what something was derived from; of nothing follows no trust. */
export function lowestTrust(labels: readonly Trust[]): Trust {
  return labels.toSorted((left, right) => RANK[left] - RANK[right])[0] ?? 'low';
}

/** Whether a label claims more than another one. */
export function isAbove(label: Trust, other: Trust): boolean {
  return RANK[label] > RANK[other];
}
