import { z } from 'zod';

import type { Slices } from '../../domain/episode.js';
import type { AgentId, TaskId } from '../../domain/ids.js';
import { sha256 } from '../digest.js';
import { agentId, taskId } from '../ids.js';
import { plainText } from '../plain-text.js';

/** Text that can be stored: what no database takes is replaced. */
export const Text = z.string().transform(plainText);

export const RunId = z
  .string()
  .min(1)
  .max(512)
  .regex(/^[^\p{Cc}\p{Surrogate}]+$/u, 'text without control characters');

/** 0 and 1, or false and true. */
export const Success = z
  .union([z.boolean(), z.literal(0), z.literal(1)])
  .transform((value) => value === true || value === 1);

export const Reward = z.number();

const SliceValue = z.union([z.string(), z.number(), z.boolean()]).transform(String);

/** Named parts of the traffic; numbers and booleans become text. */
export const SliceValues: z.ZodType<Slices> = z
  .record(z.string().min(1).max(100), SliceValue.pipe(z.string().max(500)))
  .transform((slices) =>
    Object.fromEntries(
      Object.entries(slices).map(([key, value]) => [plainText(key), plainText(value)]),
    ),
  );

const MAX_NAME = 128;

/** The name itself where it fits an id, else one made of it that is as unique. */
function nameOf(text: string): string {
  if (/^[A-Za-z0-9][A-Za-z0-9._:@-]*$/.test(text) && text.length <= MAX_NAME) return text;
  const plain = text.replace(/[^A-Za-z0-9._:@-]+/g, '-').replace(/^[^A-Za-z0-9]+/, '');
  return `${plain.slice(0, 80)}${plain === '' ? '' : '-'}${sha256(text).slice(0, 12)}`;
}

export function agentNamed(text: string): AgentId {
  return agentId(nameOf(text));
}

export function taskNamed(text: string): TaskId {
  return taskId(nameOf(text));
}
