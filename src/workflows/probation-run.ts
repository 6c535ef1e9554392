import type { LiveOutcome, StratumCount } from '../activities/store.js';
import {
  addCriticalOutcome,
  addLateCritical,
  emptyCriticalWatch,
  type CriticalAlarm,
  type CriticalWatch,
} from '../domain/gate/critical-watch.js';
import { stratumOf } from '../domain/gate/live-outcome.js';
import {
  addLateReference,
  addPromotionOutcome,
  emptyPromotionMonitor,
  hasTested,
  type PromotionAction,
  type PromotionMonitorState,
} from '../domain/gate/promotion-monitor.js';
import { asksForMore, promotionIfNoneCame } from '../domain/gate/pending.js';
import { isProbationOver } from '../domain/gate/rollout.js';
import { standingWatch } from '../domain/gate/standing-watch.js';
import { referenceStrata } from '../domain/gate/strata.js';
import type { EpisodeId } from '../domain/ids.js';
import { noteDrift, scopeOut } from './candidate-steps.js';
import {
  countOf,
  liveOutcomeOf,
  nextPage,
  reference,
  stillOutstanding,
  type Outstanding,
  type Position,
  type RolloutEnd,
  type RolloutSetting,
} from './live-reading.js';
import { alarmRecord } from './monitor-record.js';
import { aPace, paceAfter, type Pace } from './safety-timer.js';

/** Failed episodes that a drift is learned from, at most. */
const MOST_FAILURES = 5;
/** A live outcome below this is a failure to learn from. */
const FAILED_BELOW = 0.5;

/** How far a probation has come, as one run of its workflow hands it to the next. */
export interface ProbationRun {
  readonly startMs: number;
  readonly strata: readonly StratumCount[];
  readonly monitor: PromotionMonitorState;
  readonly critical: CriticalWatch;
  readonly failures: readonly EpisodeId[];
  readonly position: Position;
  readonly pace: Pace;
  /** Outcomes that can never be known. */
  readonly voids: number;
  readonly outstanding: Outstanding | null;
}

async function beginProbation(
  { tenant, agent, candidate }: RolloutSetting,
  from: number,
): Promise<ProbationRun> {
  const startMs = Date.now();
  const found = await reference({ tenant, agent, candidate });
  const { strata, criticalCategories = [], pending = [] } = found;
  return {
    startMs,
    strata,
    monitor: emptyPromotionMonitor(referenceStrata(strata)),
    critical: emptyCriticalWatch(criticalCategories, strata),
    failures: [],
    // What was not decided of the version before is asked for along with what is passed over from here on.
    position: { cursor: from, passedOver: pending },
    pace: aPace(startMs),
    voids: 0,
    outstanding: null,
  };
}

/**
 * Watches a promoted candidate until probation is over or the monitor asks for more than a note (GATE 2.12).
 * One slice that lost is served by the version before, and a candidate that leaves it out is opened; a mean
 * that fell while no slice did is drift, which the promotion has no part in. Offers to be handed over before
 * each look.
 */
export async function runProbation(
  setting: RolloutSetting,
  from: number,
  resumed: ProbationRun | null,
  handOver: (run: ProbationRun) => Promise<void>,
): Promise<RolloutEnd> {
  const { policy, show } = setting;
  const begun = resumed ?? (await beginProbation(setting, from));
  const { startMs, strata } = begun;
  let { monitor, critical, failures, position, pace, voids, outstanding } = begun;

  for (;;) {
    if (setting.isInterrupted()) return { kind: 'interrupted', outcomes: monitor.outcomes };
    const read = { position, pace, voids, outstanding };
    await handOver({ startMs, strata, monitor, critical, failures, ...read });
    const left = startMs + policy.probation.durationMs - Date.now();
    const page = await nextPage(setting, position, left > 0 ? left : Infinity, pace);
    pace = paceAfter(pace, page.outcomes.length, Date.now());
    position = { cursor: page.cursor, passedOver: page.passedOver };
    if (page.state !== null && page.state !== 'probation') {
      return { kind: 'moved', to: page.state, failures };
    }
    for (const outcome of page.outcomes) {
      const seen = liveOutcomeOf(outcome);
      if (isOfReference(outcome, from, setting) && outcome.isVoid !== true) {
        monitor = addLateReference(monitor, seen);
        critical = addLateCritical(critical, seen);
      }
      if (!isOfPromotion(outcome, from, setting)) continue;
      if (outcome.isVoid === true) {
        voids += 1;
        continue;
      }
      const { action } = monitor;
      monitor = addPromotionOutcome(monitor, seen);
      critical = addCriticalOutcome(critical, seen);
      if (critical.alarm !== undefined) {
        return categoryAlarm(critical.alarm, monitor.outcomes, outcome.number);
      }
      if (seen.success < FAILED_BELOW) {
        failures = [...failures, outcome.episode].slice(-MOST_FAILURES);
      }
      if (monitor.action === action) continue;
      const isAnswered = await answer(setting, monitor, strata, failures);
      if (!isAnswered) return { ...alarmOf(monitor, outcome.number), failures };
    }
    const { outcomes } = monitor;
    show(`**Probation**: ${String(outcomes)} of ${String(policy.probation.outcomes)} outcomes`);
    const progress = { outcomes, elapsedMs: Date.now() - startMs };
    const missing = page.passedOver.filter((number) => number > from);
    if (isProbationOver(policy, progress)) {
      outstanding ??= { since: Date.now(), tasks: missing };
      const waits = await waitsFor(setting, monitor, outstanding, page.passedOver);
      if (waits > 0) {
        show(`**Probation** waits for the outcomes of ${String(waits)} tasks`);
        if (Date.now() - outstanding.since < policy.probation.durationMs) continue;
        return { kind: 'silent', outcomes, missing: waits };
      }
      if (!hasTested(monitor)) {
        return { kind: 'silent', outcomes, missing: outcomes, test: 'no outcomes to compare with' };
      }
      const { cursor, passedOver } = position;
      const read = { cursor, passedOver, from };
      return { kind: 'passed', outcomes, watch: standingWatch(monitor, critical), read };
    }
    // Tasks enough were served, and what came of them is not known: no news is no good news.
    const silent = missing.length + voids;
    const isSilent = outcomes + silent >= policy.probation.minOutcomes;
    if (progress.elapsedMs >= policy.probation.durationMs && isSilent) {
      return { kind: 'silent', outcomes, missing: silent };
    }
  }
}

