import { condition, proxyActivities } from '@temporalio/workflow';

import type { CanaryAnswer, LearningActivities } from '../activities/learning-activities.js';
import type { LiveOutcome, ServedCount } from '../activities/store.js';
import {
  addCanaryOutcome,
  categoryThreshold,
  defaultCanaryPolicy,
  emptyCanary,
  type CanaryAlarm,
  type CanaryState,
} from '../domain/gate/canary.js';
import { stratumOf } from '../domain/gate/live-outcome.js';
import { harmsIfNoneCame } from '../domain/gate/pending.js';
import { canTellLoss, emptyPromotionMonitor } from '../domain/gate/promotion-monitor.js';
import { nextRolloutStep, type RolloutPolicy, type RolloutStep } from '../domain/gate/rollout.js';
import { sliceName } from '../domain/gate/slices.js';
import { referenceStrata } from '../domain/gate/strata.js';
import type { VersionId } from '../domain/ids.js';
import {
  countOf,
  liveOutcomeOf,
  nextPage,
  reference,
  referenceOf,
  stillOutstanding,
  type Outstanding,
  type Position,
  type RolloutEnd,
  type RolloutSetting,
} from './live-reading.js';
import { aPace, paceAfter, safetyMs, type Pace } from './safety-timer.js';

const { startCanary, widenCanary } = proxyActivities<LearningActivities>({
  startToCloseTimeout: '60s',
});

/** How far a canary has come, as one run of its workflow hands it to the next. */
export interface CanaryRun {
  readonly stage: number;
  readonly started: boolean;
  readonly canary: CanaryState;
  readonly stageOutcomes: number;
  /** Pairs compared before this stage began. */
  readonly compared: number;
  readonly outstanding: Outstanding | null;
  readonly stageStartMs: number;
  readonly position: Position;
  readonly pace: Pace;
}

async function beginCanary({ tenant, agent, candidate }: RolloutSetting): Promise<CanaryRun> {
  const { strata, criticalCategories } = await reference({ tenant, agent, candidate });
  const slices = Object.keys(referenceOf(strata).slices);
  const nowMs = Date.now();
  return {
    stage: 0,
    started: false,
    canary: emptyCanary(slices, defaultCanaryPolicy, criticalCategories, strata),
    stageOutcomes: 0,
    compared: 0,
    outstanding: null,
    stageStartMs: nowMs,
    position: { cursor: 0, passedOver: [] },
    pace: aPace(nowMs),
  };
}

/**
 * 5 -> 25 -> 50 % of tasks, each stage until its outcomes and its time have come, or an alarm. Offers to be handed
 * over before each look.
 */
export async function runCanary(
  setting: RolloutSetting,
  resumed: CanaryRun | null,
  handOver: (run: CanaryRun) => Promise<void>,
): Promise<RolloutEnd> {
  const { tenant, agent, candidate, policy } = setting;
  const of = { tenant, agent, candidate, actor: setting.actor, detail: {} };
  const begun = resumed ?? (await beginCanary(setting));
  let { stage, started, canary, stageOutcomes, stageStartMs, position, pace } = begun;
  let { compared, outstanding } = begun;

  for (;;) {
    if (setting.isInterrupted()) return { kind: 'interrupted', outcomes: canary.outcomes };
    const served = { stageOutcomes, compared, outstanding };
    await handOver({ stage, started, canary, ...served, stageStartMs, position, pace });
    const current = policy.stages[stage];
    if (!started && current !== undefined) {
      const reason = `canary at ${String(100 * current.share)} %${setting.note}`;
      const request = { ...of, reason, share: current.share };
      const answer = await startStage(setting, stage, request);
      if (!answer.started) {
        setting.show(`**Canary** waits: ${answer.why}`);
        const isAwake = () => setting.isWoken() || setting.isInterrupted();
        await condition(isAwake, safetyMs(pace.emptyLooks));
        pace = paceAfter(pace, 0, Date.now());
        setting.takeWake();
        continue;
      }
      pace = { ...pace, emptyLooks: 0 };
      started = true;
      stageOutcomes = 0;
      compared = canary.overall.n;
      outstanding = null;
      setting.show(canaryDetails(stage, policy, compared, canary));
      stageStartMs = Date.now();
      if (stage === 0) position = { cursor: answer.cursor, passedOver: [] };
    }
    const elapsedMs = Date.now() - stageStartMs;
    const left = (current?.minDurationMs ?? 0) - elapsedMs;
    const page = await nextPage(setting, position, left > 0 ? left : Infinity, pace);
    pace = paceAfter(pace, page.outcomes.length, Date.now());
    position = { cursor: page.cursor, passedOver: page.passedOver };
    if (page.state !== null && page.state !== 'canary') return { kind: 'moved', to: page.state };
    for (const outcome of page.outcomes) {
      const arm = armOf(outcome, setting.version);
      if (arm === undefined || outcome.isVoid === true) continue;
      canary = withSlices(canary, outcome);
      canary = addCanaryOutcome(canary, { ...liveOutcomeOf(outcome), arm });
      if (arm === 'canary') stageOutcomes += 1;
      if (canary.alarm !== undefined) return alarmOf(canary, canary.alarm, outcome.number);
    }
    setting.show(canaryDetails(stage, policy, compared, canary));
    const elapsed = Date.now() - stageStartMs;
    // What has been compared with nothing has shown nothing: it moves no stage. One that serves every task was
    // asked for in place of a canary; what it does is watched in probation.
    const outcomes = current?.share === 1 ? stageOutcomes : canary.overall.n - compared;
    const progress = { outcomes, elapsedMs: elapsed };
    const step = nextRolloutStep(policy, stage, progress);
    if (page.isFrozen) continue;
    const isServed = stageOutcomes + page.passedOver.length >= (current?.minOutcomes ?? 0);
    if (isServed && elapsed >= (current?.minDurationMs ?? 0)) {
      outstanding ??= { since: Date.now(), tasks: page.passedOver };
      const silent = await whatHoldsIt(setting, canary, outstanding, page.passedOver, step.kind);
      if (silent === 'waits') continue;
      if (silent !== null) return silent;
    }
    if (step.kind === 'promote') {
      return { kind: 'passed', outcomes: canary.outcomes };
    }
    if (step.kind === 'advance') {
      stage = step.stage;
      started = false;
    }
  }
}

