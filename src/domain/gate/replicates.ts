import type { CommittedArm } from './committed-pair.js';

/**
 * One arm of a pair that ran more than once: the mean of its runs (GATE 2.2), so that D stays in [-1, 1]. A run
 * that gave no outcome by its own fault counts as 0 and makes the arm missing; one that the infrastructure
 * lost leaves nothing to average. The category is that of a run in a critical category, else of the worst one:
 * a rule that looks at one arm alone, the same for both.
 */
export function poolRuns<T extends CommittedArm>(
  runs: readonly [T, ...(readonly T[])],
  criticalCategories: readonly string[] = [],
): T {
  const [first] = runs;
  const lost = runs.find(({ missing }) => missing === 'infrastructure');
  if (lost !== undefined) return { ...lost, score: null };
  if (runs.length === 1) return first;
  const worst = runs.reduce((found, run) => ((run.score ?? 0) < (found.score ?? 0) ? run : found));
  const { category } = runs.find((run) => criticalCategories.includes(run.category)) ?? worst;
  const missing = runs.some((run) => run.missing === 'arm') ? 'arm' : null;
  if (runs.every(({ score }) => score === null)) return { ...first, category, missing };
  const costs = runs.map(({ cost }) => cost);
  const cost = costs.every((each) => each != null)
    ? costs.reduce((total, each) => total + each, 0) / runs.length
    : null;
  const score = runs.reduce((total, run) => total + (run.score ?? 0), 0) / runs.length;
  return { ...first, score, category, missing, ...(cost === null ? {} : { cost }) };
}
