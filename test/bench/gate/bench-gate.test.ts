import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, expect, test, vi } from 'vitest';

import { runBenchGate, type GateReport } from '../../../src/bench/gate/bench-gate.js';
import { effectTable } from '../../../src/bench/gate/effect-tables.js';
import { simulation } from '../../../src/bench/gate/simulated.js';
import { nonInferiorityTable } from '../../../src/bench/gate/slice-tables.js';
import type { Table } from '../../../src/bench/gate/table.js';
import type { Io } from '../../../src/cli/io.js';

// Seconds of computing, which a busy machine may stretch.
vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 });

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'ratchet-bench-gate-'));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

interface Bench {
  readonly report: GateReport;
  readonly text: string;
}

const bench = async (seed: number, out: string): Promise<Bench> => {
  const answers: Bench[] = [];
  const io: Io = {
    note: () => undefined,
    result: (document, text) => {
      if (isReport(document)) answers.push({ report: document, text });
    },
    record: () => undefined,
    progress: () => ({ update: () => undefined, end: () => undefined }),
  };
  const options = { seed, share: 0, out };
  await runBenchGate(options, { io, signal: new AbortController().signal, directory });
  const [answer] = answers;
  if (answer === undefined) throw new Error('the bench answered nothing');
  return answer;
};

const isReport = (document: unknown): document is GateReport =>
  typeof document === 'object' && document !== null && 'tables' in document;

/** A measured number by row and column. */
const measured = ({ rows, columns }: Table, row: string, column: string): number =>
  rows.find(({ label }) => label === row)?.cells[columns.indexOf(column)]?.measured ?? Number.NaN;

test('prints every table of sections 3.1 to 3.7 and of two decision records, and curves as SVG that a browser can draw', async () => {
  const { report, text } = await bench(1, 'curves');

  const sections = new Set(report.tables.map(({ id }) => id));
  expect([...sections].sort()).toEqual([
    '3.1',
    '3.2',
    '3.3',
    '3.4',
    '3.5',
    '3.6',
    '3.7',
    'ADR 21',
    'ADR 33',
  ]);
  for (const { columns, rows } of report.tables) {
    expect(rows.every(({ cells }) => cells.length === columns.length)).toBe(true);
  }
  expect(text).toContain('3.1 false promotion and power, e >= 20');
  for (const name of ['false-promotion', 'power', 'detection-delay']) {
    const svg = await readFile(join(directory, 'curves', `${name}.svg`), 'utf8');
    expect(svg).toMatch(/^<svg xmlns="http:\/\/www.w3.org\/2000\/svg" .*role="img"/);
    expect(svg).not.toMatch(/NaN|undefined|Infinity/);
  }
  expect(report.latency.fastestMs).toBeLessThan(20);
});

test('the same seed gives the same numbers, another seed others', () => {
  const [first, second, other] = [1, 1, 2].map((seed) =>
    JSON.stringify(nonInferiorityTable(simulation(seed, 0.02))),
  );

  expect(first).toBe(second);
  expect(first).not.toBe(other);
});

test('shows what peeking costs and the gate does not', () => {
  const table = effectTable(simulation(3, 0.01));
  const row = 'd 0.00, rho 0.5';

  expect(measured(table, row, 'z peeked')).toBeGreaterThan(0.2);
  expect(measured(table, row, 'promoted')).toBeLessThan(0.08);
  expect(measured(table, 'd 0.30, rho 0.5', 'promoted')).toBe(1);
});
