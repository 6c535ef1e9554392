import { CATEGORY_LEVEL } from './categories.js';
import { casesOf, type CategoryReference } from './critical-watch.js';
import { addHarm, addSuperiority, emptyEProcess, hasReached, logE } from './eprocess.js';
import type { EProcess } from './eprocess.js';
import { sliceNames, stratumOf } from './live-outcome.js';
import type { LiveOutcome } from './live-outcome.js';
import type { FailureCounts } from './monitor.js';
import { NOTHING, referenceStrata, referenceTotal, type Strata } from './strata.js';

export interface CanaryPolicy {
  /** Level of the overall alarm, e >= 20; a slice alarms at this level divided by the number of slices. */
  readonly level: number;
  /** Controls that a block holds at most; the latest stay. */
  readonly blockCap: number;
  /** Canary outcomes that may wait for a control of their own stratum; a longer line is compared across strata. */
  readonly patience: number;
}

/**
 * e >= 20: at one canary outcome to nine controls, 1.8 % false alarms in 100 canary outcomes, and a loss of 20
 * points found in 94 %. 19 controls to one canary outcome are what a share of 5 % has between two of them. With
 * both arms in every stratum fewer than ten wait; where a subject is a stratum of its own all of them would.
 */
export const defaultCanaryPolicy: CanaryPolicy = { level: 0.05, blockCap: 19, patience: 10 };

/** A live outcome and the version that served it. */
export interface CanaryOutcome extends LiveOutcome {
  readonly arm: 'canary' | 'control';
}

export interface CanaryAlarm {
  readonly scope: 'all' | 'slice' | 'category';
  readonly slice?: string;
  /** The critical category that grew. */
  readonly category?: string;
  /** Differences seen by the test that crossed. */
  readonly n: number;
  readonly logE: number;
}

/** Controls since the last canary outcome of a stratum, or canary outcomes that wait for a control; never both. */
interface Block {
  readonly controls: readonly LiveOutcome[];
  readonly waiting: readonly CanaryOutcome[];
}

interface Seen {
  readonly n: number;
  /** Sum of their success. */
  readonly success: number;
}

interface SliceHarm {
  readonly name: string;
  readonly harm: EProcess;
}

interface CategoryGrowth {
  readonly name: string;
  /** sup(D^k, 0), D^k = 1{canary in k} - mean(1{control in k}). */
  readonly grew: EProcess;
  /** How often it was the outcome of each stratum before. */
  readonly past: Strata;
}

/**
 * A candidate serving a share of live tasks beside the baseline. Plain JSON.
 *
 * Each canary outcome is compared with the mean of the control outcomes of its own stratum since the
 * previous canary outcome there: D = y_canary - mean(controls), tested by harm(D, 0). What changes for
 * both arms alike in the meantime (drift, an incident, a harder mix) cancels within a block, the
 * conditioning Netflix uses for its canaries. A critical category is compared the same way, as in the gate: the
 * share of canary outcomes in it with that of the controls.
 *
 * A stratum may have one arm only: a subject stays with its arm, and where strata are subjects no block of
 * that kind is ever complete. Its outcomes are compared with controls of another stratum then, each less
 * what its own stratum did before: D = ((y - past) - mean(y' - past')) / 2. What is compared with nothing
 * counts for nothing: `overall.n`, not `outcomes`, is what a stage has seen.
 */
export interface CanaryState {
  readonly policy: CanaryPolicy;
  /** Canary outcomes seen, those that wait for a control among them. */
  readonly outcomes: number;
  /** Outcomes of either arm, whatever they were compared with. */
  readonly seen: Readonly<Record<CanaryOutcome['arm'], Seen>>;
  readonly overall: EProcess;
  readonly slices: readonly SliceHarm[];
  readonly categories: readonly CategoryGrowth[];
  readonly blocks: Readonly<Record<string, Block>>;
  /** What each stratum did before. */
  readonly past: Strata;
  /** The first alarm; it stays. */
  readonly alarm?: CanaryAlarm;
}

/** A canary before its first outcome, with the slices (`key=value`) and critical categories that get an alarm of their own. */
export function emptyCanary(
  slices: readonly string[],
  policy: CanaryPolicy = defaultCanaryPolicy,
  criticalCategories: readonly string[] = [],
  past: readonly (CategoryReference & FailureCounts)[] = [],
): CanaryState {
  return {
    policy,
    outcomes: 0,
    seen: { canary: { n: 0, success: 0 }, control: { n: 0, success: 0 } },
    overall: emptyEProcess(),
    slices: slices.map((name) => ({ name, harm: emptyEProcess() })),
    categories: criticalCategories.map((name) => ({
      name,
      grew: emptyEProcess(),
      past: referenceStrata(casesOf(name, past)),
    })),
    blocks: {},
    past: referenceStrata(past),
  };
}

/**
 * Adds a live outcome, in assignment order. A canary outcome without a control before it waits for the
 * next control of its stratum, first come first served, so that every control is used once.
 */
export function addCanaryOutcome(state: CanaryState, outcome: CanaryOutcome): CanaryState {
  const { n, success } = state.seen[outcome.arm];
  const own = { n: n + 1, success: success + outcome.success };
  const seen = { ...state.seen, [outcome.arm]: own };
  return acrossStrata(withinStratum({ ...state, seen }, outcome));
}