/**
 * Whether a stage that was served its tasks waits for the rest of them: null where it may go on, an end where it
 * has waited for as long as a probation.
 */
async function whatHoldsIt(
  setting: RolloutSetting,
  canary: CanaryState,
  outstanding: Outstanding,
  passedOver: readonly number[],
  step: RolloutStep['kind'],
): Promise<RolloutEnd | 'waits' | null> {
  const isOver = Date.now() - outstanding.since >= setting.policy.probation.durationMs;
  const { outcomes } = canary;
  if (step === 'stay') {
    const missing = Math.max(outcomes - canary.overall.n, 0) + passedOver.length;
    const test = 'nothing to compare with';
    return isOver && missing > 0 ? { kind: 'silent', outcomes, missing, test } : 'waits';
  }
  const pending = (await stillOutstanding(setting, outstanding, passedOver)).flatMap((counted) => {
    const arm = armOf(counted, setting.version);
    return arm === undefined ? [] : [{ ...counted, arm }];
  });
  if (!harmsIfNoneCame(canary, pending)) return null;
  const missing = countOf(pending);
  setting.show(`**Canary** waits for the outcomes of ${String(missing)} tasks`);
  return isOver ? { kind: 'silent', outcomes, missing } : 'waits';
}

function armOf(
  outcome: Pick<ServedCount, 'arm' | 'version'>,
  version: VersionId,
): 'canary' | 'control' | undefined {
  if (outcome.arm === 'canary') return outcome.version === version ? 'canary' : undefined;
  return outcome.arm === 'active' ? 'control' : undefined;
}

/** A slice that the reference has not seen gets its own alarm from its first outcome on. */
function withSlices(canary: CanaryState, outcome: LiveOutcome): CanaryState {
  const known = new Set(canary.slices.map(({ name }) => name));
  const names = Object.entries(outcome.slices).map(([key, value]) => sliceName(key, value));
  const added = names.filter((name) => !known.has(name));
  if (added.length === 0) return canary;
  return { ...canary, slices: [...canary.slices, ...emptyCanary(added).slices] };
}

/**
 * Begins a stage where nothing is in its way. One that serves every task at once has no controls beside it: it waits
 * until there is a past to tell a loss by, or nothing would ever watch it.
 */
async function startStage(
  { tenant, agent, candidate, seed }: RolloutSetting,
  stage: number,
  request: Parameters<typeof widenCanary>[0],
): Promise<CanaryAnswer> {
  if (stage > 0) return widenCanary(request);
  if (request.share === 1) {
    const { strata } = await reference({ tenant, agent, candidate });
    if (!canTellLoss(emptyPromotionMonitor(referenceStrata(strata)))) {
      const why = 'too few outcomes of what serves are known to tell a loss by';
      return { started: false, why, cursor: 0 };
    }
  }
  return startCanary({ ...request, seed });
}

function alarmOf(
  canary: CanaryState,
  { slice, category, logE, n }: CanaryAlarm,
  at: number,
): RolloutEnd {
  const { outcomes, policy, slices } = canary;
  const alarm = { kind: 'alarm', outcomes, slice: slice ?? null, at, logE, n } as const;
  if (category !== undefined) {
    const threshold = Math.log(categoryThreshold(canary));
    return { ...alarm, category, test: `critical category ${category} in the canary`, threshold };
  }
  const test = slice === undefined ? 'canary harm' : `canary harm in ${slice}`;
  const threshold = Math.log((slice === undefined ? 1 : slices.length) / policy.level);
  return { ...alarm, test, threshold };
}

function canaryDetails(
  stage: number,
  policy: RolloutPolicy,
  compared: number,
  canary: CanaryState,
): string {
  const current = policy.stages[stage];
  const share = current === undefined ? '100' : String(100 * current.share);
  return [
    `**Canary** at ${share} %: ${String(canary.overall.n - compared)} of ${String(current?.minOutcomes ?? 0)} outcomes compared`,
    `${String(canary.overall.n)} compared in all, ${String(canary.outcomes)} seen, strata ${Object.keys(canary.blocks).join('; ') || stratumOf({})}`,
  ].join('  \n');
}
