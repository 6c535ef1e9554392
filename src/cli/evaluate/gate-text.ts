import type { GateReport, GateSummary } from '../../domain/gate/gate-summary.js';
import { points } from '../numbers.js';
import { textTable } from '../text-table.js';

/** A verdict with its evidence, for people; effects are points of success in a hundred. */
export function gateText(summary: GateReport): string {
  const { verdict, reason, n, effect, logE, threshold, label } = summary;
  const head = [
    `${verdict}: ${reason}`,
    `effect ${points(effect.mean)} [${interval(effect)}] over ${String(n)} pairs; ` +
      `ln E ${logE.toFixed(2)}, superior above ${threshold.toFixed(2)}`,
    ...(label === null ? [] : [`errors: ${label}`]),
    ...worstCaseLine(summary),
  ];
  return [...head, ...sliceTable(summary), ...categoryTable(summary)].join('\n');
}

/** What the verdict owes to the rule for missing outcomes. */
function worstCaseLine({ worstCase }: GateReport): readonly string[] {
  const { imputed, mean, logE, holds } = worstCase;
  if (imputed === 0) return [];
  return [
    `with ${String(imputed)} missing outcomes at their worst: effect ${points(mean)} [${interval(worstCase)}], ` +
      `ln E ${logE.toFixed(2)}, ${holds ? 'superior still' : 'not superior'}`,
  ];
}

function interval({ lower, upper }: { readonly lower: number; readonly upper: number }): string {
  return `${points(lower)}, ${points(upper)}`;
}

function sliceTable({ slices }: GateSummary): readonly string[] {
  if (slices.length === 0) return [];
  const rows = slices.map((slice) => [
    slice.name,
    slice.n,
    points(slice.mean),
    interval(slice),
    slice.verdict,
  ]);
  return ['', textTable(['slice', 'pairs', 'effect', '95 %', 'verdict'], rows)];
}

function categoryTable({ categories }: GateSummary): readonly string[] {
  if (categories.length === 0) return [];
  const rows = categories.map((category) => [
    category.name,
    category.baseline,
    category.candidate,
    category.logE.toFixed(2),
    [category.critical ? 'critical' : '', category.grew ? 'grew' : ''].filter(Boolean).join(', '),
  ]);
  return ['', textTable(['failure', 'baseline', 'candidate', 'ln E', ''], rows)];
}
