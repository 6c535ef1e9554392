import { z } from 'zod';

import type { GateBasis } from '../domain/gate/committed-pair.js';
import { defaultGatePolicy } from '../domain/gate/gate-policy.js';
import type { JsonObject } from '../domain/json.js';

const Names = z.array(z.string());

const Policy = z.object({
  alpha: z.number(),
  minPairs: z.number(),
  maxPairs: z.number(),
  m0: z.number(),
  deltaMin: z.number(),
  futilityLevel: z.number(),
  dPlan: z.number(),
  discordance: z.number().optional(),
  sliceKeys: Names.optional(),
  minSliceShare: z.number(),
  maxSlices: z.number(),
  sliceMargin: z.number(),
  sliceLevel: z.number(),
  sliceCap: z.number(),
  harmLevel: z.number(),
  minHarmPairs: z.number(),
  criticalSlices: Names,
  categoryLevel: z.number(),
  criticalCategories: Names,
  missingLevel: z.number(),
  voidShare: z.number(),
  costMargin: z.number().default(defaultGatePolicy.costMargin),
  costLevel: z.number().default(defaultGatePolicy.costLevel),
  costBlocks: z.boolean().default(defaultGatePolicy.costBlocks),
});

const Basis = z.object({
  policy: Policy,
  plan: z.object({
    keys: Names,
    gated: Names,
    hasOther: z.boolean(),
    pinnedGuard: z.int().optional(),
  }),
  diagnosis: z.enum(['regression', 'drift', 'unresolved']).nullable(),
  replicates: z.int().default(1),
});

/** What a stored verdict was decided by, and what a diagnosis found; null where the record does not say. */
export function gateBasis(
  summary: JsonObject,
): (GateBasis & Pick<z.infer<typeof Basis>, 'diagnosis' | 'replicates'>) | null {
  const parsed = Basis.safeParse(summary['basis']);
  if (!parsed.success) return null;
  const { policy, plan, diagnosis, replicates } = parsed.data;
  const { discordance, sliceKeys, ...rest } = policy;
  const { pinnedGuard, ...slices } = plan;
  return {
    policy: {
      ...rest,
      ...(discordance === undefined ? {} : { discordance }),
      ...(sliceKeys === undefined ? {} : { sliceKeys }),
    },
    plan: { ...slices, ...(pinnedGuard === undefined ? {} : { pinnedGuard }) },
    diagnosis,
    replicates,
  };
}

/** What a diagnosis says, for people. */
export const DIAGNOSES = {
  drift: 'on the same tasks what serves is not meaningfully worse than what served before',
  regression: 'on the same tasks what serves is worse than what served before',
  unresolved: 'neither a loss of what serves nor the absence of one was shown',
} as const;
