import { addFailure, detectorValue, emptyDetector } from './detector.js';
import type { EDetector } from './detector.js';
import { addOutcome, emptyEProcess, exceeds, logE } from './eprocess.js';
import type { EProcess } from './eprocess.js';
import type { LiveOutcome } from './live-outcome.js';
import { stratumOf } from './live-outcome.js';
import {
  addReferenceOutcome,
  addStratumOutcome,
  predictiveRate,
  referenceStrata,
  type Strata,
} from './strata.js';

export interface CriticalWatchPolicy {
  /** A: e-value at which one of Kc categories alarms in probation, times Kc. */
  readonly threshold: number;
  /** After probation: mean outcomes to a false alarm of any category, at least. */
  readonly standingThreshold: number;
}

/**
 * A 50, as for success (GATE 2.12): in 200 outcomes nothing changed is acted upon in 1.1 % of promotions at
 * most where a category takes between 5 tasks in ten thousand and 2 in a hundred, and one that goes from none
 * in 300 to 5 % is found in 89 %, in the median after 43 outcomes. After probation what alarms is taken back
 * without a diagnosis, so it takes what such an act takes of success: 20 * A_mon.
 */
export const defaultCriticalWatchPolicy: CriticalWatchPolicy = {
  threshold: 50,
  standingThreshold: 40_000,
};

export interface CriticalAlarm {
  readonly category: string;
  readonly logE: number;
  /** ln of the value at which it alarms. */
  readonly threshold: number;
  /** Outcomes the test has seen. */
  readonly n: number;
}

interface CategoryTest {
  readonly name: string;
  /** Cases of the category by stratum, before and since. */
  readonly strata: Strata;
  /** From a promotion on, for a change that can only have come with it. */
  readonly process: EProcess;
  /** After probation, for one that comes at any time. */
  readonly detector: EDetector | null;
}

/**
 * Whether a critical kind of failure (safety, data loss, policy) became more frequent, whatever the mean did.
 * Each outcome is compared with its own stratum's past, so that the mix of tasks does not enter. Plain JSON.
 */
export interface CriticalWatch {
  readonly policy: CriticalWatchPolicy;
  readonly tests: readonly CategoryTest[];
  /** The first alarm; it stays. */
  readonly alarm?: CriticalAlarm;
}

/** Outcomes of one stratum before the promotion, and how many fell into each category. */
export interface CategoryReference {
  readonly slices: Readonly<Record<string, string>>;
  readonly n: number;
  readonly categories?: Readonly<Record<string, number>>;
}

/** A watch at the moment of promotion. */
export function emptyCriticalWatch(
  critical: readonly string[],
  reference: readonly CategoryReference[],
  policy: CriticalWatchPolicy = defaultCriticalWatchPolicy,
): CriticalWatch {
  return {
    policy,
    tests: critical.map((name) => ({
      name,
      strata: referenceStrata(casesOf(name, reference)),
      process: emptyEProcess(),
      detector: null,
    })),
  };
}

/** Outcomes of each stratum that were of one category, counted as its failures. */
export function casesOf(name: string, reference: readonly CategoryReference[]) {
  return reference.map(({ slices, n, categories = {} }) => ({
    slices,
    n,
    failures: Object.hasOwn(categories, name) ? (categories[name] ?? 0) : 0,
  }));
}

/** Goes on after a survived probation, with everything that was counted by then. */
export function standingCriticalWatch({ policy, tests }: CriticalWatch): CriticalWatch {
  const detector = emptyDetector('shiryaev-roberts');
  return { policy, tests: tests.map((test) => ({ ...test, detector })) };
}

/** Adds an outcome from before the promotion that was decided only after it. */
export function addLateCritical(watch: CriticalWatch, outcome: LiveOutcome): CriticalWatch {
  const tests = watch.tests.map((test): CategoryTest => {
    const success = outcome.category === test.name ? 0 : 1;
    return {
      ...test,
      strata: addReferenceOutcome(test.strata, { success, slices: outcome.slices }),
    };
  });
  return { ...watch, tests };
}

/** Adds a live outcome of the promoted version, in assignment order. */
export function addCriticalOutcome(watch: CriticalWatch, outcome: LiveOutcome): CriticalWatch {
  const stratum = stratumOf(outcome.slices);
  const tests = watch.tests.map((test): CategoryTest => {
    const x = outcome.category === test.name ? 1 : 0;
    const rate = predictiveRate(test.strata, stratum);
    return {
      name: test.name,
      strata: addStratumOutcome(test.strata, { success: 1 - x, slices: outcome.slices }),
      process: test.detector === null ? addOutcome(test.process, x, rate) : test.process,
      detector: test.detector === null ? null : addFailure(test.detector, x, rate),
    };
  });
  const next: CriticalWatch = { ...watch, tests };
  const alarm = watch.alarm ?? crossed(next);
  return alarm === undefined ? next : { ...next, alarm };
}

function crossed({ policy, tests }: CriticalWatch): CriticalAlarm | undefined {
  return tests
    .map(({ name, process, detector }): CriticalAlarm => {
      const standing = detector === null ? policy.threshold : policy.standingThreshold;
      const value = detector === null ? logE(process) : Math.log(detectorValue(detector));
      const threshold = Math.log(tests.length * standing);
      return { category: name, logE: value, threshold, n: detector?.n ?? process.n };
    })
    .find(({ logE: value, threshold }) => exceeds(value, Math.exp(threshold)));
}
