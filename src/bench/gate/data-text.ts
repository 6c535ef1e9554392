import { textTable } from '../../cli/text-table.js';
import type { GateDataReport } from './bench-gate.js';
import type { StreamKindReport } from './stream-report.js';

/** What the gate and the monitor did on recorded outcomes, as tables for people. */
export function dataText({ pairs, streams, redrawnStreams }: GateDataReport): string {
  const covered = pairs.reduce((total, report) => total + report.covered, 0);
  const gates = pairs.reduce((total, report) => total + report.gates, 0);
  const rows = pairs.map((report) => [
    report.class,
    report.pairs,
    report.gates,
    percent(report.promoted, report.gates),
    Object.entries(report.others)
      .map(([reason, count]) => `${reason} ${String(count)}`)
      .join(', '),
  ]);
  return [
    'recorded pairs of configurations, twenty orders of up to 200 items each',
    textTable(['true difference', 'pairs', 'gates', 'promoted', 'else'], rows),
    `the interval held the difference on all items in ${percent(covered, gates)}`,
    '',
    'recorded streams',
    streamTable(streams),
    '',
    'streams drawn anew from the same outcomes',
    streamTable(redrawnStreams),
  ].join('\n');
}

function streamTable(reports: readonly StreamKindReport[]): string {
  const rows = reports.map(({ kind, streams, acted, drift, large }) => [
    kind,
    streams,
    acted,
    drift,
    large.streams,
    large.rolledBack,
    large.scoped,
    large.rightSlice,
    large.medianDelay ?? '',
  ]);
  const heads = [
    'kind',
    'streams',
    'acted',
    'drift',
    'lost 20 or more',
    'rolled back',
    'scoped',
    'right slice',
    'median delay',
  ];
  return textTable(heads, rows);
}

function percent(part: number, whole: number): string {
  return `${((100 * part) / whole).toFixed(1)} %`;
}
