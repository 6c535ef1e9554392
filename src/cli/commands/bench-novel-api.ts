import { writeFile } from 'node:fs/promises';

import { benchNovelApi } from '../../bench/novel-api/bench-novel-api.js';
import type { NovelApiReport } from '../../bench/novel-api/report.js';
import type { CommandContext } from '../command.js';
import { quietTemporal } from '../temporal-logs.js';
import { textTable } from '../text-table.js';

export interface BenchNovelApiOptions {
  readonly seed: number;
  readonly tasks: number;
  readonly out?: string;
}

/** Lets an agent learn an API it has never seen, and says how long that took. */
export async function runBenchNovelApi(
  { out, ...options }: BenchNovelApiOptions,
  { config, io, signal }: CommandContext,
): Promise<number> {
  quietTemporal(config);
  const report = await benchNovelApi({ ...options, config, progress: io.note, signal });
  if (out !== undefined) await writeFile(out, `${JSON.stringify(report)}\n`);
  io.result(report, reportText(report));
  return 0;
}

function reportText(report: NovelApiReport): string {
  const { stages, examplesToLearn, withinOneTask, promotions, notes, entries } = report;
  const arms = stages.flatMap(({ stage, n, frozen, learning }) =>
    (
      [
        ['frozen', frozen],
        ['learning', learning],
      ] as const
    ).map(([arm, { successes, firstTry, calls, refused, modelCalls }]) => [
      stage,
      arm,
      n,
      successes,
      firstTry,
      calls,
      refused,
      modelCalls,
    ]),
  );
  const heads = ['stage', 'arm', 'tasks', 'right', 'first try', 'calls', 'refused', 'model calls'];
  const learned = Object.entries(examplesToLearn).map(
    ([kind, count]) => `${kind} ${count === null ? 'never' : String(count)}`,
  );
  const { refused, refusedAndRight, noted } = withinOneTask;
  return [
    report.model === 'simulated'
      ? 'Simulated model: it reads documents, errors and notes, and knows nothing else.'
      : 'A real model.',
    textTable(heads, arms),
    'calls, refused and model calls are means of a task; first try: right without a refused call',
    `within one task: ${String(refused)} frozen runs were refused a call, ${String(noted)} of them took notes, ${String(refusedAndRight)} ended right`,
    `N_tool, tasks until learning was shown to help: ${learned.join(', ')}`,
    ...promotions.map(
      ({ candidate, lessons, pairs, canaryAfter, promotedAfter }) =>
        `${candidate}: ${String(lessons)} notes after ${String(pairs)} pairs; a share after ${timeOf(canaryAfter)}, all after ${timeOf(promotedAfter)} tasks`,
    ),
    ...notes.map(({ text, tasks }) => `- ${text} (${String(tasks)} tasks)`),
    `the API keeps ${String(entries.kept)} entries, live tasks sent ${String(entries.sentLive)}; ${String(report.wallSeconds)} s`,
  ].join('\n');
}

function timeOf(tasks: number | null): string {
  return tasks === null ? '-' : String(tasks);
}
