import { runDetector, type Draw } from '../../domain/gate/simulation.js';
import { crossingsOf } from './effect-tables.js';
import { CHANGE_AFTER } from './monitor-tables.js';
import { repeated, shareOf, type Simulation } from './simulated.js';
import type { Chart, Line } from './svg-chart.js';

/** A curve by the name of its file. */
export interface Curve {
  readonly name: string;
  readonly chart: Chart;
}

const MAX_PAIRS = 400;
const FIRST_LOOK = 20;
const LONGEST_DELAY = 200;

const percent = (value: number): string => `${String(Math.round(100 * value))} %`;

export function curves(simulated: Simulation): readonly Curve[] {
  return [falsePromotion(simulated), power(simulated), detectionDelay(simulated)];
}

/** How many useless candidates have been promoted when one has looked after every pair up to here. */
function falsePromotion({ runs, draw, tick }: Simulation): Curve {
  const draws = draw('curve false promotion');
  const count = runs(10_000);
  const ran = repeated(count, () => crossingsOf(draws, { p: 0.5, d: 0, rho: 0.5 }));
  tick('curve: false promotion');
  const line = (
    label: string,
    colour: number,
    of: (run: (typeof ran)[number]) => number,
  ): Line => ({
    label,
    colour,
    points: sharesBy(ran.map(of), FIRST_LOOK, MAX_PAIRS),
  });
  return {
    name: 'false-promotion',
    chart: {
      title: 'Looking after every pair, at a candidate that changes nothing',
      subtitle: `share promoted so far; ${String(count)} seeded runs, success .5, rho .5`,
      x: pairsAxis,
      y: sharesAxis('promoted', 0.35, [0, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35]),
      level: { at: 0.05, label: 'the level asked for, 5 %' },
      lines: [
        line('z-test', 1, ({ zTest }) => zTest),
        line('exact McNemar test', 3, ({ exactTest }) => exactTest),
        line('the gate, e ≥ 20', 0, ({ ours }) => ours),
        { ...line('the gate, e ≥ 200', 0, ({ strict }) => strict), isDashed: true },
      ],
    },
  };
}

/** How many good candidates have been promoted by how many pairs. */
function power({ runs, draw, tick }: Simulation): Curve {
  const count = runs(3_000);
  const lines = [0.3, 0.2, 0.15, 0.1, 0.05].flatMap((d, colour): readonly Line[] => {
    const draws = draw(`curve power ${String(d)}`);
    const ran = repeated(count, () => crossingsOf(draws, { p: 0.5, d, rho: 0.5 }));
    tick(`curve: power at ${String(d)}`);
    const label = `+${String(Math.round(100 * d))} points`;
    const strict = ran.map((run) => run.strict);
    const ours = ran.map((run) => run.ours);
    return [
      { label, colour, points: sharesBy(ours, FIRST_LOOK, MAX_PAIRS) },
      {
        label: `${label}, e ≥ 200`,
        colour,
        isDashed: true,
        points: sharesBy(strict, FIRST_LOOK, MAX_PAIRS),
      },
    ];
  });
  return {
    name: 'power',
    chart: {
      title: 'Pairs that a better candidate needs',
      subtitle: `share promoted so far, full lines e ≥ 20; ${String(count)} seeded runs each, rho .5`,
      x: pairsAxis,
      y: sharesAxis('promoted', 1, [0, 0.2, 0.4, 0.6, 0.8, 1]),
      lines,
    },
  };
}

/** How many losses have been found how long after they began. */
function detectionDelay({ runs, draw, tick }: Simulation): Curve {
  const count = runs(3_000);
  const lines = [0.3, 0.2, 0.1, 0].map((loss, colour): Line => {
    const draws = draw(`curve delay ${String(loss)}`);
    const delays = repeated(count, () => delayOf(draws, loss));
    tick(`curve: delay at -${String(loss)}`);
    const label = loss === 0 ? 'no change: false' : `-${String(Math.round(100 * loss))} points`;
    return { label, colour, points: sharesBy(delays, 0, LONGEST_DELAY) };
  });
  return {
    name: 'detection-delay',
    chart: {
      title: 'Outcomes until a loss is found',
      subtitle: `share of alarms so far; ${String(count)} seeded streams each, success .7, Shiryaev-Roberts, A 2000`,
      x: {
        label: 'outcomes since the change',
        from: 0,
        to: LONGEST_DELAY,
        ticks: [0, 50, 100, 150, 200],
        format: String,
      },
      y: sharesAxis('alarmed', 1, [0, 0.2, 0.4, 0.6, 0.8, 1]),
      lines,
    },
  };
}

/** Outcomes from the change to the alarm, among streams without an alarm before it. */
function delayOf(draw: Draw, loss: number): number {
  for (;;) {
    const at = runDetector(draw, {
      kind: 'shiryaev-roberts',
      f0: 0.3,
      threshold: 2_000,
      limit: CHANGE_AFTER + LONGEST_DELAY + 1,
      failureRate: (t) => 0.3 + (t > CHANGE_AFTER ? loss : 0),
    });
    if (at > CHANGE_AFTER) return at - CHANGE_AFTER;
  }
}

/** The share of values at most x, at every fifth x. */
function sharesBy(
  values: readonly number[],
  from: number,
  to: number,
): readonly (readonly [number, number])[] {
  const step = 5;
  return Array.from({ length: (to - from) / step + 1 }, (_, at) => {
    const x = from + at * step;
    return [x, shareOf(values, (value) => value <= x)] as const;
  });
}

const pairsAxis = {
  label: 'pairs looked at',
  from: 0,
  to: MAX_PAIRS,
  ticks: [0, 100, 200, 300, 400],
  format: String,
};

function sharesAxis(label: string, to: number, ticks: readonly number[]): Chart['y'] {
  return { label, from: 0, to, ticks, format: percent };
}
