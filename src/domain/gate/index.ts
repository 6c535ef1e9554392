/** The door of the gate: what workflows, the command line and the bench may use. */
export { ROLLBACKS_TO_DISARM, addRollback, armed, rearm } from './arming.js';
export type { Arming } from './arming.js';
export { addCanaryOutcome, defaultCanaryPolicy, emptyCanary } from './canary.js';
export type { CanaryAlarm, CanaryOutcome, CanaryPolicy, CanaryState } from './canary.js';
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
export {
  MIN_CATEGORY_REFERENCE,
  UNSEEN_CATEGORY,
  addLiveCategory,
  emptyCategoryDrift,
  referenceShares,
} from './category-drift.js';
export type { CategoryDrift } from './category-drift.js';
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
  hasReached,
  logE,
} from './eprocess.js';
export type { EProcess } from './eprocess.js';
export { examplesToLearn, successInterval } from './examples-to-learn.js';
export type { SuccessInterval } from './examples-to-learn.js';
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
  AUDIT_SHARE,
  HALTING_BIAS,
  UNAUDITED_MARGIN,
  addAudit,
  biasUpperBound,
  emptyAudit,
  isJudgeBiased,
  judgeMargin,
} from './judge-audit.js';
export type { JudgeAudit } from './judge-audit.js';
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
export { summarizePromotion } from './promotion-summary.js';
export type { PromotionSummary } from './promotion-summary.js';
export { emptyPairOrder, resolvePair } from './pair-order.js';
export type { PairOrder } from './pair-order.js';
export { pairOutcome } from './pair.js';
export type { Arm, GatePair, MissingReason, PairOutcome } from './pair.js';
export { PINNED_CAP, pinCases } from './pinned-set.js';
export type { PinnedCase } from './pinned-set.js';
export { expectedPairs, isUnderpowered, plannedPairs } from './power.js';
export type { PowerQuestion } from './power.js';
export {
  addPromotionOutcome,
  defaultPromotionMonitorPolicy,
  emptyPromotionMonitor,
} from './promotion-monitor.js';
export type {
  PromotionAction,
  PromotionAlarm,
  PromotionMonitorPolicy,
  PromotionMonitorState,
} from './promotion-monitor.js';
export { defaultRolloutPolicy, isProbationOver, nextRolloutStep } from './rollout.js';
export type { RolloutPolicy, RolloutProgress, RolloutStage, RolloutStep } from './rollout.js';
export {
  discordantRates,
  drawDifference,
  runDetector,
  runDiagnosis,
  runEffectTest,
  runLife,
  runSlicedGate,
} from './simulation.js';
export type { Draw, EffectRun, LifeRun, PairedModel, SimulatedSlice } from './simulation.js';
export {
  MIN_PINNED_CASES,
  OTHER_SLICE,
  PINNED_SLICE,
  addToPool,
  countPool,
  emptyPool,
  noSlices,
  planSlices,
  sliceName,
  watchedSlices,
} from './slices.js';
export type { PoolCounts, SlicePlan } from './slices.js';
export { addStandingOutcome, standingAction, standingWatch } from './standing-watch.js';
export type { StandingWatch } from './standing-watch.js';
export {
  addReferenceOutcome,
  addStratumOutcome,
  predictiveRate,
  referenceTotal,
  strataWithReference,
} from './strata.js';
export type { Strata, Stratum } from './strata.js';
export { evidenceShares, hasSupport } from './support.js';
export type { SupportSource } from './support.js';
export { addToTally, emptyTally, tallyOf } from './tally.js';
export type { Tally, TallyEntry } from './tally.js';
export { combineVotes, escalateTo, reliability, voteWeight } from './vote.js';
export type { SourceRole, Vote, VoteResult } from './vote.js';
