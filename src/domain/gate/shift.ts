import type { CategorySummary, GateSummary } from './gate-summary.js';

/** Failures of one kind in both arms of a gate. */
export type ShiftedCategory = Pick<CategorySummary, 'name' | 'baseline' | 'candidate'>;

/** Kinds of failure that one text names. */
const MOST_NAMED = 8;

/** How the kinds of failure moved, the largest move first: `timeout 12 -> 3, wrong-table 2 -> 11`. */
export function shiftText(categories: readonly ShiftedCategory[]): string {
  const moved = (category: ShiftedCategory): number =>
    Math.abs(category.candidate - category.baseline);
  return [...categories]
    .filter((category) => moved(category) > 0)
    .sort((a, b) => moved(b) - moved(a) || (a.name < b.name ? -1 : 1))
    .slice(0, MOST_NAMED)
    .map((category) => `${category.name} ${arrow(category)}`)
    .join(', ');
}

function arrow({ baseline, candidate }: ShiftedCategory): string {
  return `${String(baseline)} -> ${String(candidate)}`;
}

/** A verdict as a person reads it: with where the failures went, where that is part of what was found. */
export function verdictText({
  verdict,
  reason,
  label,
  categories,
}: Pick<GateSummary, 'verdict' | 'reason' | 'label' | 'categories'>): string {
  const text = `${verdict}: ${reason}`;
  const isShifted = label === 'improved-shifted' || label === 'shifted-only';
  return isShifted ? `${text} (${label}: ${shiftText(categories)})` : text;
}
