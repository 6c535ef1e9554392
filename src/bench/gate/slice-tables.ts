import { addHarm, addSuperiority, emptyEProcess, hasReached } from '../../domain/gate/eprocess.js';
import { gatePolicy, type GatePolicy } from '../../domain/gate/gate-policy.js';
import { drawDifference, runSlicedGate, type Draw } from '../../domain/gate/simulation.js';
import { mean, repeated, shareOf, type Simulation } from './simulated.js';
import { cell, type Table } from './table.js';

const MODEL = { p: 0.5, rho: 0.5 };
const SHARES = [0.4, 0.3, 0.2, 0.1] as const;
const NI_LOOKS = [30, 60, 100, 200] as const;

/** Margin, true difference of the slice, then shown non-inferior by 30, 60, 100, 200 pairs. */
const NON_INFERIOR: readonly (readonly [number, number, readonly (number | undefined)[]])[] = [
  [0.15, 0.2, [0.88, 0.99, 1, 1]],
  [0.15, 0.1, [0.62, 0.9, 0.99, 1]],
  [0.15, 0, [0.31, 0.56, 0.77, 0.96]],
  [0.15, -0.05, [0.17, 0.3, 0.43, 0.66]],
  [0.15, -0.15, [0.041, 0.053, 0.061, 0.069]],
  [0.15, -0.2, [0.017, 0.019, 0.02, 0.02]],
  [0.15, -0.3, [undefined, undefined, undefined, 0.001]],
  [0.1, 0.1, [0.45, 0.75, 0.93, 1]],
  [0.1, 0, [0.15, 0.3, 0.45, 0.71]],
  [0.1, -0.1, [0.03, 0.043, 0.054, 0.064]],
];

/** 3.4: how soon a slice shows non-inferiority at level .10. */
export function nonInferiorityTable({ runs, draw, tick }: Simulation): Table {
  const rows = NON_INFERIOR.map(([margin, d, published]) => {
    const label = `margin ${String(margin)}, d ${d.toFixed(2)}`;
    const draws = draw(`non-inferior ${label}`);
    const crossed = repeated(runs(3_000), () =>
      crossing(draws, d, 200, 10, 1, (state, difference) =>
        addSuperiority(state, difference, -margin),
      ),
    );
    tick(`3.4 ${label}`);
    const cells = NI_LOOKS.map((look, at) =>
      cell(
        shareOf(crossed, (n) => n <= look),
        published[at],
      ),
    );
    return { label, cells };
  });
  const columns = NI_LOOKS.map((look) => `by ${String(look)}`);
  const title = 'a slice shows non-inferiority, e >= 10';
  return { id: '3.4', title, runs: runs(3_000), columns, rows };
}

const HARM_LOOKS = [20, 40, 60, 100, 200] as const;
const HARM: readonly (readonly [number, readonly number[]])[] = [
  [0, [0, 0.004, 0.008, 0.01, 0.013]],
  [-0.1, [0.01, 0.05, 0.1, 0.19, 0.42]],
  [-0.2, [0.06, 0.28, 0.48, 0.76, 0.98]],
  [-0.3, [0.22, 0.66, 0.88, 0.99, 1]],
  [-0.4, [0.49, 0.94, 1, 1, 1]],
];

/** 3.4: how soon the harm guard of one of four slices fires, e >= 40. */
export function harmTable({ runs, draw, tick }: Simulation): Table {
  const rows = HARM.map(([d, published]) => {
    const label = `d ${d.toFixed(2)}`;
    const draws = draw(`harm ${label}`);
    const crossed = repeated(runs(3_000), () =>
      crossing(draws, d, 200, 40, 10, (state, difference) => addHarm(state, difference, 0)),
    );
    tick(`3.4 harm ${label}`);
    const cells = HARM_LOOKS.map((look, at) =>
      cell(
        shareOf(crossed, (n) => n <= look),
        published[at],
      ),
    );
    return { label, cells };
  });
  const columns = HARM_LOOKS.map((look) => `by ${String(look)}`);
  return { id: '3.4', title: 'the harm guard fires, e >= 40', runs: runs(3_000), columns, rows };
}

function crossing(
  draw: Draw,
  d: number,
  limit: number,
  threshold: number,
  minPairs: number,
  add: (state: ReturnType<typeof emptyEProcess>, difference: number) => typeof state,
): number {
  let state = emptyEProcess();
  for (let pairs = 1; pairs <= limit; pairs += 1) {
    state = add(state, drawDifference(draw, { ...MODEL, d }));
    if (pairs >= minPairs && hasReached(state, threshold)) return pairs;
  }
  return Infinity;
}

