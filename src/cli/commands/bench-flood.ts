import { benchFlood, type FloodOptions } from '../../bench/flood/bench-flood.js';
import type { FloodReport } from '../../bench/flood/report.js';
import type { CommandContext } from '../command.js';
import { withQuietTemporal } from '../temporal-logs.js';

export type BenchFloodOptions = Pick<FloodOptions, 'episodes' | 'causes' | 'atOnce'>;

/** Floods the learner of an agent with failures of few causes, and says what became of them. */
export function runBenchFlood(
  options: BenchFloodOptions,
  { config, io, signal }: CommandContext,
): Promise<number> {
  return withQuietTemporal(config, async () => {
    const report = await benchFlood({ ...options, config, io, signal });
    io.result(report, textOf(report));
    return 0;
  });
}

function textOf({ proposals, learner, seconds, ...report }: FloodReport): string {
  const list = (counts: Readonly<Record<string, number>>): string =>
    Object.entries(counts)
      .map(([name, count]) => `${String(count)} ${name}`)
      .join(', ');
  return [
    `${String(report.episodes)} failing episodes of ${String(report.causes)} causes`,
    `${String(report.candidates)} candidates with ${String(report.lessons)} lessons`,
    `${String(proposals.stored)} proposals stored: ${list(proposals.places)}; ${String(proposals.refused)} refused, ${String(proposals.waiting)} wait`,
    `${String(report.lost)} lost; reflections: ${list(report.reflections)}`,
    `learner: ${String(learner.runs)} runs, ${String(learner.continuedAsNew)} continued as new; the longest history has ${String(learner.longestEvents)} events, ${String(learner.longestBytes)} bytes`,
    `${String(seconds.record)} s to record, ${String(seconds.flood)} s until the last reflection had ended`,
  ].join('\n');
}
