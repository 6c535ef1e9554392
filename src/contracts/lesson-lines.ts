import { z } from 'zod';

import { objectOf } from './object-of.js';

const NAME = 'a text of 1 to 256 characters';
const Name = z.string({ error: NAME }).min(1, { error: NAME }).max(256, { error: NAME });

const CHANNELS = ['tool_output', 'user_text', 'feedback', 'operator', 'reflection'] as const;

/** One lesson of `lessons check`; subject and evidence say where it was seen and decide nothing here. */
export const LessonLine = objectOf({
  id: Name,
  text: z.string({ error: 'a text' }),
  channel: z.enum(CHANNELS, { error: `one of ${CHANNELS.join(', ')}` }),
  subject: Name.nullish(),
  evidence: z.array(z.json({ error: 'any JSON value' }), { error: 'an array' }).nullish(),
});
export type LessonLine = z.infer<typeof LessonLine>;
