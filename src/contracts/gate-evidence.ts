import { z } from 'zod';

import type { JsonObject } from '../domain/json.js';

/** A bound that is not finite was stored as null. */
const Bound = z.number().nullable();

const Tests = z.object({
  n: z.number(),
  effect: z.object({ mean: Bound, lower: Bound, upper: Bound }),
  logE: Bound,
  threshold: z.number(),
  slices: z
    .array(
      z.object({
        name: z.string(),
        n: z.number(),
        mean: Bound,
        lower: Bound,
        upper: Bound,
        verdict: z.string(),
      }),
    )
    .default([]),
  categories: z
    .array(
      z.object({
        name: z.string(),
        baseline: z.number(),
        candidate: z.number(),
        critical: z.boolean(),
        grew: z.boolean(),
      }),
    )
    .default([]),
  label: z.string().nullable().default(null),
  cost: z
    .object({
      n: z.number(),
      ratio: Bound,
      mean: Bound,
      lower: Bound,
      upper: Bound,
      logE: Bound,
      threshold: z.number(),
      margin: z.number(),
      verdict: z.string(),
      blocks: z.boolean(),
    })
    .nullable()
    .default(null),
  worstCase: z
    .object({
      n: z.number(),
      imputed: z.number(),
      mean: Bound,
      lower: Bound,
      upper: Bound,
      logE: Bound,
      holds: z.boolean(),
    })
    .nullable()
    .default(null),
});

/** The numbers behind a verdict, as a gate record holds them. */
export type GateEvidence = z.infer<typeof Tests>;

/** Reads the summary of a gate record; null where it holds no such numbers. */
export function gateEvidence(summary: JsonObject): GateEvidence | null {
  const parsed = Tests.safeParse(summary);
  return parsed.success ? parsed.data : null;
}
