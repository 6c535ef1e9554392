/** Lines of `gate evaluate` and `monitor evaluate` for tests. */

/** A pair, a tie unless told otherwise; `undefined` takes a key out. */
export function pairLine(i: number, overrides: Readonly<Record<string, unknown>> = {}): string {
  return JSON.stringify({ i, task: `t${String(i)}`, baseline: 0, candidate: 0, ...overrides });
}

/** Pairs 0, 1, 2, … with these differences of candidate and baseline, all else equal. */
export function pairLines(
  differences: readonly number[],
  overrides: Readonly<Record<string, unknown>> = {},
): string {
  return differences
    .map((difference, i) =>
      pairLine(i, {
        baseline: Math.max(0, -difference),
        candidate: Math.max(0, difference),
        ...overrides,
      }),
    )
    .join('\n');
}

/** A live outcome, a success of v1 unless told otherwise. */
export function outcomeLine(t: number, overrides: Readonly<Record<string, unknown>> = {}): string {
  const slice = { hardness: 'easy' };
  return JSON.stringify({
    t,
    success: 1,
    version: 'v1',
    slice,
    task: `t${String(t)}`,
    ...overrides,
  });
}
