import { writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';

import type { CommandContext } from '../../cli/command.js';
import { EXIT } from '../../cli/exit-codes.js';
import { assertWritableDirectory } from '../../cli/output-file.js';
import { categoryTable } from './category-table.js';
import { curves, type Curve } from './curves.js';
import { dataText } from './data-text.js';
import { coverageTable, effectTable, sparseTable, thresholdTable } from './effect-tables.js';
import { readGateData } from './gate-data.js';
import { latencyReport, type LatencyReport } from './latency.js';
import { lifeTable } from './life-table.js';
import { criticalTable, severeTable } from './live-watch-tables.js';
import {
  canaryTable,
  detectorTable,
  diagnosisTable,
  estimatedReferenceTable,
} from './monitor-tables.js';
import { pairReport, type PairClassReport } from './pair-report.js';
import { perturbationTable, perturbedPowerTable } from './perturbation-tables.js';
import { redrawnStreams } from './redrawn-streams.js';
import { simulation, type Simulation } from './simulated.js';
import {
  harmGuardAloneTable,
  harmTable,
  nonInferiorityTable,
  slicedGateTable,
} from './slice-tables.js';
import { streamReport, type StreamKindReport } from './stream-report.js';
import { chartSvg } from './svg-chart.js';
import { tableText, type Table } from './table.js';

export interface BenchGateOptions {
  readonly seed: number;
  /** A twentieth of the published runs. */
  readonly quick?: boolean;
  /** Another part of them. */
  readonly share?: number;
  /** Where the curves are written. */
  readonly out?: string;
  /** Recorded outcomes of real configurations. */
  readonly data?: string;
}

export interface GateDataReport {
  readonly pairs: readonly PairClassReport[];
  readonly streams: readonly StreamKindReport[];
  /** 400 streams a kind, drawn anew from the same outcomes. */
  readonly redrawnStreams: readonly StreamKindReport[];
}

/** One JSON document: tables with what is published beside what was measured, curves as points. */
export interface GateReport {
  readonly seed: number;
  /** Part of the published number of runs. */
  readonly share: number;
  readonly latency: LatencyReport;
  readonly tables: readonly Table[];
  readonly curves: readonly {
    readonly name: string;
    readonly file: string | null;
    readonly lines: Curve['chart']['lines'];
  }[];
  readonly data: GateDataReport | null;
}

const TABLES: readonly ((simulated: Simulation) => Table)[] = [
  effectTable,
  coverageTable,
  sparseTable,
  thresholdTable,
  lifeTable,
  nonInferiorityTable,
  harmTable,
  slicedGateTable,
  harmGuardAloneTable,
  detectorTable,
  estimatedReferenceTable,
  canaryTable,
  diagnosisTable,
  categoryTable,
  perturbationTable,
  perturbedPowerTable,
  criticalTable,
  severeTable,
];

const QUICK = 0.05;

/** Simulates the gate as it is published, draws its curves, and tries it on recorded outcomes. */
export async function runBenchGate(
  options: BenchGateOptions,
  { io, signal, directory }: Pick<CommandContext, 'io' | 'signal' | 'directory'>,
): Promise<number> {
  const out = options.out === undefined ? null : resolve(directory, options.out);
  if (out !== null) await assertWritableDirectory('--out', out);
  const share = options.share ?? (options.quick === true ? QUICK : 1);
  const latency = latencyReport();
  const data = options.data === undefined ? null : await dataReport(options.data, options, io.note);
  const simulated = simulation(options.seed, share, (label) => io.note(label));
  const tables: Table[] = [];
  for (const table of TABLES) {
    await aMoment(signal);
    tables.push(table(simulated));
  }
  await aMoment(signal);
  const drawn = curves(simulated);
  const files = out === null ? [] : await writeCurves(out, drawn);
  const report: GateReport = {
    seed: options.seed,
    share,
    latency,
    tables,
    curves: drawn.map(({ name, chart }, at) => ({
      name,
      file: files[at] ?? null,
      lines: chart.lines,
    })),
    data,
  };
  io.result(report, textOf(report));
  return EXIT.ok;
}

async function dataReport(
  directory: string,
  { seed }: BenchGateOptions,
  note: (line: string) => void,
): Promise<GateDataReport> {
  const data = await readGateData(directory);
  const everyHundred = (done: number): void => {
    if (done % 100 === 0) note(`streams: ${String(done)}`);
  };
  return {
    pairs: pairReport(data, seed, (done, total) => {
      if (done % 25 === 0) note(`recorded pairs: ${String(done)} of ${String(total)}`);
    }),
    streams: streamReport(data.streams, everyHundred),
    redrawnStreams: streamReport(redrawnStreams(data, seed), everyHundred),
  };
}

/** Lets a signal in: simulating is one long computation. */
async function aMoment(signal: AbortSignal): Promise<void> {
  await new Promise((ready) => {
    setImmediate(ready);
  });
  signal.throwIfAborted();
}

async function writeCurves(directory: string, drawn: readonly Curve[]): Promise<readonly string[]> {
  return Promise.all(
    drawn.map(async ({ name, chart }) => {
      const file = join(directory, `${name}.svg`);
      await writeFile(file, chartSvg(chart));
      return file;
    }),
  );
}

function textOf({ latency, tables, curves: drawn, data }: GateReport): string {
  const files = drawn.flatMap(({ file }) => (file === null ? [] : [file]));
  return [
    'measured (published)',
    ...tables.map(tableText),
    `a decision on ${String(latency.pairs)} pairs and ${String(latency.slices)} slices: ` +
      `median ${String(latency.medianMs)} ms, fastest ${String(latency.fastestMs)} ms of ${String(latency.decisions)}; ` +
      `of graded outcomes ${String(latency.gradedMedianMs)} and ${String(latency.gradedFastestMs)} ms`,
    ...(data === null ? [] : [dataText(data)]),
    ...(files.length === 0 ? [] : [`curves: ${files.join(', ')}`]),
  ].join('\n\n');
}
