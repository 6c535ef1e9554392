import { FRACTIONS } from './eprocess.js';

/**
 * An e-detector: the engine of `eprocess` made to notice a change that comes at any time (Shin, Ramdas &
 * Rinaldo, "E-detectors: a nonparametric framework for sequential change detection", NEJSDS 2024).
 *
 *     shiryaev-roberts   M <- (M + 1) * factor        (a new gambler with one unit joins at each outcome)
 *     cusum              M <- max(M, 1) * factor      (the best gambler so far, or a new one)
 *
 * For Shiryaev-Roberts, M_t - t is a supermartingale as long as the failure rate is at most f0, so the
 * mean time to a false alarm at M >= A is at least A, and P(false alarm within n) <= n / A. CUSUM keeps
 * that promise too, and is far more conservative at the same A.
 */
export type DetectorKind = 'shiryaev-roberts' | 'cusum';

export interface EDetector {
  readonly kind: DetectorKind;
  readonly n: number;
  /** M for each betting fraction. */
  readonly wealth: readonly number[];
}

/** A detector that is far past any alarm stops growing here, so that its state stays finite JSON. */
const LARGEST = 1e300;

export function emptyDetector(kind: DetectorKind): EDetector {
  return { kind, n: 0, wealth: FRACTIONS.map(() => 0) };
}

/** Adds a failure x = 1 - success in [0, 1] against the rate f0, 0 < f0 < 1; anything else is a RangeError. */
export function addFailure(detector: EDetector, x: number, f0: number): EDetector {
  if (!(x >= 0 && x <= 1)) throw new RangeError(`Failure is ${String(x)}, expected 0 to 1`);
  if (!(f0 > 0 && f0 < 1)) throw new RangeError(`f0 is ${String(f0)}, expected 0 < f0 < 1`);
  const gain = x / f0 - 1;
  return {
    kind: detector.kind,
    n: detector.n + 1,
    wealth: FRACTIONS.map((fraction, k) => {
      const before = detector.wealth[k] ?? 0;
      const staked = detector.kind === 'cusum' ? Math.max(before, 1) : before + 1;
      return Math.min(staked * (1 + fraction * gain), LARGEST);
    }),
  };
}

/** M: the mean over the betting fractions; 0 before the first outcome. */
export function detectorValue({ wealth }: EDetector): number {
  return wealth.reduce((total, value) => total + value / wealth.length, 0);
}
