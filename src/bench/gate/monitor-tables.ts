import { addCanaryOutcome, emptyCanary } from '../../domain/gate/canary.js';
import { defaultDiagnosisPolicy } from '../../domain/gate/diagnosis.js';
import type { DetectorKind } from '../../domain/gate/detector.js';
import { runDetector, runDiagnosis, type Draw } from '../../domain/gate/simulation.js';
import { median, percentile } from '../durations.js';
import { mean, repeated, shareOf, type Simulation } from './simulated.js';
import { cell, type Table } from './table.js';

const LOSSES = [0.1, 0.2, 0.3] as const;

/** Outcome after which the change comes, where one does. */
export const CHANGE_AFTER = 200;

interface Detecting {
  readonly label: string;
  readonly kind: DetectorKind;
  /** Success before the change. */
  readonly success: number;
  readonly threshold: number;
  readonly slack: number;
  /** ARL, P(false <= 200), then mean, median and 90th percentile of the delay for 10, 20, 30 points. */
  readonly published: readonly (number | undefined)[];
}

const NONE = undefined;
const DETECTORS: readonly Detecting[] = [
  detecting('shiryaev-roberts', 0.7, 500, 0, [641, 0.211, 85, 69, 175, 33, 28, 65, 18, 16, 32]),
  detecting('shiryaev-roberts', 0.7, 1000, 0, [1311, 0.102, 113, 95, 223, 41, 36, 77, 23, 20, 40]),
  detecting('shiryaev-roberts', 0.7, 2000, 0, [2805, 0.053, 146, 127, 282, 50, 43, 92, 26, 23, 45]),
  detecting('shiryaev-roberts', 0.5, 1000, 0, [1161, 0.113, 112, 92, 221, 42, 37, 75, 22, 20, 37]),
  detecting('shiryaev-roberts', 0.9, 1000, 0, [1717, 0.092, 75, 63, 149, 28, 24, 53, 16, 13, 29]),
  detecting(
    'shiryaev-roberts',
    0.7,
    1000,
    0.03,
    [4054, 0.035, 189, 156, 377, 57, 50, 104, 28, 25, 49],
  ),
  detecting('cusum', 0.7, 500, 0, [3479, 0.062, 206, NONE, NONE, 60, NONE, NONE, 29]),
  detecting('cusum', 0.7, 1000, 0, [7439, 0.022, 259, NONE, NONE, 70, NONE, NONE, 34]),
  detecting('cusum', 0.7, 2000, 0, [11_299, 0.008, 300, NONE, NONE, 78, NONE, NONE, 37]),
];

function detecting(
  kind: DetectorKind,
  success: number,
  threshold: number,
  slack: number,
  published: readonly (number | undefined)[],
): Detecting {
  const name = kind === 'cusum' ? 'CUSUM' : 'SR';
  const slackText = slack === 0 ? '' : `, slack ${String(slack)}`;
  const label = `p ${String(success)}, ${name} ${String(threshold)}${slackText}`;
  return { label, kind, success, threshold, slack, published };
}

/** 3.5: the e-detectors, their reference known exactly. */
export function detectorTable({ runs, draw, tick }: Simulation): Table {
  const rows = DETECTORS.map((detector) => {
    const { label, success, slack, published } = detector;
    const draws = draw(`detector ${label}`);
    const alarm = (limit: number, lossAfter: number, loss: number): number =>
      runDetector(draws, {
        ...detector,
        f0: 1 - success + slack,
        limit,
        failureRate: (t) => 1 - success + (t > lossAfter ? loss : 0),
      });
    const arl = mean(repeated(runs(2_000), () => alarm(20_000, Infinity, 0)));
    const early = repeated(runs(4_000), () => alarm(CHANGE_AFTER + 1, Infinity, 0));
    const delays = LOSSES.flatMap((loss) => {
      const found = delaysOf(runs(4_000), () => alarm(5_000, CHANGE_AFTER, loss));
      return [mean(found), median(found), percentile(found, 0.9)];
    });
    tick(`3.5 ${label}`);
    const values = [arl, shareOf(early, (t) => t <= CHANGE_AFTER), ...delays];
    return { label, cells: values.map((value, at) => cell(value, published[at])) };
  });
  const columns = [
    'ARL',
    'P(false <= 200)',
    ...LOSSES.flatMap((loss) => {
      const points = String(Math.round(100 * loss));
      return [`-${points} mean`, `-${points} median`, `-${points} p90`];
    }),
  ];
  const title = 'e-detectors, change at outcome 201, ARL censored at 20,000';
  return { id: '3.5', title, runs: runs(4_000), columns, rows };
}

/** Delays of the runs that did not alarm before the change. */
function delaysOf(runs: number, alarm: () => number): readonly number[] {
  const delays: number[] = [];
  while (delays.length < runs) {
    const at = alarm();
    if (at > CHANGE_AFTER) delays.push(at - CHANGE_AFTER);
  }
  return delays;
}