function withinStratum(state: CanaryState, outcome: CanaryOutcome): CanaryState {
  const stratum = stratumOf(outcome.slices);
  const block = Object.hasOwn(state.blocks, stratum) ? state.blocks[stratum] : undefined;
  const { controls, waiting } = block ?? { controls: [], waiting: [] };
  const withBlock = (next: Block): CanaryState => ({
    ...state,
    outcomes: state.outcomes + (outcome.arm === 'canary' ? 1 : 0),
    blocks: { ...state.blocks, [stratum]: next },
  });

  if (outcome.arm === 'canary') {
    if (controls.length === 0) return withBlock({ controls, waiting: [...waiting, outcome] });
    return addBlock(withBlock({ controls: [], waiting }), outcome, controls);
  }
  const [first, ...rest] = waiting;
  if (first !== undefined) {
    return addBlock(withBlock({ controls, waiting: rest }), first, [outcome]);
  }
  const latest = [...controls, outcome].slice(-state.policy.blockCap);
  return withBlock({ controls: latest, waiting });
}

/** Compares the one that waits longest in the longest line with the fullest block of controls elsewhere. */
function acrossStrata(state: CanaryState): CanaryState {
  const blocks = Object.entries(state.blocks);
  const waiting = blocks.reduce((total, [, block]) => total + block.waiting.length, 0);
  if (waiting <= state.policy.patience) return state;
  const by = (size: (block: Block) => number) =>
    [...blocks].sort(([, a], [, b]) => size(b) - size(a))[0];
  const line = by((block) => block.waiting.length);
  const source = by((block) => block.controls.length);
  const [first, ...rest] = line?.[1].waiting ?? [];
  if (line === undefined || source === undefined || first === undefined) return state;
  const { controls } = source[1];
  if (controls.length === 0) return state;
  const left = {
    ...state.blocks,
    [line[0]]: { ...line[1], waiting: rest },
    [source[0]]: { ...source[1], controls: [] },
  };
  return addBlock({ ...state, blocks: left }, first, controls);
}

function addBlock(
  state: CanaryState,
  canary: CanaryOutcome,
  controls: readonly LiveOutcome[],
): CanaryState {
  const own = stratumOf(canary.slices);
  const isWithin = controls.every(({ slices }) => stratumOf(slices) === own);
  const differenceOf = (value: (outcome: LiveOutcome) => number, past: Strata): number => {
    const meanOf = (of: (outcome: LiveOutcome) => number): number =>
      controls.reduce((total, control) => total + of(control), 0) / controls.length;
    if (isWithin) return value(canary) - meanOf(value);
    const surprise = (outcome: LiveOutcome): number =>
      value(outcome) - pastSuccess(past, stratumOf(outcome.slices));
    return (surprise(canary) - meanOf(surprise)) / 2;
  };
  const difference = differenceOf(({ success }) => success, state.past);
  const names = sliceNames(canary.slices);
  const next: CanaryState = {
    ...state,
    overall: addHarm(state.overall, difference, 0),
    slices: state.slices.map((slice) =>
      names.includes(slice.name)
        ? { name: slice.name, harm: addHarm(slice.harm, difference, 0) }
        : slice,
    ),
    categories: state.categories.map(({ name, grew, past }) => {
      const isIn = ({ category }: LiveOutcome): number => (category === name ? 1 : 0);
      // A case is a failure of its strata.
      const spared = differenceOf((outcome) => 1 - isIn(outcome), past);
      return { name, grew: addSuperiority(grew, -spared, 0), past };
    }),
  };
  const alarm = state.alarm ?? crossedCanary(next);
  return alarm === undefined ? next : { ...next, alarm };
}

/** The share of a stratum's outcomes that went well before; where it has no past, of all of them. */
function pastSuccess(past: Strata, name: string): number {
  const has = Object.hasOwn(past, name) && (past[name]?.reference.n ?? 0) > 0;
  const { n, failures } = has ? (past[name]?.reference ?? NOTHING) : referenceTotal(past);
  return 1 - (failures + 0.5) / (n + 1);
}

/** What a critical category takes to alarm: as in the gate, the level divided by their number. */
export function categoryThreshold({ categories }: CanaryState): number {
  return categories.length / CATEGORY_LEVEL;
}

function crossedCanary(state: CanaryState): CanaryAlarm | undefined {
  const { policy, overall, slices, categories } = state;
  const worse = categories.find(({ grew }) => hasReached(grew, categoryThreshold(state)));
  if (worse !== undefined) {
    const { name: category, grew } = worse;
    return { scope: 'category', category, n: grew.n, logE: logE(grew) };
  }
  const harmed = slices.find(({ harm }) => hasReached(harm, slices.length / policy.level));
  if (harmed !== undefined) {
    return { scope: 'slice', slice: harmed.name, n: harmed.harm.n, logE: logE(harmed.harm) };
  }
  return hasReached(overall, 1 / policy.level)
    ? { scope: 'all', n: overall.n, logE: logE(overall) }
    : undefined;
}
