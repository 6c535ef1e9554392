import type { FeatureName } from './step-features.js';

/**
 * What each feature of a step adds to its score.
 *
 * Trained on the developer half of Who&When (Zhang et al. 2025, MIT licence): 91 failures of
 * 70 questions, penalty 64. Written by
 * `ratchet bench attribution --data DIR --weights src/domain/attribution/step-weights.ts`.
 */
export const STEP_WEIGHTS: Readonly<Record<FeatureName, number>> = {
  firstStep: -0.1316,
  place: 0.0372,
  opener: 0.1362,
  verifier: -0.1787,
  length: 0.2783,
  questionWords: 0.597,
  planOffQuestion: 1.122,
  plans: 0.2077,
  assumes: 0.2505,
  firstAssumption: 0.4893,
  byHand: 0.7738,
  claimsCorrect: -0.07411,
  cannot: 0.1554,
  unseenNumbers: 1.117,
  repeats: 0.08,
  endsOnly: -0.3456,
  ends: -0.1985,
  givesAnswer: 0.3721,
  runs: 0.2365,
  firstRun: 0.4479,
  runFailed: 0.3761,
  firstFailedRun: 0.6101,
  emptyResult: 0.7959,
  afterFailure: 0.2832,
  afterResult: -0.5878,
  afterNothingRan: -0.5714,
  nextObjects: -0.1253,
  nextAgrees: 0.3254,
  directedPlace: -0.3734,
  replans: 2.34,
  declaresEnd: -0.5106,
  crash: 1.794,
  workPlace: -0.1367,
  workShare: -0.07019,
  firstWorkOfAgent: 1.189,
  workRepeats: 1.617,
  judgedLoop: -0.1966,
  judgedNoProgress: 0.9439,
  afterTrouble: -0.7867,
  judgedDone: 2.148,
};
