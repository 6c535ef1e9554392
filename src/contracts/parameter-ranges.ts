import { z } from 'zod';

import type { Json } from '../domain/json.js';
import { settingsOf } from './object-of.js';

const Range = (least: number, most: number) =>
  settingsOf({ min: z.number().min(least).max(most), max: z.number().min(least).max(most) }).refine(
    ({ min, max }) => min <= max,
    'a min that is not above max',
  );

/** Within what an agent's parameters may be learned; one that is not named here is not learned at all. */
export const ParameterRanges = settingsOf({
  /** Names of models that may take the place of the agent's own. */
  model: z.array(z.string().min(1)).optional(),
  temperature: Range(0, 2).optional(),
  /** Most model calls of one episode. */
  maxModelCalls: Range(1, 10_000).optional(),
  recallLimit: Range(0, 20).optional(),
});
export type ParameterRanges = z.infer<typeof ParameterRanges>;

const WHOLE = ['maxModelCalls', 'recallLimit'];

/** Why a value may not be learned for a parameter; null where it may. */
export function parameterFault(
  ranges: ParameterRanges,
  parameter: string,
  value: Json,
): string | null {
  const found = `${parameter}: found ${JSON.stringify(value)}`;
  if (parameter === 'model') {
    const models = ranges.model ?? [];
    const isNamed = typeof value === 'string' && models.includes(value);
    return isNamed ? null : `${found}, expected one of: ${models.join(', ') || 'none is declared'}`;
  }
  const declared = rangesOf(ranges).get(parameter);
  if (declared === undefined) {
    return `${found}, expected a parameter with a range in learning.parameters of the agent`;
  }
  const { min, max } = declared;
  const isIn = typeof value === 'number' && value >= min && value <= max;
  if (!isIn) return `${found}, expected ${String(min)} to ${String(max)}`;
  return WHOLE.includes(parameter) && !Number.isInteger(value)
    ? `${found}, expected a whole number`
    : null;
}

function rangesOf({ temperature, maxModelCalls, recallLimit }: ParameterRanges) {
  const declared = Object.entries({ temperature, maxModelCalls, recallLimit });
  return new Map(
    declared.flatMap(([name, range]) => (range === undefined ? [] : [[name, range] as const])),
  );
}
