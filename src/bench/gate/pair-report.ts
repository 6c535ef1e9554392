import { gatePolicy } from '../../domain/gate/gate-policy.js';
import { summarizeGate, type GateSummary } from '../../domain/gate/gate-summary.js';
import { addPair, concludeGate, emptyGate } from '../../domain/gate/gate.js';
import { countPool, planSlices } from '../../domain/gate/slices.js';
import { permutation, seedOf } from '../../domain/random.js';
import { configKey, type GateData, type PairOfConfigs } from './gate-data.js';

/** Seeded orders in which every pair of configurations is put to the gate. */
const ORDERS = 20;

/** Common items that one gate gets at most. */
const MOST_ITEMS = 200;

/** Classes of true difference, in hundredths of success on all common items. */
export const PAIR_CLASSES = [
  'improved by 20 or more',
  'improved by 10 to 20',
  'improved by less than 10',
  'null',
  'regressed',
] as const;
export type PairClass = (typeof PAIR_CLASSES)[number];

export interface PairClassReport {
  readonly class: PairClass;
  readonly pairs: number;
  /** Gates: pairs by orders. */
  readonly gates: number;
  readonly promoted: number;
  /** By reason, of those that were not promoted. */
  readonly others: Readonly<Record<string, number>>;
  /** Gates whose interval held the difference on all common items. */
  readonly covered: number;
}

/** Puts every scored pair of configurations to the gate, as `gate evaluate` would with slice `hardness`. */
export function pairReport(
  data: GateData,
  seed: number,
  progress: (done: number, total: number) => void,
): readonly PairClassReport[] {
  const scored = data.pairs.filter(({ truth }) => truth !== 'undetermined');
  const reports = new Map<PairClass, PairClassReport>();
  for (const [done, pair] of scored.entries()) {
    const name = classOf(pair);
    let report = reports.get(name) ?? emptyReport(name);
    report = { ...report, pairs: report.pairs + 1 };
    for (let order = 0; order < ORDERS; order += 1) {
      report = withGate(report, gateOf(data, pair, seed + order), pair.diff);
    }
    reports.set(name, report);
    progress(done + 1, scored.length);
  }
  return PAIR_CLASSES.flatMap((name) => reports.get(name) ?? []);
}

function emptyReport(name: PairClass): PairClassReport {
  return { class: name, pairs: 0, gates: 0, promoted: 0, others: {}, covered: 0 };
}

function withGate(report: PairClassReport, summary: GateSummary, truth: number): PairClassReport {
  const { verdict, effect } = summary;
  const reason = `${verdict}: ${summary.reason.split(':')[0] ?? ''}`;
  // Differences were rounded to four digits when they were written down.
  const isCovered = truth >= effect.lower - 5e-5 && truth <= effect.upper + 5e-5;
  return {
    ...report,
    gates: report.gates + 1,
    promoted: report.promoted + (verdict === 'pass' ? 1 : 0),
    others:
      verdict === 'pass'
        ? report.others
        : { ...report.others, [reason]: (report.others[reason] ?? 0) + 1 },
    covered: report.covered + (isCovered ? 1 : 0),
  };
}

/** One gate over up to 200 common items, in an order that pair and seed alone decide. */
function gateOf({ runs }: GateData, pair: PairOfConfigs, seed: number): GateSummary {
  const baseline = runs.get(configKey(pair.domain, pair.baseline));
  const candidate = runs.get(configKey(pair.domain, pair.candidate));
  const common = [...(baseline ?? [])].flatMap(([item, before]) => {
    const after = candidate?.get(item);
    if (after === undefined) return [];
    const slices: Readonly<Record<string, string>> =
      before.hardness === undefined ? {} : { hardness: before.hardness };
    return [{ item, before: before.success, after: after.success, slices }];
  });
  const order = permutation(
    common.length,
    seedOf(pair.domain, pair.baseline, pair.candidate, String(seed)),
  );
  const drawn = order.slice(0, MOST_ITEMS).flatMap((at) => common[at] ?? []);
  const policy = gatePolicy();
  let gate = emptyGate(policy, planSlices(countPool(drawn.map(({ slices }) => slices)), policy));
  for (const [index, { item, before, after, slices }] of drawn.entries()) {
    if (gate.decision !== undefined) break;
    const outcome = { kind: 'observed', baseline: before, candidate: after, missing: [] } as const;
    gate = addPair(gate, { index, task: item, outcome, slices });
  }
  return summarizeGate(gate, concludeGate(gate));
}

function classOf({ truth, diff }: PairOfConfigs): PairClass {
  if (truth === 'regressed') return 'regressed';
  if (truth !== 'improved') return 'null';
  if (diff >= 0.2) return 'improved by 20 or more';
  return diff >= 0.1 ? 'improved by 10 to 20' : 'improved by less than 10';
}
