import { CATEGORY_LEVEL } from './categories.js';
import { addHarm, addSuperiority, emptyEProcess, hasReached, logE } from './eprocess.js';
import type { EProcess } from './eprocess.js';
import { sliceNames, stratumOf } from './live-outcome.js';
import type { LiveOutcome } from './live-outcome.js';

export interface CanaryPolicy {
  /** Level of the overall alarm, e >= 20; a slice alarms at this level divided by the number of slices. */
  readonly level: number;
  /** Controls that a block holds at most; the latest stay. */
  readonly blockCap: number;
}

/**
 * e >= 20: at one canary outcome to nine controls, 1.8 % false alarms in 100 canary outcomes, and a loss of 20
 * points found in 94 %. 19 controls to one canary outcome are what a share of 5 % has between two of them.
 */
export const defaultCanaryPolicy: CanaryPolicy = { level: 0.05, blockCap: 19 };

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

interface SliceHarm {
  readonly name: string;
  readonly harm: EProcess;
}

interface CategoryGrowth {
  readonly name: string;
  /** sup(D^k, 0), D^k = 1{canary in k} - mean(1{control in k}). */
  readonly grew: EProcess;
}

/**
 * A candidate serving a share of live tasks beside the baseline. Plain JSON.
 *
 * Each canary outcome is compared with the mean of the control outcomes of its own stratum since the
 * previous canary outcome there: D = y_canary - mean(controls), tested by harm(D, 0). What changes for
 * both arms alike in the meantime (drift, an incident, a harder mix) cancels within a block, the
 * conditioning Netflix uses for its canaries. A critical category is compared the same way, as in the gate: the
 * share of canary outcomes in it with that of the controls.
 */
export interface CanaryState {
  readonly policy: CanaryPolicy;
  /** Canary outcomes seen, those that wait for a control among them. */
  readonly outcomes: number;
  readonly overall: EProcess;
  readonly slices: readonly SliceHarm[];
  readonly categories: readonly CategoryGrowth[];
  readonly blocks: Readonly<Record<string, Block>>;
  /** The first alarm; it stays. */
  readonly alarm?: CanaryAlarm;
}

/** A canary before its first outcome, with the slices (`key=value`) and critical categories that get an alarm of their own. */
export function emptyCanary(
  slices: readonly string[],
  policy: CanaryPolicy = defaultCanaryPolicy,
  criticalCategories: readonly string[] = [],
): CanaryState {
  return {
    policy,
    outcomes: 0,
    overall: emptyEProcess(),
    slices: slices.map((name) => ({ name, harm: emptyEProcess() })),
    categories: criticalCategories.map((name) => ({ name, grew: emptyEProcess() })),
    blocks: {},
  };
}

/**
 * Adds a live outcome, in assignment order. A canary outcome without a control before it waits for the
 * next control of its stratum, first come first served, so that every control is used once.
 */
export function addCanaryOutcome(state: CanaryState, outcome: CanaryOutcome): CanaryState {
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

function addBlock(
  state: CanaryState,
  canary: CanaryOutcome,
  controls: readonly LiveOutcome[],
): CanaryState {
  const meanOf = (value: (outcome: LiveOutcome) => number): number =>
    controls.reduce((total, control) => total + value(control), 0) / controls.length;
  const difference = canary.success - meanOf(({ success }) => success);
  const names = sliceNames(canary.slices);
  const next: CanaryState = {
    ...state,
    overall: addHarm(state.overall, difference, 0),
    slices: state.slices.map((slice) =>
      names.includes(slice.name)
        ? { name: slice.name, harm: addHarm(slice.harm, difference, 0) }
        : slice,
    ),
    categories: state.categories.map(({ name, grew }) => {
      const isIn = ({ category }: LiveOutcome): number => (category === name ? 1 : 0);
      return { name, grew: addSuperiority(grew, isIn(canary) - meanOf(isIn), 0) };
    }),
  };
  const alarm = state.alarm ?? crossedCanary(next);
  return alarm === undefined ? next : { ...next, alarm };
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
