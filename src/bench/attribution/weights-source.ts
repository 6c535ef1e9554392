import type { AttributionReport } from './bench-attribution.js';

/** The module that holds the trained weights, as it is committed. */
export function weightsSource({
  cases,
  questions,
  penalty,
  weights,
}: Pick<AttributionReport, 'cases' | 'questions' | 'penalty' | 'weights'>): string {
  const lines = Object.entries(weights).map(([name, weight]) => `  ${name}: ${String(weight)},`);
  return `import type { FeatureName } from './step-features.js';

/**
 * What each feature of a step adds to its score.
 *
 * Trained on the developer half of Who&When (Zhang et al. 2025, MIT licence): ${String(cases)} failures of
 * ${String(questions)} questions, penalty ${String(penalty)}. Written by
 * \`ratchet bench attribution --data DIR --weights src/domain/attribution/step-weights.ts\`.
 */
export const STEP_WEIGHTS: Readonly<Record<FeatureName, number>> = {
${lines.join('\n')}
};
`;
}