/** 3.5: the reference estimated, A = 2000, the change there from the start. */
export function estimatedReferenceTable({ runs, draw, tick }: Simulation): Table {
  const cases: readonly (readonly [number, number, readonly number[]])[] = [
    [300, 0.03, [0.025, 0.15, 0.43, 0.957, 1]],
    [300, 0, [0.072, 0.382, 0.65, 0.99, 1]],
    [100, 0.03, [0.054, 0.23, 0.44, 0.91, 1]],
    [1000, 0.03, [0.02, 0.102, 0.41, 0.97, 1]],
  ];
  const rows = cases.map(([reference, slack, published]) => {
    const label = `${String(reference)} outcomes, slack ${String(slack)}`;
    const draws = draw(`estimated ${label}`);
    const alarms = (limit: number, loss: number): readonly number[] =>
      repeated(runs(2_000), () => estimatedAlarm(draws, reference, slack, limit, loss));
    const quiet = alarms(1_001, 0);
    const values = [
      shareOf(quiet, (t) => t <= 200),
      shareOf(quiet, (t) => t <= 1_000),
      ...LOSSES.map((loss) => shareOf(alarms(201, loss), (t) => t <= 200)),
    ];
    tick(`3.5 ${label}`);
    return { label, cells: values.map((value, at) => cell(value, published[at])) };
  });
  const columns = ['false <= 200', 'false <= 1000', '-10 by 200', '-20 by 200', '-30 by 200'];
  const title = 'the reference estimated, p .7, A 2000';
  return { id: '3.5', title, runs: runs(2_000), columns, rows };
}

function estimatedAlarm(
  draw: Draw,
  reference: number,
  slack: number,
  limit: number,
  loss: number,
): number {
  const failures = repeated(reference, () => draw()).filter((u) => u < 0.3).length;
  return runDetector(draw, {
    kind: 'shiryaev-roberts',
    f0: failures / reference + slack,
    threshold: 2_000,
    limit,
    failureRate: () => 0.3 + loss,
  });
}

/** 3.6: a canary of 10 %, each outcome against the mean of nine controls. */
export function canaryTable({ runs, draw, tick }: Simulation): Table {
  const looks = [50, 100, 200] as const;
  const cases: readonly (readonly [number, readonly number[]])[] = [
    [0, [0.01, 0.018, 0.027]],
    [-0.1, [0.16, 0.37, 0.66]],
    [-0.2, [0.63, 0.94, 1]],
    [-0.3, [0.95, 1, 1]],
  ];
  const rows = cases.map(([d, published]) => {
    const label = `d ${d.toFixed(2)}`;
    const draws = draw(`canary ${label}`);
    const alarms = repeated(runs(2_000), () => canaryAlarm(draws, 0.7 + d));
    tick(`3.6 canary ${label}`);
    const cells = looks.map((look, at) =>
      cell(
        shareOf(alarms, (n) => n <= look),
        published[at],
      ),
    );
    return { label, cells };
  });
  const columns = looks.map((look) => `alarm by ${String(look)}`);
  const title = 'a canary of 10 %, p .7, e >= 20';
  return { id: '3.6', title, runs: runs(2_000), columns, rows };
}

function canaryAlarm(draw: Draw, success: number): number {
  let state = emptyCanary([]);
  for (let canary = 1; canary <= 200; canary += 1) {
    for (let control = 0; control < 9; control += 1) {
      const outcome = { arm: 'control', success: draw() < 0.7 ? 1 : 0, slices: {} } as const;
      state = addCanaryOutcome(state, outcome);
    }
    const outcome = { arm: 'canary', success: draw() < success ? 1 : 0, slices: {} } as const;
    state = addCanaryOutcome(state, outcome);
    if (state.alarm !== undefined) return canary;
  }
  return Infinity;
}

/** 3.6: drift or regression, by paired replay. */
export function diagnosisTable({ runs, draw, tick }: Simulation): Table {
  const cases: readonly (readonly [number, number, readonly number[]])[] = [
    [200, 0, [0.045, 0.952, 0.004, 54]],
    [200, -0.05, [0.25, 0.68, 0.08, 88]],
    [200, -0.1, [0.63, 0.25, 0.12, 94]],
    [200, -0.15, [0.9, 0.06, 0.04, 70]],
    [200, -0.2, [0.979, 0.019, 0.002, 47]],
    [200, -0.3, [0.998, 0.002, 0, 26]],
    [120, 0, [0.048, 0.883, 0.069]],
    [120, -0.1, [0.48, 0.2, 0.33]],
    [120, -0.2, [0.94, 0.02, 0.05]],
  ];
  const rows = cases.map(([maxPairs, d, published]) => {
    const label = `up to ${String(maxPairs)} pairs, d ${d.toFixed(2)}`;
    const draws = draw(`diagnosis ${label}`);
    const policy = { ...defaultDiagnosisPolicy, maxPairs };
    const ran = repeated(runs(3_000), () => runDiagnosis(draws, { p: 0.7, d, rho: 0.5 }, policy));
    tick(`3.6 diagnosis ${label}`);
    const values = [
      ...(['regression', 'drift', 'unresolved'] as const).map((kind) =>
        shareOf(ran, ({ diagnosis }) => diagnosis === kind),
      ),
      mean(ran.map(({ pairs }) => pairs)),
    ];
    return { label, cells: values.map((value, at) => cell(value, published[at])) };
  });
  const columns = ['regression', 'drift', 'unresolved', 'pairs'];
  const title = 'diagnosis by paired replay, p .7, rho .5';
  return { id: '3.6', title, runs: runs(3_000), columns, rows };
}
