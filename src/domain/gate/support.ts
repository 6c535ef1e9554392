import type { SourceRole } from './vote.js';

/** One piece of feedback behind a lesson. */
export interface SupportSource {
  readonly group: string;
  /** `checker`: a deterministic checker, or the tool's own answer for a fact about the tool. */
  readonly role: SourceRole | 'checker';
  readonly weight: number;
}

/** Groups from which on no single one may carry more than its share of the evidence. */
const GROUPS_TO_CAP = 4;

/** The most of a lesson's evidence that one group of four or more may supply: outliers, poisoning. */
const LARGEST_SHARE = 0.3;

/** Whether a lesson from feedback may be proposed at all: two independent groups, or one authority. */
export function hasSupport(sources: readonly SupportSource[]): boolean {
  const hasAuthority = sources.some(({ role }) => ['owner', 'expert', 'checker'].includes(role));
  return hasAuthority || new Set(sources.map(({ group }) => group)).size >= 2;
}

/**
 * Share of the evidence by group; the shares sum to 1. From four groups on none is above 30 %: what a
 * loud group has beyond that goes to the others in proportion, until all are below.
 */
export function evidenceShares(
  sources: readonly SupportSource[],
): Readonly<Record<string, number>> {
  const weights = new Map<string, number>();
  for (const { group, weight } of sources) {
    weights.set(group, (weights.get(group) ?? 0) + weight);
  }
  const voiced = [...weights].filter(([, weight]) => weight > 0);
  const isCapped = voiced.length >= GROUPS_TO_CAP;
  const capped = new Set<string>();
  for (;;) {
    const free = voiced.filter(([group]) => !capped.has(group));
    const left = 1 - capped.size * LARGEST_SHARE;
    const total = free.reduce((sum, [, weight]) => sum + weight, 0);
    const loud = free.filter(([, weight]) => (left * weight) / total > LARGEST_SHARE);
    if (!isCapped || loud.length === 0) {
      const share = (group: string, weight: number): number =>
        capped.has(group) ? LARGEST_SHARE : (left * weight) / total;
      return Object.fromEntries(
        voiced.map(([group, weight]) => [group, share(group, weight)] as const),
      );
    }
    for (const [group] of loud) capped.add(group);
  }
}
