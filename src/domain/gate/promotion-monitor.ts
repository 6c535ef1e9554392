import { addFailure, detectorValue, emptyDetector } from './detector.js';
import type { EDetector } from './detector.js';
import { addOutcome, emptyEProcess, exceeds, hasReached, logE, withoutPart } from './eprocess.js';
import type { EProcess } from './eprocess.js';
import { stratumOf } from './live-outcome.js';
import type { LiveOutcome } from './live-outcome.js';
import { defaultMonitorPolicy, referenceRate } from './monitor.js';
import type { MonitorPolicy } from './monitor.js';
import {
  addReferenceOutcome,
  addStratumOutcome,
  pooledRate,
  predictiveRate,
  referenceTotal,
  strataWithReference,
} from './strata.js';
import type { Strata } from './strata.js';

export interface PromotionMonitorPolicy {
  /** A: e-value at which the whole alarms; a slice alarms at S times this. */
  readonly threshold: number;
  /** Outcomes before the promotion that a stratum needs; without them its outcomes are passed over. */
  readonly minReference: number;
  /** The rest must be below this e-value for a loss to be confined to one slice. */
  readonly restThreshold: number;
  /** The watch over the raw mean, which sees changes of mix too. */
  readonly raw: MonitorPolicy;
}

/**
 * A = 50: nothing changed is acted upon in 2 % of promotions, a harder task mix in 2 %, and a loss of 20 points or
 * more takes 11 outcomes in the median. With fewer than 5 reference outcomes the prior would say what a stratum
 * did before. A rest below e = 3 has shown next to nothing: rolling it back would cost the gain it may have.
 */
export const defaultPromotionMonitorPolicy: PromotionMonitorPolicy = {
  threshold: 50,
  minReference: 5,
  restThreshold: 3,
  raw: defaultMonitorPolicy,
};

export interface PromotionAlarm {
  readonly scope: 'all' | 'slice' | 'raw';
  readonly slice?: string;
  /** Outcomes since the promotion, this one among them. */
  readonly at: number;
  readonly logE: number;
}

/**
 * What the alarms ask for.
 *
 * - `scope`: one slice lost and the rest did not; the previous version serves that slice.
 * - `rollback`: the previous version serves everything; `slice` is where the evidence is strongest.
 * - `drift`: the raw mean fell while no stratum did: the mix or the world changed, not the strategy.
 */
export type PromotionAction =
  | { readonly kind: 'none' }
  | { readonly kind: 'drift'; readonly at: number }
  | { readonly kind: 'scope'; readonly at: number; readonly slice: string }
  | { readonly kind: 'rollback'; readonly at: number; readonly slice?: string };

interface StratumTests {
  readonly name: string;
  readonly slice: EProcess;
}

/**
 * The watch over a promotion under a shifting task mix: plain JSON, a fold over live outcomes.
 *
 * Each outcome is compared with its own stratum alone (`predictiveRate`), so the mix never enters. Under
 * "nothing changed" E is a martingale, and P(E ever >= A) <= 1/A by Ville's inequality. The change can
 * only have come with the promotion, so this is a plain e-process, not a detector; after probation
 * `standing-watch` goes on from here. Where no stratum has a past of its own they are taken as one: what
 * little was seen before is better than nothing, and its error is paid for in the predictive all the same.
 */
export interface PromotionMonitorState {
  readonly policy: PromotionMonitorPolicy;
  readonly outcomes: number;
  readonly strata: Strata;
  /** Every outcome, or after scoping every one outside the scoped slice. */
  readonly all: EProcess;
  readonly tests: readonly StratumTests[];
  readonly rawRate?: number;
  readonly rawDetector: EDetector;
  readonly alarms: readonly PromotionAlarm[];
  readonly scopedTo?: string;
  readonly action: PromotionAction;
}

/** A monitor at the moment of promotion, with what each stratum did before it. */
export function emptyPromotionMonitor(
  strata: Strata,
  policy: PromotionMonitorPolicy = defaultPromotionMonitorPolicy,
): PromotionMonitorState {
  return withReference({
    policy,
    outcomes: 0,
    strata,
    all: emptyEProcess(),
    tests: [],
    rawDetector: emptyDetector(policy.raw.kind),
    alarms: [],
    action: { kind: 'none' },
  });
}

/**
 * Whether enough is known of what served before for a loss to be told: one stratum with a past of its own, or what
 * there is of all of them together. A promotion without it would be watched by nothing.
 */
export function canTellLoss({ policy, strata }: PromotionMonitorState): boolean {
  return referenceTotal(strata).n >= policy.minReference;
}

/** Whether any outcome was set beside the past by a test that may roll back. */
export function hasTested(state: PromotionMonitorState): boolean {
  return state.all.n > 0 || (state.rawDetector.n > 0 && canTellLoss(state));
}

/**
 * Adds an outcome from before the promotion that was decided only after it. Bets already made stand; those to
 * come are made against all that is known of the past, so that what is slow to be known counts alike before and
 * since. A stratum that has its reference by now is tested from here on.
 */
export function addLateReference(
  state: PromotionMonitorState,
  outcome: LiveOutcome,
): PromotionMonitorState {
  return withReference({ ...state, strata: addReferenceOutcome(state.strata, outcome) });
}

