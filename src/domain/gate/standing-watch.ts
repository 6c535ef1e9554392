import { addFailure, detectorValue, emptyDetector } from './detector.js';
import type { EDetector } from './detector.js';
import { exceeds } from './eprocess.js';
import { stratumOf } from './live-outcome.js';
import type { LiveOutcome } from './live-outcome.js';
import type { MonitorPolicy } from './monitor.js';
import type { PromotionMonitorState } from './promotion-monitor.js';
import { addStratumOutcome, predictiveRate } from './strata.js';
import type { Strata } from './strata.js';

/** The watch over one stratum, or over all of them where `name` is absent. */
interface StandingDetector {
  readonly name?: string;
  readonly threshold: number;
  readonly detector: EDetector;
}

/**
 * The watch after probation. A change may come at any time, so Shiryaev-Roberts e-detectors take the
 * place of plain e-processes, still against each stratum's own past: a false alarm comes in A_mon outcomes
 * or more in the mean, S * A_mon for one of S strata.
 */
export interface StandingWatch {
  readonly policy: MonitorPolicy;
  readonly strata: Strata;
  readonly scopedTo?: string;
  readonly detectors: readonly StandingDetector[];
}

/** Goes on where the monitor of a survived probation ended. */
export function standingWatch(monitor: PromotionMonitorState): StandingWatch {
  const policy = monitor.policy.raw;
  const detector = emptyDetector(policy.kind);
  const names = monitor.tests.map(({ name }) => name).filter((name) => name !== monitor.scopedTo);
  const watch: StandingWatch = {
    policy,
    strata: monitor.strata,
    detectors: [
      { threshold: policy.threshold, detector },
      ...names.map((name) => ({ name, threshold: names.length * policy.threshold, detector })),
    ],
  };
  return monitor.scopedTo === undefined ? watch : { ...watch, scopedTo: monitor.scopedTo };
}

/** Adds a live outcome. One of a stratum without reference, or of the scoped slice, is passed over. */
export function addStandingOutcome(watch: StandingWatch, outcome: LiveOutcome): StandingWatch {
  const name = stratumOf(outcome.slices);
  if (!watch.detectors.some((entry) => entry.name === name)) return watch;
  const rate = predictiveRate(watch.strata, name);
  return {
    ...watch,
    strata: addStratumOutcome(watch.strata, outcome),
    detectors: watch.detectors.map((entry) =>
      entry.name === undefined || entry.name === name
        ? { ...entry, detector: addFailure(entry.detector, 1 - outcome.success, rate) }
        : entry,
    ),
  };
}

/**
 * What the watch asks for: paired diagnosis first, since months after a promotion the world is the
 * likelier culprit; a rollback at once where the loss is severe (20 * A_mon).
 */
export function standingAction(watch: StandingWatch): {
  readonly kind: 'none' | 'diagnose' | 'rollback';
  readonly slice?: string;
} {
  const { severeFactor } = watch.policy;
  const reached = (factor: number): StandingDetector | undefined =>
    watch.detectors.find(({ detector, threshold }) =>
      exceeds(Math.log(detectorValue(detector)), factor * threshold),
    );
  const severe = reached(severeFactor);
  const alarmed = severe ?? reached(1);
  if (alarmed === undefined) return { kind: 'none' };
  const kind = severe === undefined ? 'diagnose' : 'rollback';
  return alarmed.name === undefined || alarmed.name === ''
    ? { kind }
    : { kind, slice: alarmed.name };
}
