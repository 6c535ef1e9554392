import { addFailure, detectorValue, emptyDetector } from './detector.js';
import type { DetectorKind, EDetector } from './detector.js';
import { exceeds } from './eprocess.js';
import { sliceNames } from './live-outcome.js';
import type { LiveOutcome } from './live-outcome.js';

export interface MonitorPolicy {
  readonly kind: DetectorKind;
  /** A_mon: mean outcomes to a false alarm, at least. A slice alarms at S times this. */
  readonly threshold: number;
  /** Added to a reference rate, which is an estimate. */
  readonly slack: number;
  /** Reference outcomes a slice needs for an alarm of its own. */
  readonly minSliceReference: number;
  /** Multiple of the threshold at which even an old promotion is rolled back without diagnosis. */
  readonly severeFactor: number;
}

/**
 * A_mon 2000 with slack .03 and a reference of 300: a false rollback in 200 outcomes of probation in 2.5 %
 * of cases, a loss of 20 points caught in 96 %, of 30 points always. With a reference of 100 false alarms
 * double to 5.4 %, which is where a slice's own alarm stops being worth having.
 */
export const defaultMonitorPolicy: MonitorPolicy = {
  kind: 'shiryaev-roberts',
  threshold: 2000,
  slack: 0.03,
  minSliceReference: 100,
  severeFactor: 20,
};

/** Failures among outcomes; fractional where outcomes are. */
export interface FailureCounts {
  readonly n: number;
  readonly failures: number;
}

/** Failures in all and by slice (`key=value`), before what is being watched began. */
export interface FailureReference {
  readonly overall: FailureCounts;
  readonly slices: Readonly<Record<string, FailureCounts>>;
}

export const emptyReference: FailureReference = {
  overall: { n: 0, failures: 0 },
  slices: {},
};

/**
 * What a detector compares with. `rollback`: the strategy we would roll back to, before the promotion;
 * an alarm means worse than before. `benefit`: the candidate in its canary; an alarm means that the gain
 * is not real any more, which asks for a new evaluation, not for a rollback.
 */
export type MonitorPurpose = 'rollback' | 'benefit';

export interface MonitorAlarm {
  readonly purpose: MonitorPurpose;
  readonly scope: 'all' | 'slice';
  readonly slice?: string;
  /** Live outcomes since the monitor started, this one among them. */
  readonly at: number;
  /** ln M at the crossing. */
  readonly logE: number;
}

interface Watch {
  readonly purpose: MonitorPurpose;
  /** Absent for the watch over all outcomes. */
  readonly slice?: string;
  readonly failureRate: number;
  readonly threshold: number;
  readonly detector: EDetector;
}

/** The watch over a promoted strategy: plain JSON, a fold over live outcomes in assignment order. */
export interface MonitorState {
  readonly policy: MonitorPolicy;
  readonly outcomes: number;
  readonly watches: readonly Watch[];
  /** First alarm of each watch, in order. */
  readonly alarms: readonly MonitorAlarm[];
  /** A rollback watch reached `severeFactor` times its threshold. */
  readonly isSevere: boolean;
}

/** Adds one outcome to a reference. */
export function addToReference(
  reference: FailureReference,
  { success, slices }: LiveOutcome,
): FailureReference {
  const add = (counts: FailureCounts | undefined): FailureCounts => ({
    n: (counts?.n ?? 0) + 1,
    failures: (counts?.failures ?? 0) + 1 - success,
  });
  const touched = sliceNames(slices).map((name) => {
    const counts = Object.hasOwn(reference.slices, name) ? reference.slices[name] : undefined;
    return [name, add(counts)] as const;
  });
  return {
    overall: add(reference.overall),
    slices: { ...reference.slices, ...Object.fromEntries(touched) },
  };
}

