import { condition, proxyActivities } from '@temporalio/workflow';

import type { LearningActivities } from '../activities/learning-activities.js';
import type { LiveOutcome } from '../activities/store.js';
import {
  addCanaryOutcome,
  categoryThreshold,
  defaultCanaryPolicy,
  emptyCanary,
  type CanaryAlarm,
  type CanaryState,
} from '../domain/gate/canary.js';
import { stratumOf } from '../domain/gate/live-outcome.js';
import { nextRolloutStep, type RolloutPolicy } from '../domain/gate/rollout.js';
import { sliceName } from '../domain/gate/slices.js';
import type { VersionId } from '../domain/ids.js';
import {
  liveOutcomeOf,
  nextPage,
  reference,
  referenceOf,
  type Position,
  type RolloutEnd,
  type RolloutSetting,
} from './live-reading.js';
import { safetyMs } from './safety-timer.js';

const { startCanary, widenCanary } = proxyActivities<LearningActivities>({
  startToCloseTimeout: '60s',
});

/** 5 -> 25 -> 50 % of tasks, each stage until its outcomes and its time have come, or an alarm. */
export async function runCanary(setting: RolloutSetting): Promise<RolloutEnd> {
  const { tenant, agent, candidate, policy } = setting;
  const of = { tenant, agent, candidate, actor: setting.actor, detail: {} };
  let stage = 0;
  let started = false;
  const { strata, criticalCategories } = await reference({ tenant, agent, candidate });
  let canary: CanaryState = emptyCanary(
    Object.keys(referenceOf(strata).slices),
    defaultCanaryPolicy,
    criticalCategories,
  );
  let stageOutcomes = 0;
  let stageStartMs = Date.now();
  let position: Position = { cursor: 0, passedOver: [] };
  let emptyLooks = 0;

  for (;;) {
    if (setting.isInterrupted()) return { kind: 'interrupted', outcomes: canary.outcomes };
    const current = policy.stages[stage];
    if (!started && current !== undefined) {
      const reason = `canary at ${String(100 * current.share)} %${setting.note}`;
      const request = { ...of, reason, share: current.share };
      const answer =
        stage === 0
          ? await startCanary({ ...request, seed: setting.seed })
          : await widenCanary(request);
      if (!answer.started) {
        setting.show(`**Canary** waits: ${answer.why}`);
        const isAwake = () => setting.isWoken() || setting.isInterrupted();
        await condition(isAwake, safetyMs(emptyLooks));
        emptyLooks += 1;
        setting.takeWake();
        continue;
      }
      emptyLooks = 0;
      started = true;
      stageOutcomes = 0;
      setting.show(canaryDetails(stage, policy, stageOutcomes, canary));
      stageStartMs = Date.now();
      if (stage === 0) position = { cursor: answer.cursor, passedOver: [] };
    }
    const elapsedMs = Date.now() - stageStartMs;
    const left = (current?.minDurationMs ?? 0) - elapsedMs;
    const page = await nextPage(setting, position, left > 0 ? left : Infinity, emptyLooks);
    emptyLooks = page.outcomes.length > 0 ? 0 : emptyLooks + 1;
    position = page;
    if (page.state !== null && page.state !== 'canary') return { kind: 'moved', to: page.state };
    for (const outcome of page.outcomes) {
      const arm = armOf(outcome, setting.version);
      if (arm === undefined || outcome.isVoid === true) continue;
      canary = withSlices(canary, outcome);
      canary = addCanaryOutcome(canary, { ...liveOutcomeOf(outcome), arm });
      if (arm === 'canary') stageOutcomes += 1;
      if (canary.alarm !== undefined) return alarmOf(canary, canary.alarm, outcome.number);
    }
    setting.show(canaryDetails(stage, policy, stageOutcomes, canary));
    const progress = { outcomes: stageOutcomes, elapsedMs: Date.now() - stageStartMs };
    const step = nextRolloutStep(policy, stage, progress);
    if (page.isFrozen) continue;
    if (step.kind === 'promote') {
      return { kind: 'passed', outcomes: canary.outcomes, cursor: position.cursor };
    }
    if (step.kind === 'advance') {
      stage = step.stage;
      started = false;
    }
  }
}

function armOf(outcome: LiveOutcome, version: VersionId): 'canary' | 'control' | undefined {
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
  outcomes: number,
  canary: CanaryState,
): string {
  const current = policy.stages[stage];
  const share = current === undefined ? '100' : String(100 * current.share);
  return [
    `**Canary** at ${share} %: ${String(outcomes)} of ${String(current?.minOutcomes ?? 0)} outcomes`,
    `${String(canary.overall.n)} blocks compared, strata ${Object.keys(canary.blocks).join('; ') || stratumOf({})}`,
  ].join('  \n');
}
