import {
  addOutcome,
  addSuperiority,
  emptyEProcess,
  hasReached,
} from '../../domain/gate/eprocess.js';
import { defaultGatePolicy } from '../../domain/gate/gate-policy.js';
import { runEffectTest, type Draw, type PairedModel } from '../../domain/gate/simulation.js';
import { repeated, shareOf, type Simulation } from './simulated.js';
import { cell, type Table } from './table.js';

const { minPairs, maxPairs, voidShare } = defaultGatePolicy;
const NOTHING_CHANGED: PairedModel = { p: 0.5, d: 0, rho: 0.5 };

/** Success of both arms on one task. */
interface Arms {
  readonly baseline: number;
  readonly candidate: number;
}

/** 3.7: what makes a candidate that changed nothing pass, at e >= 20 and without futility. */
export function perturbationTable({ runs, draw, tick }: Simulation): Table {
  const rows = PERTURBATIONS.map(([label, published, promotes]) => {
    const draws = draw(`perturbation ${label}`);
    const promoted = shareOf(
      repeated(runs(5_000), () => promotes(draws)),
      Boolean,
    );
    tick(`3.7 ${label}`);
    return { label, cells: [cell(promoted, published)] };
  });
  const title = 'what breaks it, nothing changed, rho .5, e >= 20';
  return { id: '3.7', title, runs: runs(5_000), columns: ['promoted'], rows };
}

const PERTURBATIONS: readonly (readonly [string, number, (draw: Draw) => boolean])[] = [
  ['index order', 0.031, (draw) => isPromoted(differences(draw))],
  ['completion order, waves of 50', 0.09, (draw) => isPromoted(asCompleted(draw, 50))],
  ['completion order, waves of 100', 0.204, (draw) => isPromoted(asCompleted(draw, 100))],
  ['completion order, all at once', 0.698, (draw) => isPromoted(asCompleted(draw, 400))],
  ['judge adds 2 points', 0.078, biasedJudge(0.02, 0)],
  ['judge adds 5 points', 0.298, biasedJudge(0.05, 0)],
  ['judge adds 10 points', 0.85, biasedJudge(0.1, 0)],
  ['judge adds 2 points, m0 .05', 0.007, biasedJudge(0.02, 0.05)],
  ['judge adds 5 points, m0 .05', 0.03, biasedJudge(0.05, 0.05)],
  ['judge adds 10 points, m0 .05', 0.283, biasedJudge(0.1, 0.05)],
  ['candidate loses 10 % of its failures, dropped', 0.054, (draw) => isPromoted(losing(draw, 0.1))],
  ['candidate loses 20 % of its failures, dropped', 0.113, (draw) => isPromoted(losing(draw, 0.2))],
  ['5 % missing at random in both arms, void', 0.027, (draw) => isPromoted(voided(draw, 0.05))],
  ['10 % missing at random in both arms, void', 0.027, (draw) => isPromoted(voided(draw, 0.1))],
  ['judge flips 10 %', 0.028, (draw) => isPromoted(flipped(draw, 0.1, 0))],
  ['judge flips 20 %', 0.033, (draw) => isPromoted(flipped(draw, 0.2, 0))],
];

/** 3.7: what the same costs a good candidate, and how often the guards of 2.3 end a gate for it. */
export function perturbedPowerTable({ runs, draw, tick }: Simulation): Table {
  const cases: readonly (readonly [string, number, (draw: Draw) => boolean])[] = [
    ['+20, judge flips 0 %', 1, (draws) => isPromoted(flipped(draws, 0, 0.2))],
    ['+20, judge flips 10 %', 0.993, (draws) => isPromoted(flipped(draws, 0.1, 0.2))],
    ['+20, judge flips 20 %', 0.824, (draws) => isPromoted(flipped(draws, 0.2, 0.2))],
    ['+10, judge flips 0 %', 0.853, (draws) => isPromoted(flipped(draws, 0, 0.1))],
    ['+10, judge flips 10 %', 0.528, (draws) => isPromoted(flipped(draws, 0.1, 0.1))],
    ['+10, judge flips 20 %', 0.249, (draws) => isPromoted(flipped(draws, 0.2, 0.1))],
    ['+20, 5 % missing in both arms', 1, (draws) => isPromoted(voided(draws, 0.05, 0.2))],
    ['+20, 10 % missing in both arms', 1, (draws) => isPromoted(voided(draws, 0.1, 0.2))],
    ['missingness guard, 10 % of failures lost', 1, (draws) => guardFires(draws, 0.1)],
    ['missingness guard, 20 % of failures lost', 1, (draws) => guardFires(draws, 0.2)],
  ];
  const rows = cases.map(([label, published, happens]) => {
    const draws = draw(`perturbed power ${label}`);
    const share = shareOf(
      repeated(runs(5_000), () => happens(draws)),
      Boolean,
    );
    tick(`3.7 ${label}`);
    return { label, cells: [cell(share, published)] };
  });
  const title = 'what it costs: power, and guards that fire';
  return { id: '3.7', title, runs: runs(5_000), columns: ['share'], rows };
}

