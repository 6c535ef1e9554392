import { existsSync } from 'node:fs';
import { resolve } from 'node:path';

import { beforeAll, describe, expect, test, vi } from 'vitest';

import { readGateData, type GateData, type StreamKind } from '../../../src/bench/gate/gate-data.js';
import { pairReport, type PairClass } from '../../../src/bench/gate/pair-report.js';
import { redrawnStreams, STREAMS_PER_KIND } from '../../../src/bench/gate/redrawn-streams.js';
import { streamReport, type StreamKindReport } from '../../../src/bench/gate/stream-report.js';

// Seconds of computing, which a busy machine may stretch.
vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 });

const DATA = resolve(import.meta.dirname, '../../../../shared/data/gate-outcomes');
const isThere = existsSync(DATA);
const quiet = (): void => undefined;

test.runIf(!isThere)(
  'the recorded outcomes were not at ../shared/data: nothing was compared with them',
  () => {
    expect(existsSync(DATA)).toBe(false);
  },
);

describe.runIf(isThere)('on outcomes of real configurations', () => {
  let data: GateData;
  beforeAll(async () => {
    data = await readGateData(DATA);
  });

  describe('the gate, in twenty orders of up to 200 items a pair,', () => {
    let reports: ReturnType<typeof pairReport>;
    beforeAll(() => {
      reports = pairReport(data, 1, quiet);
    });
    const promotedIn = (...classes: readonly PairClass[]): number => {
      const chosen = reports.filter((report) => classes.includes(report.class));
      const sum = (of: (report: (typeof chosen)[number]) => number): number =>
        chosen.reduce((total, report) => total + of(report), 0);
      expect(sum(({ gates }) => gates)).toBeGreaterThan(0);
      return sum(({ promoted }) => promoted) / sum(({ gates }) => gates);
    };

    test('promotes at most 2 % of what lost and of what changed nothing', () => {
      expect(promotedIn('regressed')).toBeLessThanOrEqual(0.02);
      expect(promotedIn('null')).toBeLessThanOrEqual(0.02);
    });

    test('promotes 95 % of what gained 20 points, and 75 % of what gained 10', () => {
      expect(promotedIn('improved by 20 or more')).toBeGreaterThanOrEqual(0.95);
      expect(promotedIn('improved by 10 to 20')).toBeGreaterThanOrEqual(0.75);
    });

    test('reports an interval that holds the difference on all items in 95 % of gates', () => {
      const covered = reports.reduce((total, report) => total + report.covered, 0);
      const gates = reports.reduce((total, report) => total + report.gates, 0);

      expect(covered / gates).toBeGreaterThanOrEqual(0.95);
    });

    test('says of 25 items that they are too few, or that it is futile', () => {
      const [nothing] = reports.filter((report) => report.class === 'null');

      const others = Object.keys(nothing?.others ?? {}).sort();
      expect(others).toEqual(['inconclusive: budget', 'reject: futile']);
    });
  });

  const ofKind = (reports: readonly StreamKindReport[], kind: StreamKind): StreamKindReport => {
    const report = reports.find((entry) => entry.kind === kind);
    if (report === undefined) throw new Error(`no stream of kind ${kind}`);
    return report;
  };

  test('the monitor acts rightly on the recorded streams', () => {
    const reports = streamReport(data.streams, quiet);

    expect(ofKind(reports, 'null').acted).toBe(0);
    expect(ofKind(reports, 'improvement').acted).toBe(0);
    // One of eight, as published; the share is judged on four hundred streams below.
    expect(ofKind(reports, 'mix_shift').acted).toBeLessThanOrEqual(1);
    const regression = ofKind(reports, 'regression').large;
    expect(regression.rolledBack).toBe(regression.streams);
    expect(regression.medianDelay).toBeLessThanOrEqual(20);
    const slice = ofKind(reports, 'slice_regression').large;
    expect(slice.rightSlice).toBe(slice.streams);
  });

  test('and on 400 streams of each kind drawn anew from the same outcomes', () => {
    const reports = streamReport(redrawnStreams(data, 1), quiet);
    const share = (kind: StreamKind): number => ofKind(reports, kind).acted / STREAMS_PER_KIND;

    expect(share('null')).toBeLessThanOrEqual(0.05);
    expect(share('improvement')).toBeLessThanOrEqual(0.05);
    expect(share('mix_shift')).toBeLessThanOrEqual(0.05);
    const regression = ofKind(reports, 'regression').large;
    expect(regression.rolledBack / regression.streams).toBeGreaterThanOrEqual(0.95);
    expect(regression.medianDelay).toBeLessThanOrEqual(20);
    const slice = ofKind(reports, 'slice_regression').large;
    expect(slice.rightSlice / slice.streams).toBeGreaterThanOrEqual(0.75);
  });
});

test('says what was expected where the directory holds no recordings', async () => {
  await expect(readGateData('/nowhere')).rejects.toThrow(
    'outcomes.jsonl: found no such file, expected the directory of recorded gate outcomes, given by --data DIR',
  );
});
