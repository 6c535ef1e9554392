import { z } from 'zod';

import { SCRATCHPAD_TOOL } from '../domain/own-tools.js';

/** Arguments of `ask_person`: the task waits until a person has answered. */
const AskPersonArguments = z.strictObject({
  question: z.string().min(1).max(4000),
});

/** Arguments of `scratchpad`: a later note of the same key replaces the earlier one. */
export const ScratchpadArguments = z.strictObject({
  key: z
    .string()
    .max(64)
    .regex(/^[^\s:](?:[^\r\n:]*[^\s:])?$/, 'one line without colon'),
  value: z.string().max(2000),
});

/** Tools of Ratchet's own, offered where an agent's settings say so. */
export const ASK_PERSON = {
  name: 'ask_person',
  description: 'Ask a person and wait for the answer. Use it where nothing else can tell.',
  input: AskPersonArguments,
} as const;

export const SCRATCHPAD = {
  name: SCRATCHPAD_TOOL,
  description:
    'Keep a note for the rest of this task. It is shown with every later message; the same key again replaces it.',
  input: ScratchpadArguments,
} as const;
