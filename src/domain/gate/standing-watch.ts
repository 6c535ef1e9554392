import { addFailure, detectorValue, emptyDetector } from './detector.js';
import type { EDetector } from './detector.js';
import {
  addCriticalOutcome,
  addLateCritical,
  standingCriticalWatch,
  type CriticalWatch,
} from './critical-watch.js';
import { exceeds } from './eprocess.js';
import { stratumOf } from './live-outcome.js';
import type { LiveOutcome } from './live-outcome.js';
import type { MonitorPolicy } from './monitor.js';
import type { PromotionMonitorState } from './promotion-monitor.js';
import {
  addReferenceOutcome,
  addStratumOutcome,
  knownOf,
  predictiveRate,
  previousRate,
} from './strata.js';
import type { Strata } from './strata.js';

/** The watch over one stratum, or over all of them where `name` is absent. */
interface StandingDetector {
  readonly name?: string;
  readonly threshold: number;
  /** Worse than the strata's own past, before the promotion and since? */
  readonly detector: EDetector;
  /** Worse than what served before the promotion, and would again? */
  readonly againstPrevious: EDetector;
}

/**
 * The watch after probation. A change may come at any time, so Shiryaev-Roberts e-detectors take the
 * place of plain e-processes, still against each stratum's own past: a false alarm comes in A_mon outcomes
 * or more in the mean, S * A_mon for one of S strata.
 *
 * A rollback without a diagnosis must be worth it whatever the cause, so it asks more: a second detector
 * compares with the rate of each stratum before the promotion alone, with the slack of GATE 2.6, which is
 * what the rollback would bring back.
 */
export interface StandingWatch {
  readonly policy: MonitorPolicy;
  readonly strata: Strata;
  readonly scopedTo?: string;
  readonly detectors: readonly StandingDetector[];
  /** Of the critical categories, where there are any. */
  readonly critical?: CriticalWatch;
}

/** Goes on where the monitors of a survived probation ended. */
export function standingWatch(
  monitor: PromotionMonitorState,
  critical?: CriticalWatch,
): StandingWatch {
  const policy = monitor.policy.raw;
  const detector = emptyDetector(policy.kind);
  const empty = { detector, againstPrevious: detector };
  const names = monitor.tests.map(({ name }) => name).filter((name) => name !== monitor.scopedTo);
  const watch: StandingWatch = {
    policy,
    strata: monitor.strata,
    detectors: [
      { threshold: policy.threshold, ...empty },
      ...names.map((name) => ({ name, threshold: names.length * policy.threshold, ...empty })),
    ],
  };
  return {
    ...watch,
    ...(monitor.scopedTo === undefined ? {} : { scopedTo: monitor.scopedTo }),
    ...(critical === undefined || critical.tests.length === 0
      ? {}
      : { critical: standingCriticalWatch(critical) }),
  };
}

/** Outcomes of a stratum, before and since, from which on a change of it can be told. */
const MIN_KNOWN = 5;

/**
 * Adds a live outcome. Of the scoped slice success is passed over. A stratum that nothing was known of before the
 * promotion has its own past by now, and is watched with all the others once that is enough.
 */
export function addStandingOutcome(before: StandingWatch, outcome: LiveOutcome): StandingWatch {
  const { critical } = before;
  const watch =
    critical === undefined
      ? before
      : { ...before, critical: addCriticalOutcome(critical, outcome) };
  const name = stratumOf(outcome.slices);
  if (name === watch.scopedTo) return watch;
  const strata = addStratumOutcome(watch.strata, outcome);
  if (knownOf(watch.strata, name) < MIN_KNOWN) return { ...watch, strata };
  const x = 1 - outcome.success;
  const rate = predictiveRate(watch.strata, name);
  const previous = previousRate(watch.strata, name, watch.policy.slack);
  return {
    ...watch,
    strata,
    detectors: watch.detectors.map((entry) =>
      entry.name === undefined || entry.name === name
        ? {
            ...entry,
            detector: addFailure(entry.detector, x, rate),
            againstPrevious: addFailure(entry.againstPrevious, x, previous),
          }
        : entry,
    ),
  };
}

/** Adds an outcome from before the promotion that was decided only after its probation. */
export function addLateStanding(watch: StandingWatch, outcome: LiveOutcome): StandingWatch {
  const { critical } = watch;
  return {
    ...watch,
    strata: addReferenceOutcome(watch.strata, outcome),
    ...(critical === undefined ? {} : { critical: addLateCritical(critical, outcome) }),
  };
}

/** Which detector crossed, at what value and threshold, after how many outcomes. */
export interface StandingEvidence {
  readonly test: string;
  readonly logE: number;
  /** ln of the value at which it alarms. */
  readonly threshold: number;
  readonly n: number;
}

export type StandingAction =
  | { readonly kind: 'none' }
  | {
      readonly kind: 'diagnose' | 'rollback';
      readonly slice?: string;
      /** The critical category that grew: taken back at once, whatever the mean. */
      readonly category?: string;
      readonly evidence: StandingEvidence;
    };

/**
 * What the watch asks for: paired diagnosis first, since months after a promotion the world is the
 * likelier culprit; a rollback at once where the loss is severe (both detectors past 20 * A_mon) or a
 * critical category grew.
 */
export function standingAction(watch: StandingWatch): StandingAction {
  const grown = watch.critical?.alarm;
  if (grown !== undefined) {
    const { category, ...numbers } = grown;
    const evidence = { test: `critical category ${category}`, ...numbers };
    return { kind: 'rollback', category, evidence };
  }
  const { severeFactor } = watch.policy;
  const hasReached = (detector: EDetector, value: number): boolean =>
    exceeds(Math.log(detectorValue(detector)), value);
  const severe = watch.detectors.find(
    ({ detector, againstPrevious, threshold }) =>
      hasReached(detector, severeFactor * threshold) &&
      hasReached(againstPrevious, severeFactor * threshold),
  );
  const alarmed =
    severe ?? watch.detectors.find(({ detector, threshold }) => hasReached(detector, threshold));
  if (alarmed === undefined) return { kind: 'none' };
  const { name = '', threshold } = alarmed;
  const detector = severe === undefined ? alarmed.detector : weaker(severe);
  const kind = severe === undefined ? 'diagnose' : 'rollback';
  const evidence = {
    test: `standing watch, ${name === '' ? 'all' : name}`,
    logE: Math.log(detectorValue(detector)),
    threshold: Math.log((severe === undefined ? 1 : severeFactor) * threshold),
    n: detector.n,
  };
  return { kind, ...(name === '' ? {} : { slice: name }), evidence };
}

/** Of two detectors that must both cross, the one that decides. */
function weaker({ detector, againstPrevious }: StandingDetector): EDetector {
  return detectorValue(detector) <= detectorValue(againstPrevious) ? detector : againstPrevious;
}

/** Watches on once an alarm was looked into: the strata keep what they did, the detectors begin anew. */
export function standingAnew(watch: StandingWatch): StandingWatch {
  const detector = emptyDetector(watch.policy.kind);
  return {
    ...watch,
    detectors: watch.detectors.map((entry) => ({
      ...entry,
      detector,
      againstPrevious: detector,
    })),
  };
}
