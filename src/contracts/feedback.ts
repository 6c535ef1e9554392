import { z } from 'zod';

import { InvalidInputError } from '../domain/errors.js';
import { ROLES, type Feedback } from '../domain/feedback.js';
import { episodeId } from './ids.js';
import { parseOr } from './parse.js';

const Text = z
  .string()
  .max(20_000)
  .refine((text) => !text.includes('\u0000'), 'text without NUL characters');

/** Feedback as it comes from outside; the role is the caller's, never read from a text. */
export const FeedbackInput = z.strictObject({
  id: z.string().min(1).max(128),
  episode: z.string(),
  actor: z.string().min(1).max(128),
  role: z.enum(ROLES),
  score: z.number().min(0).max(1).nullable(),
  correction: Text.nullable(),
  comment: Text.nullable(),
});
export type FeedbackInput = z.infer<typeof FeedbackInput>;

/** Parses feedback; one that says nothing is refused. */
export function feedbackFor(value: unknown): Feedback {
  const { episode, ...rest } = parseOr(FeedbackInput, value, 'feedback');
  if (rest.score === null && rest.correction === null && rest.comment === null) {
    throw new InvalidInputError('feedback', 'nothing said', 'a score, a correction or a comment');
  }
  return { ...rest, episode: episodeId(episode) };
}