/** Effects of the slices of 40, 30, 20 and 10 %, then promoted and pairs at e >= 20 and at e >= 200. */
const GATES: readonly (readonly [readonly number[], readonly number[]])[] = [
  [
    [0, 0, 0, 0],
    [0.017, 136, 0.003, 151],
  ],
  [
    [0.1, 0.1, 0.1, 0.1],
    [0.808, 208, 0.612, 285],
  ],
  [
    [0.15, 0.15, 0.15, 0.15],
    [0.983, 122, 0.967, 177],
  ],
  [
    [0.2, 0.2, 0.2, 0.2],
    [0.997, 87, 0.997, 116],
  ],
  [
    [0.3, 0.3, 0.3, 0.3],
    [1, 54, 1, 64],
  ],
  [
    [0.2, 0.2, 0.2, 0],
    [0.795, 130, 0.765, 169],
  ],
  [
    [0.2, 0.2, 0.2, -0.2],
    [0.017, 149, 0.013, 198],
  ],
  [
    [0.2, 0.2, -0.2, 0.2],
    [0.011, 167, 0.008, 214],
  ],
  [
    [0.2, 0.2, 0.2, -0.3],
    [0.003, 132, 0.001, 176],
  ],
];

/** 3.4: the whole gate over four slices. */
export function slicedGateTable(simulated: Simulation): Table {
  const rows = GATES.map(([effects, published]) => {
    const label = effects
      .map((effect) => `${effect > 0 ? '+' : ''}${String(Math.round(100 * effect))}`)
      .join(' ');
    const values = [0.05, 0.005].flatMap((alpha) =>
      gateRuns(simulated, effects, gatePolicy({ alpha })),
    );
    simulated.tick(`3.4 gate ${label}`);
    return { label, cells: values.map((value, at) => cell(value, published[at])) };
  });
  return {
    id: '3.4',
    title: 'the whole gate, slices of 40, 30, 20, 10 %',
    runs: simulated.runs(1_500),
    columns: ['promoted e20', 'pairs', 'promoted e200', 'pairs'],
    rows,
  };
}

/** Non-inferiority counts as shown whatever came, which leaves the harm guards alone. */
const withoutNonInferiority = gatePolicy({ sliceLevel: Number.MAX_VALUE });
/** No slice ever has the pairs its harm guard needs. */
const withoutGuards = gatePolicy({ sliceLevel: Number.MAX_VALUE, minHarmPairs: 1_000_000 });

/** 3.4: what the slices lose where a harm guard is all they have. */
export function harmGuardAloneTable(simulated: Simulation): Table {
  const cases: readonly (readonly [string, readonly number[], GatePolicy, number])[] = [
    ['10 % slice at -20, no guard', [0.2, 0.2, 0.2, -0.2], withoutGuards, 0.997],
    ['10 % slice at -20', [0.2, 0.2, 0.2, -0.2], withoutNonInferiority, 0.966],
    ['20 % slice at -20', [0.2, 0.2, -0.2, 0.2], withoutNonInferiority, 0.732],
    ['10 % slice at -30', [0.2, 0.2, 0.2, -0.3], withoutNonInferiority, 0.895],
  ];
  const rows = cases.map(([label, effects, policy, published]) => {
    const [promoted] = gateRuns(simulated, effects, policy);
    simulated.tick(`3.4 ${label}`);
    return { label, cells: [cell(promoted, published)] };
  });
  const title = 'without non-inferiority, others at +20';
  return { id: '3.4', title, runs: simulated.runs(1_500), columns: ['promoted'], rows };
}

function gateRuns(
  { runs, draw }: Simulation,
  effects: readonly number[],
  policy: GatePolicy,
): readonly [number, number] {
  const draws = draw(
    `gate ${effects.join(' ')} ${String(policy.alpha)} ${String(policy.sliceLevel)}`,
  );
  const slices = effects.map((d, at) => ({ share: SHARES[at] ?? 0, model: { ...MODEL, d } }));
  const ran = repeated(runs(1_500), () => runSlicedGate(draws, slices, policy));
  return [
    shareOf(ran, ({ decision }) => decision.verdict === 'pass'),
    mean(ran.map(({ pairs }) => pairs)),
  ];
}
