import { countOf } from '../numbers.js';
import type { DemoReport } from './report.js';

/** The report as people read it at the end of the story. */
export function demoTable(report: DemoReport): string {
  const rows = report.phases.map(({ name, frozen, learning }) => [
    name,
    share(frozen),
    share(learning),
  ]);
  const lines = [
    '',
    ...aligned([['phase', 'frozen', 'learning'], ...rows]),
    '',
    `model: ${report.model}; tasks until learning was shown to help: ${report.examplesToLearn === null ? 'never' : String(report.examplesToLearn)}`,
    ...report.verdicts.map(
      ({ candidate, verdict, reason, pairs, logE }) =>
        `${candidate}: ${verdict} (${reason}) after ${String(pairs)} pairs, ln E ${logE.toFixed(2)}`,
    ),
    ...report.promotions.map(
      ({ candidate, lessons }) => `${candidate}: promoted, ${countOf(lessons, 'lesson')}`,
    ),
    ...report.rollbacks.map(
      ({ candidate, automatic, stage, tasksToAlarm }) =>
        `${candidate}: rolled back ${automatic ? 'by itself' : 'by a person'} in ${stage}, ${String(tasksToAlarm)} tasks after it began`,
    ),
    ...report.diagnoses.map(({ candidate, conclusion }) => `${candidate}: diagnosed ${conclusion}`),
    `poisonous feedback: ${String(report.poisoned.offered)} offered, ${String(report.poisoned.active)} active`,
    `dashboard ${report.links.dashboard ?? '-'}, Temporal UI ${report.links.temporal ?? '-'}, ${String(report.wallSeconds)} s`,
  ];
  return lines.join('\n');
}

function share({ n, success }: { readonly n: number; readonly success: number }): string {
  const percent = n === 0 ? '-' : `${String(Math.round((100 * success) / n))} %`;
  return `${String(success)}/${String(n)} ${percent}`;
}

function aligned(rows: readonly (readonly string[])[]): readonly string[] {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0)),
  );
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('   ')
      .trimEnd(),
  );
}
