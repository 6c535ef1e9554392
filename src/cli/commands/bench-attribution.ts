import { writeFile } from 'node:fs/promises';

import { benchAttribution } from '../../bench/attribution/bench-attribution.js';
import type { AttributionReport } from '../../bench/attribution/bench-attribution.js';
import { weightsSource } from '../../bench/attribution/weights-source.js';
import type { CommandContext } from '../command.js';
import { assertWritableFile } from '../output-file.js';
import { textTable } from '../text-table.js';

export interface BenchAttributionOptions {
  readonly data: string;
  readonly seed: number;
  readonly weights?: string;
}

/** How often the blame falls where people put it, on labelled failures left out of the training. */
export async function runBenchAttribution(
  { data, seed, weights }: BenchAttributionOptions,
  { io }: CommandContext,
): Promise<number> {
  if (weights !== undefined) await assertWritableFile('--weights', weights);
  const report = await benchAttribution(data, seed);
  if (weights !== undefined) await writeFile(weights, weightsSource(report));
  io.result(report, textOf(report));
  return 0;
}

function textOf(report: AttributionReport): string {
  const rows = report.rows.map(({ method, subset, n, answered, agent, step, within3 }) => [
    method,
    subset,
    n,
    percent(answered, n),
    percent(agent, n),
    percent(step, n),
    percent(within3, n),
    `${percent(agent, answered)} ${percent(step, answered)} ${percent(within3, answered)}`,
  ]);
  const heads = ['method', 'cases', 'n', 'coverage', 'agent', 'step', 'within 3', 'of answers'];
  const classes = report.calibration.map(({ from, n, confidence, right }) => [
    String(from),
    n,
    percent(confidence, 1),
    percent(right, 1),
  ]);
  return [
    `${String(report.cases)} failures of ${String(report.questions)} questions; weights of ` +
      `${String(report.features)} features, trained without the question they are used on`,
    textTable(heads, rows),
    'Percent of all cases, unknown counted as wrong; then agent, step and within 3 of those answered.',
    textTable(['confidence from', 'answers', 'mean', 'step right'], classes),
  ].join('\n');
}

function percent(part: number, whole: number): string {
  return whole === 0 ? 'none' : ((100 * part) / whole).toFixed(1);
}
