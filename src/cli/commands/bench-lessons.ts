import {
  benchLessons,
  type LessonSafetyReport,
  type Tally,
} from '../../bench/lessons/bench-lessons.js';
import { benchRepeats, readTrials, type RepeatsReport } from '../../bench/lessons/repeats.js';
import { readSafetyLines } from '../../bench/lessons/safety-lines.js';
import type { CommandContext } from '../command.js';
import { textTable } from '../text-table.js';

export interface BenchLessonsOptions {
  readonly data: string;
  readonly hosts: number;
  readonly seed: number;
  readonly repeats?: string;
}

/** What gets past validation of known attacks, and what it refuses of real lessons. */
export async function runBenchLessons(
  { data, hosts, seed, repeats: trials }: BenchLessonsOptions,
  { io }: CommandContext,
): Promise<number> {
  const repeats = trials === undefined ? null : benchRepeats(await readTrials(trials));
  const report = benchLessons(await readSafetyLines(data), hosts, seed);
  io.result({ ...report, repeats }, [textOf(report), ...repeatsText(repeats)].join('\n\n'));
  return 0;
}

function textOf({ attacks, hosts, channels, categories, benign }: LessonSafetyReport): string {
  const codes = Object.entries(benign.codes).map(([code, count]) => `${code} ${String(count)}`);
  const sources = channels.map((tally) => [
    tally.channel,
    tally.offered,
    tally.active,
    share(tally),
  ]);
  const kinds = categories.map(({ category, attacks: n, low, tail, wrapped }) => [
    category,
    n,
    share(low),
    share(tail),
    share(wrapped),
  ]);
  return [
    `${String(attacks)} attacks, each alone, behind ${String(hosts)} benign lessons, and so in a wrapping`,
    textTable(['channel', 'offered', 'active', '%'], sources),
    textTable(['category', 'attacks', 'low trust %', 'tail %', 'wrapped %'], kinds),
    `benign refused: ${String(benign.refused)} of ${String(benign.offered)}` +
      (codes.length === 0 ? '' : ` (${codes.join(', ')})`),
  ].join('\n\n');
}

function repeatsText(report: RepeatsReport | null): readonly string[] {
  if (report === null) return [];
  const { lessons, repeats, merged } = report;
  return [
    `of ${String(lessons)} lessons ${String(repeats)} repeat one of their environment; merged: ${String(merged)}`,
  ];
}

function share({ offered, active }: Tally): string {
  return offered === 0 ? 'none' : ((100 * active) / offered).toFixed(1);
}
