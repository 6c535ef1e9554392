import { concludeGate, nextNeed, type GateState } from '../domain/gate/gate.js';
import { reportGate, type GateReport } from '../domain/gate/gate-summary.js';
import type { VersionId } from '../domain/ids.js';

/** What is evaluated against what, and how. */
interface Compared {
  readonly alpha: number;
  readonly seed: number;
  readonly baseline: VersionId;
  readonly version: VersionId;
}

/** How an evaluation stands, for people who read its workflow. */
export function evaluationDetails(
  gate: GateState,
  { alpha, seed, baseline, version }: Compared,
): string {
  const summary = reportGate(gate, concludeGate(gate));
  const decided =
    gate.decision === undefined ? 'undecided' : `**${summary.verdict}** (${summary.reason})`;
  const need = nextNeed(gate);
  const effect = `${percent(summary.effect.mean)} [${percent(summary.effect.lower)}, ${percent(summary.effect.upper)}]`;
  return [
    `${decided} after ${String(gate.committed)} pairs of ${version} against ${baseline}`,
    `alpha ${alpha.toPrecision(3)}, seed ${String(seed)}`,
    `effect ${effect}, ln E ${summary.logE.toFixed(2)} of ${summary.threshold.toFixed(2)}`,
    ...reportLines(summary),
    ...summary.slices.map(
      ({ name, n, mean, verdict }) => `- ${name}: ${percent(mean)} over ${String(n)}, ${verdict}`,
    ),
    ...(typeof need === 'object' ? [`next: pairs of ${need.slice}`] : []),
  ].join('\n');
}

/** What is told beside the verdict. */
function reportLines({ cost, worstCase }: GateReport): readonly string[] {
  const { imputed, mean, lower, upper } = worstCase;
  return [
    ...(cost === null
      ? []
      : [
          `cost ${cost.ratio === null ? 'from none' : `${cost.ratio.toFixed(2)} of the baseline's`}: ${cost.verdict} by more than ${String(Math.round(1000 * cost.margin) / 10)} % (ln E ${cost.logE.toFixed(2)} of ${cost.threshold.toFixed(2)})`,
        ]),
    ...(imputed === 0
      ? []
      : [
          `with ${String(imputed)} missing at their worst ${percent(mean)} [${percent(lower)}, ${percent(upper)}]`,
        ]),
  ];
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} points`;
}
