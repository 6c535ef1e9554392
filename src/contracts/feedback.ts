import { z } from 'zod';

import { DeniedError, InvalidInputError } from '../domain/errors.js';
import { FEEDBACK_ACTS, ROLES, type Feedback } from '../domain/feedback.js';
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
  group: z.string().min(1).max(128).optional(),
  act: z.enum(FEEDBACK_ACTS).optional(),
});
export type FeedbackInput = z.infer<typeof FeedbackInput>;

/**
 * Parses feedback; one that says nothing is refused, and so is an audit or veto without a verdict. Only an
 * owner has the last word, and only an owner or expert is a measure for others: DeniedError.
 */
export function feedbackFor(value: unknown): Feedback {
  const { episode, group, act, ...rest } = parseOr(FeedbackInput, value, 'feedback');
  const { score, correction, comment, role } = rest;
  if (score === null && correction === null && comment === null) {
    throw new InvalidInputError('feedback', 'nothing said', 'a score, a correction or a comment');
  }
  if (act === 'veto' || act === 'audit') {
    if (score === null && correction === null) {
      throw new InvalidInputError(
        'feedback.score',
        'none',
        `how good it was: it is a${act === 'audit' ? 'n' : ''} ${act}`,
      );
    }
    if (role !== 'owner' && (act === 'veto' || role !== 'expert')) {
      const allowed = act === 'veto' ? 'owner' : 'owner or expert';
      throw new DeniedError(
        `feedback.act: found ${act} by a ${role}, expected role ${allowed}; vote instead`,
      );
    }
  }
  return {
    ...rest,
    episode: episodeId(episode),
    ...(group === undefined ? {} : { group }),
    ...(act === undefined ? {} : { act }),
  };
}
