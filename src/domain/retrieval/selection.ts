/** From a ranking to what stands in a prompt: no two lessons that say the same, and no more than fits. */

/** How much a lesson loses by being like one that was taken already (maximal marginal relevance). */
const LIKENESS_WEIGHT = 0.05;
/** From here on two lessons say the same. */
const NEAR_DUPLICATE = 0.9;

/** The first of each that say the same, in their order, at most so many. */
export function withoutCopies<T extends { readonly terms: readonly string[] }>(
  ranked: readonly T[],
  limit: number,
): T[] {
  const kept: { readonly item: T; readonly terms: ReadonlySet<string> }[] = [];
  for (const item of ranked) {
    if (kept.length === limit) break;
    const terms = new Set(item.terms);
    if (kept.some((other) => likenessOf(terms, other.terms) >= NEAR_DUPLICATE)) continue;
    kept.push({ item, terms });
  }
  return kept.map(({ item }) => item);
}

export interface Choosable {
  /** Higher is better. */
  readonly score: number;
  readonly terms: ReadonlySet<string>;
  readonly tokens: number;
}

/**
 * Takes the best of what is left, over and over, until `limit` are taken; one that is nearly a copy of
 * another or no longer fits into `maxTokens` is passed over, and the next may be shorter.
 */
export function selectDiverse<T extends Choosable>(
  ranked: readonly T[],
  limit: number,
  maxTokens: number,
): T[] {
  const chosen: T[] = [];
  let rest = ranked.map((item) => ({ item, likeness: 0 }));
  let used = 0;
  while (chosen.length < limit && rest.length > 0) {
    const best = rest.reduce((left, right) => (valueOf(right) > valueOf(left) ? right : left));
    rest = rest.filter((other) => other !== best);
    if (used + best.item.tokens > maxTokens) continue;
    used += best.item.tokens;
    chosen.push(best.item);
    rest = rest
      .map(({ item, likeness }) => ({
        item,
        likeness: Math.max(likeness, likenessOf(item.terms, best.item.terms)),
      }))
      .filter(({ likeness }) => likeness < NEAR_DUPLICATE);
  }
  return chosen;
}

function valueOf({ item, likeness }: { item: Choosable; likeness: number }): number {
  return item.score - LIKENESS_WEIGHT * likeness;
}

/** Cosine of two sets of terms, 0 … 1. */
export function likenessOf(left: ReadonlySet<string>, right: ReadonlySet<string>): number {
  if (left.size === 0 || right.size === 0) return 0;
  let shared = 0;
  for (const term of left) if (right.has(term)) shared += 1;
  return shared / Math.sqrt(left.size * right.size);
}
