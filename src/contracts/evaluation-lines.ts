import { z } from 'zod';

import { objectOf } from './object-of.js';
import { sliceRecord } from './slice-values.js';

/** Names long enough for any slice; what is longer is a text that strayed in. */
const LONGEST_NAME = 256;

const NAME = `a text of 1 to ${String(LONGEST_NAME)} characters`;
const Name = z.string({ error: NAME }).min(1, { error: NAME }).max(LONGEST_NAME, { error: NAME });

const COUNTED = 'the whole number that follows the one before, from 0';
const Counted = z.int({ error: COUNTED }).min(0, { error: COUNTED });

const SCORE = 'a number from 0 to 1';
const score = (expected: string) =>
  z.number({ error: expected }).min(0, { error: expected }).max(1, { error: expected });

const SLICES = 'an object of slice keys and their values, all texts';
const SliceValues = sliceRecord(
  z.record(Name, Name, {
    error: (issue) => (issue.code === 'invalid_key' ? NAME : SLICES),
  }),
);

const ARM = `${SCORE}, or null where it is missing`;
const MISSING = '"infrastructure" or "arm" where an outcome is null, and nothing where none is';
const CATEGORIES = 'the categories of both arms or of neither';

/** One pair of `gate evaluate`, at its place in the order drawn before running. */
export const GateLine = objectOf({
  i: Counted,
  task: Name,
  baseline: score(ARM).nullable(),
  candidate: score(ARM).nullable(),
  missing: z.enum(['infrastructure', 'arm'], { error: MISSING }).optional(),
  slice: SliceValues.optional(),
  baselineCategory: Name.optional(),
  candidateCategory: Name.optional(),
}).check(({ value, issues }) => {
  const refuse = (field: string, message: string): void => {
    issues.push({ code: 'custom', path: [field], message, input: value });
  };
  const isMissing = value.baseline === null || value.candidate === null;
  if (isMissing !== (value.missing !== undefined)) refuse('missing', MISSING);
  if (value.baselineCategory === undefined && value.candidateCategory !== undefined) {
    refuse('baselineCategory', CATEGORIES);
  }
  if (value.baselineCategory !== undefined && value.candidateCategory === undefined) {
    refuse('candidateCategory', CATEGORIES);
  }
});
export type GateLine = z.infer<typeof GateLine>;

/** One live outcome of `monitor evaluate`, in assignment order, and the version that served it. */
export const MonitorLine = objectOf({
  t: Counted,
  success: score(SCORE),
  version: Name,
  slice: SliceValues.optional(),
  task: Name.optional(),
});
export type MonitorLine = z.infer<typeof MonitorLine>;