function withReference(state: PromotionMonitorState): PromotionMonitorState {
  const { policy, strata, tests } = state;
  const total = referenceTotal(strata);
  const added = strataWithReference(strata, policy.minReference)
    .filter((name) => !tests.some((test) => test.name === name))
    .map((name) => ({ name, slice: emptyEProcess() }));
  const tested = { ...state, tests: [...tests, ...added] };
  return total.n === 0 ? tested : { ...tested, rawRate: referenceRate(total, policy.raw.slack) };
}

/**
 * Adds a live outcome of the promoted version, in assignment order. After a rollback nothing changes;
 * after scoping, outcomes of the scoped slice are the previous version's and are passed over.
 */
export function addPromotionOutcome(
  state: PromotionMonitorState,
  outcome: LiveOutcome,
): PromotionMonitorState {
  if (state.action.kind === 'rollback') return state;
  const name = stratumOf(outcome.slices);
  const counted = { ...state, outcomes: state.outcomes + 1 };
  if (name === state.scopedTo) return counted;
  const watched = addRaw(counted, 1 - outcome.success);
  const tested = testedIn(watched, name, 1 - outcome.success);
  return act({ ...tested, strata: addStratumOutcome(state.strata, outcome, name) });
}

/** By its own stratum's past; where none has a past of its own, by that of all of them together. */
function testedIn(state: PromotionMonitorState, name: string, x: number): PromotionMonitorState {
  const { strata, tests, all } = state;
  if (tests.some((test) => test.name === name)) return addToTests(state, name, x);
  const isPooled = tests.length === 0 && referenceTotal(strata).n > 0;
  return isPooled ? { ...state, all: addOutcome(all, x, pooledRate(strata)) } : state;
}

function addRaw(state: PromotionMonitorState, x: number): PromotionMonitorState {
  return state.rawRate === undefined
    ? state
    : { ...state, rawDetector: addFailure(state.rawDetector, x, state.rawRate) };
}

function addToTests(state: PromotionMonitorState, name: string, x: number): PromotionMonitorState {
  const rate = predictiveRate(state.strata, name);
  return {
    ...state,
    all: addOutcome(state.all, x, rate),
    tests: state.tests.map((tests) =>
      tests.name === name ? { name, slice: addOutcome(tests.slice, x, rate) } : tests,
    ),
  };
}

function act(state: PromotionMonitorState): PromotionMonitorState {
  const alarm = strataAlarm(state) ?? rawAlarm(state);
  if (alarm === undefined) return state;
  const alarmed = { ...state, alarms: [...state.alarms, alarm] };
  if (alarm.scope === 'raw') {
    // What no stratum's past was set beside is judged by the mean alone (GATE 2.6).
    const isOnlyWatch =
      state.all.n === 0 && referenceTotal(state.strata).n >= state.policy.minReference;
    if (isOnlyWatch) return { ...alarmed, action: { kind: 'rollback', at: alarm.at } };
    return state.action.kind === 'none'
      ? { ...alarmed, action: { kind: 'drift', at: alarm.at } }
      : alarmed;
  }
  const suspect = strongest(state, alarm);
  if (suspect !== undefined && state.scopedTo === undefined && state.tests.length > 1) {
    const rest = withoutPart(state.all, suspect.slice);
    if (logE(rest) < Math.log(state.policy.restThreshold)) {
      return {
        ...alarmed,
        scopedTo: suspect.name,
        all: rest,
        action: { kind: 'scope', at: alarm.at, slice: suspect.name },
      };
    }
  }
  const named = suspect === undefined || suspect.name === '' ? {} : { slice: suspect.name };
  return { ...alarmed, action: { kind: 'rollback', at: alarm.at, ...named } };
}

/** Tests that still watch: the scoped slice has left the promotion. */
function openTests(state: PromotionMonitorState): readonly StratumTests[] {
  return state.tests.filter(({ name }) => name !== state.scopedTo);
}

function strataAlarm(state: PromotionMonitorState): PromotionAlarm | undefined {
  const { threshold } = state.policy;
  const lost = openTests(state).find(({ slice }) =>
    hasReached(slice, state.tests.length * threshold),
  );
  if (lost !== undefined) {
    return { scope: 'slice', slice: lost.name, at: state.outcomes, logE: logE(lost.slice) };
  }
  return hasReached(state.all, threshold)
    ? { scope: 'all', at: state.outcomes, logE: logE(state.all) }
    : undefined;
}

function rawAlarm(state: PromotionMonitorState): PromotionAlarm | undefined {
  const value = Math.log(detectorValue(state.rawDetector));
  const isFirst = !state.alarms.some(({ scope }) => scope === 'raw');
  return isFirst && exceeds(value, state.policy.raw.threshold)
    ? { scope: 'raw', at: state.outcomes, logE: value }
    : undefined;
}

function strongest(state: PromotionMonitorState, alarm: PromotionAlarm): StratumTests | undefined {
  const open = openTests(state);
  const named = open.find(({ name }) => alarm.scope === 'slice' && name === alarm.slice);
  if (named !== undefined) return named;
  return [...open].sort((a, b) => logE(b.slice) - logE(a.slice))[0];
}
