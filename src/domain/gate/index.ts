/** The door of the gate: what workflows, the command line and the bench may use. */
export {
  CATEGORY_LEVEL,
  SUCCESS_CATEGORY,
  addCategories,
  categoriesThatGrew,
  criticalCategoryThatGrew,
  logHomogeneity,
  shiftLabel,
} from './categories.js';
export type { CategoryCounts, CategoryState, ShiftLabel } from './categories.js';
export { addCanaryOutcome, defaultCanaryPolicy, emptyCanary } from './canary.js';
export type { CanaryAlarm, CanaryOutcome, CanaryPolicy, CanaryState } from './canary.js';
export { REPORT_LEVEL, effectInterval, lowerBound, upperBound } from './confidence-sequence.js';
export type { EffectInterval } from './confidence-sequence.js';
export { addFailure, detectorValue, emptyDetector } from './detector.js';
export type { DetectorKind, EDetector } from './detector.js';
export {
  addDiagnosisPair,
  concludeDiagnosis,
  defaultDiagnosisPolicy,
  emptyDiagnosis,
} from './diagnosis.js';
export type { Diagnosis, DiagnosisPolicy, DiagnosisState } from './diagnosis.js';
export {
  FRACTIONS,
  addHarm,
  addOutcome,
  addSuperiority,
  emptyEProcess,
  exceeds,
  logE,
} from './eprocess.js';
export type { EProcess } from './eprocess.js';
export { defaultGatePolicy, gatePolicy } from './gate-policy.js';
export type { GatePolicy } from './gate-policy.js';
export { reasonText, summarizeGate } from './gate-summary.js';
export type { CategorySummary, GateSummary, SliceSummary } from './gate-summary.js';
export {
  addPair,
  concludeGate,
  decideGate,
  emptyGate,
  isSuperior,
  nextNeed,
  sliceNeeds,
} from './gate.js';
export type { GateDecision, GateState, Verdict } from './gate.js';
export {
  defaultLedgerPolicy,
  emptyLedger,
  nextAlpha,
  openEpochIfDue,
  reserve,
  settle,
  withdraw,
} from './ledger.js';
export type { ErrorLedger, LedgerPolicy, Reservation, ReservationState } from './ledger.js';
export { sliceNames, stratumOf } from './live-outcome.js';
export type { LiveOutcome } from './live-outcome.js';
export {
  addLiveOutcome,
  addToReference,
  defaultMonitorPolicy,
  emptyMonitor,
  emptyReference,
  monitorAction,
} from './monitor.js';
export type {
  FailureCounts,
  FailureReference,
  MonitorAlarm,
  MonitorPolicy,
  MonitorPurpose,
  MonitorState,
} from './monitor.js';
export { emptyPairOrder, resolvePair } from './pair-order.js';
export type { PairOrder } from './pair-order.js';
export { pairOutcome } from './pair.js';
export type { Arm, GatePair, MissingReason, PairOutcome } from './pair.js';
export { expectedPairs, isUnderpowered, plannedPairs } from './power.js';
export type { PowerQuestion } from './power.js';
export { defaultRolloutPolicy, isProbationOver, nextRolloutStep } from './rollout.js';
export type { RolloutPolicy, RolloutProgress, RolloutStage, RolloutStep } from './rollout.js';
export {
  MIN_PINNED_CASES,
  OTHER_SLICE,
  PINNED_SLICE,
  countPool,
  noSlices,
  planSlices,
  sliceName,
  watchedSlices,
} from './slices.js';
export type { PoolCounts, SlicePlan } from './slices.js';
export { addToTally, emptyTally, tallyOf } from './tally.js';
export type { Tally, TallyEntry } from './tally.js';
