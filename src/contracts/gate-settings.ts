import { z } from 'zod';

import { SUCCESS_CATEGORY } from '../domain/gate/categories.js';
import { objectOf } from './object-of.js';

/** A number above `low` (or from it) and up to `high` (or below it), said so where it is none. */
function between(
  low: number,
  high: number,
  ends: { readonly low: boolean; readonly high: boolean },
) {
  const from = ends.low ? `from ${String(low)}` : `above ${String(low)}`;
  const to = ends.high ? `to ${String(high)}` : `below ${String(high)}`;
  const error = `a number ${from} and ${ends.high ? 'up ' : ''}${to}`;
  const number = z.number({ error });
  const bounded = ends.low ? number.min(low, { error }) : number.gt(low, { error });
  return ends.high ? bounded.max(high, { error }) : bounded.lt(high, { error });
}

/** Above this many pairs a gate is a mistake, and real-valued outcomes would fill the memory. */
const MOST_PAIRS = 1_000_000;

const COUNT = `a whole number from 1 to ${String(MOST_PAIRS)}`;
const Count = z.int({ error: COUNT }).min(1, { error: COUNT }).max(MOST_PAIRS, { error: COUNT });

const level = () => between(0, 0.5, { low: false, high: true });
const share = () => between(0, 1, { low: true, high: false });

function namesOf(expected: string, isOne: (name: string) => boolean) {
  const error = `a list of ${expected}, each once`;
  return z
    .array(z.string({ error }).min(1, { error }).refine(isOne, { error }), { error })
    .refine((names) => new Set(names).size === names.length, { error });
}

/** The settings of one gate that `gate evaluate` takes from a file; what is left out keeps its default. */
export const GateSettings = objectOf({
  alpha: level().exactOptional(),
  minPairs: Count.exactOptional(),
  maxPairs: Count.exactOptional(),
  m0: share().exactOptional(),
  deltaMin: share().exactOptional(),
  sliceKeys: namesOf('slice keys', () => true).exactOptional(),
  sliceMargin: share().exactOptional(),
  sliceLevel: level().exactOptional(),
  sliceCap: Count.exactOptional(),
  criticalSlices: namesOf('slices, key=value', (name) => name.indexOf('=') > 0).exactOptional(),
  criticalCategories: namesOf(
    `kinds of failure, not ${SUCCESS_CATEGORY}`,
    (name) => name !== SUCCESS_CATEGORY,
  ).exactOptional(),
  discordance: between(0, 1, { low: true, high: true }).exactOptional(),
});
export type GateSettings = z.infer<typeof GateSettings>;
