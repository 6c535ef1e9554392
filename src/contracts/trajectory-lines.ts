import { z } from 'zod';

import { objectOf } from './object-of.js';

const NAME = 'a text of 1 to 256 characters';
const Name = z.string({ error: NAME }).min(1, { error: NAME }).max(256, { error: NAME });

const TEXT = 'a text';
const Text = z.string({ error: TEXT });

const NUMBER = 'a whole number from 0, larger than that of the step before';
const STEPS = 'an array of steps';

const Tool = objectOf({
  name: Name,
  arguments: z.json({ error: 'any JSON value' }).optional(),
  error: z.string({ error: 'a text, or null where the call met no error' }).nullish(),
});

const Step = objectOf({
  i: z.int({ error: NUMBER }).min(0, { error: NUMBER }),
  agent: Name,
  role: Name,
  content: Text,
  tool: Tool.nullish(),
});

/** One failed trajectory of `attribute`. */
export const TrajectoryLine = objectOf({
  id: Name,
  question: Text,
  steps: z.array(Step, { error: STEPS }),
}).check(({ value, issues }) => {
  const wrong = value.steps.findIndex((step, index) => {
    const before = value.steps[index - 1];
    return before !== undefined && before.i >= step.i;
  });
  if (wrong < 0) return;
  issues.push({ code: 'custom', path: ['steps', wrong, 'i'], message: NUMBER, input: value });
});
