import {
  addCriticalOutcome,
  emptyCriticalWatch,
  standingCriticalWatch,
  type CriticalWatch,
} from '../../domain/gate/critical-watch.js';
import { emptyPromotionMonitor } from '../../domain/gate/promotion-monitor.js';
import type { Draw } from '../../domain/gate/simulation.js';
import {
  addStandingOutcome,
  standingAction,
  standingWatch,
} from '../../domain/gate/standing-watch.js';
import { referenceStrata } from '../../domain/gate/strata.js';
import { median } from '../durations.js';
import { repeated, shareOf, type Simulation } from './simulated.js';
import { cell, type Table } from './table.js';

const KIND = 'data-loss';
/** Live outcomes of a probation, and of the watch after it. */
const PROBATION = 200;
const STANDING = 1000;

interface Critical {
  readonly label: string;
  readonly reference: number;
  readonly before: number;
  readonly after: number;
}

function critical(reference: number, before: number, after = before): Critical {
  const change = after === before ? String(before) : `${String(before)} -> ${String(after)}`;
  return { label: `reference ${String(reference)}, ${change}`, reference, before, after };
}

const CRITICAL: readonly Critical[] = [
  ...[60, 300, 1000].flatMap((reference) =>
    [0.0005, 0.005, 0.02, 0.1, 0.3].map((rate) => critical(reference, rate)),
  ),
  critical(300, 0, 0.05),
  critical(300, 0, 0.1),
];

/** One critical category on live outcomes (ADR 21): within a probation, and in 1,000 outcomes after it. */
export function criticalTable({ runs, draw, tick }: Simulation): Table {
  const rows = CRITICAL.map(({ label, ...rates }) => {
    const draws = draw(`critical ${label}`);
    const acted = (count: number, limit: number, begin: (watch: CriticalWatch) => CriticalWatch) =>
      repeated(runs(count), () => criticalAlarm(draws, rates, limit, begin));
    const probation = acted(3_000, PROBATION, (watch) => watch);
    const standing = acted(300, STANDING, standingCriticalWatch);
    tick(`ADR 21 ${label}`);
    return { label, cells: [...foundIn(probation), ...foundIn(standing)] };
  });
  const columns = ['probation', 'median', 'after it', 'median'];
  const title = 'a critical category: taken back within 200 outcomes, and within 1,000 after that';
  return { id: 'ADR 21', title, runs: runs(3_000), columns, rows };
}

function foundIn(alarms: readonly number[]) {
  const found = alarms.filter(Number.isFinite);
  return [cell(shareOf(alarms, Number.isFinite)), cell(found.length === 0 ? NaN : median(found))];
}

function criticalAlarm(
  draw: Draw,
  { reference, before, after }: Omit<Critical, 'label'>,
  limit: number,
  begin: (watch: CriticalWatch) => CriticalWatch,
): number {
  const cases = repeated(reference, draw).filter((u) => u < before).length;
  const known = [{ slices: {}, n: reference, categories: { [KIND]: cases } }];
  let watch = begin(emptyCriticalWatch([KIND], known));
  for (let at = 1; at <= limit; at += 1) {
    const category = draw() < after ? KIND : 'ok';
    watch = addCriticalOutcome(watch, { success: 1, slices: {}, category });
    if (watch.alarm !== undefined) return at;
  }
  return Infinity;
}

interface Severe {
  readonly label: string;
  readonly strata: number;
  /** Outcomes before the promotion in each stratum. */
  readonly reference: number;
  /** Failure rates: before the promotion, since, and after 60 outcomes more. */
  readonly rates: readonly [number, number, number];
}

function severe(strata: number, reference: number, ...rates: Severe['rates']): Severe {
  const label = `${String(strata)} strata of ${String(reference)}, fails ${rates.join(' -> ')}`;
  return { label, strata, reference, rates };
}

const SEVERE: readonly Severe[] = [
  ...[1, 4].flatMap((strata) =>
    [20, 60, 300].flatMap((reference) =>
      [0.05, 0.3, 0.7].map((rate) => severe(strata, reference, rate, rate, rate)),
    ),
  ),
  severe(1, 100, 0.3, 0.1, 1),
  severe(1, 100, 0.3, 0.1, 0.6),
  severe(3, 100, 0.05, 0.05, 0.35),
  severe(3, 40, 0.84, 0.05, 0.45),
];

/** The watch after probation (ADR 33): what is diagnosed, and what is taken back without a diagnosis. */
export function severeTable({ runs, draw, tick }: Simulation): Table {
  const rows = SEVERE.map(({ label, ...world }) => {
    const draws = draw(`severe ${label}`);
    const watched = repeated(runs(300), () => severeRun(draws, world));
    tick(`ADR 33 ${label}`);
    return {
      label,
      cells: [
        ...foundIn(watched.map(({ diagnosed }) => diagnosed)),
        ...foundIn(watched.map(({ takenBack }) => takenBack)),
      ],
    };
  });
  const columns = ['alarm', 'median', 'taken back', 'median'];
  const title = 'after probation, 1,000 outcomes: an alarm, and a severe loss; from the change on';
  return { id: 'ADR 33', title, runs: runs(300), columns, rows };
}

/** Outcomes since the change until either, which may come before it where nothing changed. */
function severeRun(
  draw: Draw,
  { strata, reference, rates: [before, since, later] }: Omit<Severe, 'label'>,
): { readonly diagnosed: number; readonly takenBack: number } {
  const slicesOf = (stratum: number) => ({ kind: String(stratum) });
  const known = Array.from({ length: strata }, (_none, stratum) => ({
    slices: slicesOf(stratum),
    n: reference,
    failures: repeated(reference, draw).filter((u) => u < before).length,
  }));
  let watch = standingWatch(emptyPromotionMonitor(referenceStrata(known)));
  const changesAt = since === later ? 0 : 60;
  let diagnosed = Infinity;
  for (let at = 1; at <= STANDING; at += 1) {
    const fails = at > changesAt ? later : since;
    const slices = slicesOf(Math.floor(draw() * strata));
    watch = addStandingOutcome(watch, { success: draw() < fails ? 0 : 1, slices });
    const { kind } = standingAction(watch);
    if (kind !== 'none' && diagnosed === Infinity) diagnosed = at - changesAt;
    if (kind === 'rollback') return { diagnosed, takenBack: at - changesAt };
  }
  return { diagnosed, takenBack: Infinity };
}
