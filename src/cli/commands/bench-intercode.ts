import { writeFile } from 'node:fs/promises';

import { benchInterCode, type InterCodeReport } from '../../bench/intercode/bench-intercode.js';
import { launchLog, type CommandContext } from '../command.js';
import { points } from '../numbers.js';
import { assertWritableFile } from '../output-file.js';
import { withQuietTemporal } from '../temporal-logs.js';
import { textTable } from '../text-table.js';

export interface BenchInterCodeOptions {
  readonly data?: string;
  readonly mode: 'S' | 'R' | 'P';
  readonly plain?: string;
  readonly informed?: string;
  readonly explore?: string;
  readonly seed: number;
  readonly out?: string;
}

/** Plays recorded runs of real models through the loop and says what it made of them. */
export async function runBenchInterCode(
  options: BenchInterCodeOptions,
  { config, io, signal }: CommandContext,
): Promise<number> {
  const { data: dataDir, out, ...given } = options;
  if (out !== undefined) await assertWritableFile('--out', out);
  const bar = io.progress(1);
  const progress = (share: number, label: string): void => bar.update(share, label);
  const log = launchLog({ config, io }, true);
  const report = await withQuietTemporal(config, () =>
    benchInterCode({ ...given, dataDir, config, progress, log, signal }),
  );
  bar.end();
  if (out !== undefined) await writeFile(out, `${JSON.stringify(report)}\n`);
  io.result(report, reportText(report));
  return 0;
}

function reportText(report: InterCodeReport): string {
  if (!('mode' in report)) return modeSText(report);
  if (report.mode === 'R') {
    const rows = report.configs.map(({ config, runs, successes, steps, selects, alike }) => [
      config,
      runs,
      successes,
      steps,
      selects,
      alike,
    ]);
    const heads = ['config', 'runs', 'successes', 'steps', 'SELECTs', 'alike'];
    return `${textTable(heads, rows)}\n${percent(report.share)} of SELECT steps alike`;
  }
  const { plain, informed, verdict, reason, n, effect } = report;
  const bounds = `[${points(effect.lower)}, ${points(effect.upper)}]`;
  return (
    `${informed} against ${plain}: ${verdict} (${reason}) after ${String(n)} pairs, ` +
    `effect ${points(effect.mean)} ${bounds} points`
  );
}

function modeSText(report: Exclude<InterCodeReport, { readonly mode: string }>): string {
  const { arms, gap, verdicts, promotions, wrongSchema } = report;
  const table = textTable(
    ['arm', 'successes', 'tasks'],
    Object.entries(arms).map(([arm, { successes, n }]) => [arm, successes, n]),
  );
  const counts = Object.entries(verdicts).map(([verdict, count]) => `${String(count)} ${verdict}`);
  const bounds = `[${percent(gap.lower)}, ${percent(gap.upper)}]`;
  return [
    'Recorded models: real runs, played again.',
    table,
    `share of the gap closed on second halves: ${percent(gap.share)} ${bounds}`,
    `verdicts: ${counts.join(', ')}; promoted after ${promotions.map(({ at }) => at).join(', ') || 'never'} tasks`,
    `misplaced schemas: ${wrongSchema.verdict} after ${String(wrongSchema.pairs)} pairs`,
  ].join('\n');
}

function percent(share: number | null): string {
  return share === null ? 'none' : `${(100 * share).toFixed(1)} %`;
}