/** A monitor before its first outcome. A purpose without reference, or with an empty one, has no watch. */
export function emptyMonitor(
  references: Readonly<Partial<Record<MonitorPurpose, FailureReference>>>,
  policy: MonitorPolicy = defaultMonitorPolicy,
): MonitorState {
  const purposes = ['rollback', 'benefit'] as const;
  const watches = purposes.flatMap((purpose) => {
    const reference = references[purpose];
    return reference === undefined ? [] : watchesOf(purpose, reference, policy);
  });
  return { policy, outcomes: 0, watches, alarms: [], isSevere: false };
}

/** Adds a live outcome. Alarms are kept; after one the monitor goes on, since severity may yet be reached. */
export function addLiveOutcome(state: MonitorState, outcome: LiveOutcome): MonitorState {
  const names = sliceNames(outcome.slices);
  const outcomes = state.outcomes + 1;
  const watches = state.watches.map((watch) =>
    watch.slice === undefined || names.includes(watch.slice)
      ? {
          ...watch,
          detector: addFailure(watch.detector, 1 - outcome.success, watch.failureRate),
        }
      : watch,
  );
  const raised = watches
    .filter((watch) => hasReached(watch, 1) && !hasAlarm(state.alarms, watch))
    .map((watch) => alarmOf(watch, outcomes));
  const isSevere =
    state.isSevere ||
    watches.some(
      (watch) => watch.purpose === 'rollback' && hasReached(watch, state.policy.severeFactor),
    );
  return { ...state, outcomes, watches, alarms: [...state.alarms, ...raised], isSevere };
}

/** Watches on once an alarm was looked into: the same references, detectors and alarms anew. */
export function monitorAnew(state: MonitorState): MonitorState {
  const detector = emptyDetector(state.policy.kind);
  const watches = state.watches.map((watch) => ({ ...watch, detector }));
  return { ...state, watches, alarms: [], isSevere: false };
}

/**
 * What alarms ask for. In probation a rollback alarm switches back at once; after it, paired diagnosis
 * comes first, unless the loss is severe or a critical category alarms.
 */
export function monitorAction(
  state: MonitorState,
  situation: { readonly inProbation: boolean; readonly criticalCategoryAlarm?: boolean },
): 'none' | 'rollback' | 'diagnose' | 're-evaluate' {
  const purposes = state.alarms.map(({ purpose }) => purpose);
  if (situation.criticalCategoryAlarm === true) return 'rollback';
  if (purposes.includes('rollback')) {
    return situation.inProbation || state.isSevere ? 'rollback' : 'diagnose';
  }
  return purposes.includes('benefit') ? 're-evaluate' : 'none';
}

function watchesOf(
  purpose: MonitorPurpose,
  reference: FailureReference,
  policy: MonitorPolicy,
): readonly Watch[] {
  if (reference.overall.n === 0) return [];
  const detector = emptyDetector(policy.kind);
  const slices = Object.entries(reference.slices).filter(
    ([, counts]) => counts.n >= policy.minSliceReference,
  );
  const overall: Watch = {
    purpose,
    failureRate: referenceRate(reference.overall, policy.slack),
    threshold: policy.threshold,
    detector,
  };
  const sliced = slices.map(([slice, counts]) => ({
    purpose,
    slice,
    failureRate: referenceRate(counts, policy.slack),
    threshold: slices.length * policy.threshold,
    detector,
  }));
  return [overall, ...sliced];
}

/** The observed rate with slack, kept inside the open interval that a bet needs. */
export function referenceRate({ n, failures }: FailureCounts, slack: number): number {
  return Math.min(Math.max(failures / n + slack, 0.001), 0.999);
}

function hasReached(watch: Watch, factor: number): boolean {
  return exceeds(Math.log(detectorValue(watch.detector)), factor * watch.threshold);
}

function hasAlarm(alarms: readonly MonitorAlarm[], { purpose, slice }: Watch): boolean {
  return alarms.some((alarm) => alarm.purpose === purpose && alarm.slice === slice);
}

function alarmOf({ purpose, slice, detector }: Watch, at: number): MonitorAlarm {
  const logE = Math.log(detectorValue(detector));
  return slice === undefined
    ? { purpose, scope: 'all', at, logE }
    : { purpose, scope: 'slice', slice, at, logE };
}