/** How many tasks a verdict waits for: those whose outcomes, if they never came, would have the promotion taken back. */
async function waitsFor(
  setting: RolloutSetting,
  monitor: PromotionMonitorState,
  outstanding: Outstanding,
  passedOver: readonly number[],
): Promise<number> {
  const served = await stillOutstanding(setting, outstanding, passedOver);
  const own = served.filter(
    ({ arm, version }) => arm === null || (arm === 'active' && version !== setting.baseline),
  );
  return asksForMore(monitor, promotionIfNoneCame(monitor, own)) ? countOf(own) : 0;
}

/** Does what the monitor asks for short of a rollback; false where only that is left. */
async function answer(
  { tenant, agent, candidate, mayScope, record }: RolloutSetting,
  monitor: PromotionMonitorState,
  strata: readonly StratumCount[],
  episodes: readonly EpisodeId[],
): Promise<boolean> {
  const { action } = monitor;
  const of = { tenant, agent, candidate };
  const detail = { stage: 'probation', automatic: true, ...alarmRecord(monitor) };
  if (action.kind === 'drift') {
    const reason = `drift in probation after ${String(action.at)} outcomes: no slice fell against its own past`;
    await noteDrift({ ...of, episodes, reason, detail });
    record(reason);
    return true;
  }
  if (action.kind !== 'scope' || !mayScope) return false;
  const own = strata.find(({ slices }) => stratumOf(slices) === action.slice)?.slices;
  if (own === undefined) return false;
  const others = strata.map(({ slices }) => slices).filter((slices) => slices !== own);
  const reason = `alarm in probation on ${action.slice} alone after ${String(action.at)} outcomes`;
  const scoped = await scopeOut({ ...of, slices: own, others, reason, detail });
  if (scoped.candidate === null) return false;
  record(`${reason}: the version before serves it; ${scoped.candidate} leaves it out`);
  return true;
}

function alarmOf(
  monitor: PromotionMonitorState,
  at: number,
): Extract<RolloutEnd, { kind: 'alarm' }> {
  const { outcomes, action } = monitor;
  return { kind: 'alarm', outcomes, slice: sliceOf(action), at, ...alarmRecord(monitor) };
}

/** A critical category that grew is taken back whatever the mean did, and never left to a slice. */
function categoryAlarm(
  { category, ...evidence }: CriticalAlarm,
  outcomes: number,
  at: number,
): RolloutEnd {
  const test = `critical category ${category}`;
  return { kind: 'alarm', outcomes, slice: null, category, at, test, ...evidence };
}

function sliceOf(action: PromotionAction): string | null {
  return 'slice' in action ? action.slice : null;
}

/**
 * Whether an outcome says something about a promotion: of a task accepted since, served by its version or one
 * that was promoted on top of it. A version in its canary, pinned or serving an exception says nothing.
 */
function isOfPromotion(
  { number, arm, version }: LiveOutcome,
  from: number,
  { baseline }: RolloutSetting,
): boolean {
  return number > from && arm === 'active' && version !== baseline;
}

/** Whether an outcome says what the version before did, and is known only since. */
function isOfReference(
  { number, version }: LiveOutcome,
  from: number,
  { baseline }: RolloutSetting,
): boolean {
  return number <= from && version === baseline;
}