/** An undefined difference is a void pair: it counts for the budget and for nothing else. */
function isPromoted(pairs: readonly (number | undefined)[]): boolean {
  let superiority = emptyEProcess();
  for (const difference of pairs) {
    if (difference === undefined) continue;
    superiority = addSuperiority(superiority, difference, 0);
    if (superiority.n >= minPairs && hasReached(superiority, 20)) return true;
  }
  return false;
}

/** A bias of the judge towards the candidate is what a true effect of that size would be. */
function biasedJudge(bias: number, margin: number): (draw: Draw) => boolean {
  const options = { alpha: 0.05, hasFutility: false, margin };
  return (draw) => runEffectTest(draw, { ...NOTHING_CHANGED, d: bias }, options).end === 'promoted';
}

function drawArms(draw: Draw, { p, d, rho }: PairedModel): Arms {
  const isCommon = draw() < rho;
  const u = draw();
  const v = isCommon ? u : draw();
  return { baseline: u < p ? 1 : 0, candidate: v < p + d ? 1 : 0 };
}

function arms(draw: Draw, d = 0): readonly Arms[] {
  return repeated(maxPairs, () => drawArms(draw, { ...NOTHING_CHANGED, d }));
}

function differences(draw: Draw): readonly number[] {
  return arms(draw).map(({ baseline, candidate }) => candidate - baseline);
}

/** Pairs taken as they finish, in waves run at once, exponential times; wins take half as long, losses half as long again. */
function asCompleted(draw: Draw, wave: number): readonly number[] {
  const drawn = differences(draw);
  return Array.from({ length: Math.ceil(drawn.length / wave) }, (_, at) =>
    drawn
      .slice(at * wave, (at + 1) * wave)
      .map((difference) => ({ difference, at: -Math.log(1 - draw()) * (1 - 0.5 * difference) }))
      .sort((left, right) => left.at - right.at)
      .map(({ difference }) => difference),
  ).flat();
}

/** A failure of the candidate goes missing with this chance, and the pair is dropped. */
function losing(draw: Draw, chance: number): readonly (number | undefined)[] {
  return arms(draw).map(({ baseline, candidate }) =>
    candidate === 0 && draw() < chance ? undefined : candidate - baseline,
  );
}

/** Either arm goes missing with this chance, whatever its outcome. */
function voided(draw: Draw, chance: number, d = 0): readonly (number | undefined)[] {
  return arms(draw, d).map(({ baseline, candidate }) =>
    draw() < chance || draw() < chance ? undefined : candidate - baseline,
  );
}

/** Each outcome is turned round with this chance, in both arms alike. */
function flipped(draw: Draw, chance: number, d: number): readonly number[] {
  const judged = (outcome: number): number => (draw() < chance ? 1 - outcome : outcome);
  return arms(draw, d).map(({ baseline, candidate }) => judged(candidate) - judged(baseline));
}

/** Whether the missingness guard, or that of void pairs, ends a gate whose candidate loses failures. */
function guardFires(draw: Draw, chance: number): boolean {
  let [missing, voids] = [emptyEProcess(), emptyEProcess()];
  for (const { candidate } of arms(draw)) {
    const isLost = candidate === 0 && draw() < chance ? 1 : 0;
    missing = addSuperiority(missing, isLost, 0);
    voids = addOutcome(voids, isLost, voidShare);
    if (hasReached(missing, 20) || hasReached(voids, 20)) return true;
  }
  return false;
}
