import {
  condition,
  proxyActivities,
  proxyLocalActivities,
  setCurrentDetails,
  sleep,
} from '@temporalio/workflow';

import type { LearningActivities, OutcomeRead } from '../activities/learning-activities.js';
import type { LiveOutcome } from '../activities/store.js';
import type { CandidateState } from '../domain/candidate.js';
import type { Actor } from '../domain/feedback.js';
import {
  addCanaryOutcome,
  emptyCanary,
  type CanaryAlarm,
  type CanaryState,
} from '../domain/gate/canary.js';
import {
  addLiveOutcome,
  emptyMonitor,
  monitorAction,
  type FailureReference,
  type MonitorState,
} from '../domain/gate/monitor.js';
import { stratumOf } from '../domain/gate/live-outcome.js';
import { isProbationOver, nextRolloutStep, type RolloutPolicy } from '../domain/gate/rollout.js';
import { sliceName } from '../domain/gate/slices.js';
import type { CandidateId, Scope, VersionId } from '../domain/ids.js';
import { safetyMs } from './safety-timer.js';

const { readOutcomes, reference } = proxyLocalActivities<LearningActivities>({
  startToCloseTimeout: '30s',
  localRetryThreshold: '2m',
});
const { startCanary, widenCanary } = proxyActivities<LearningActivities>({
  startToCloseTimeout: '60s',
});

/** What a rollout needs from the workflow that carries the candidate. */
export interface RolloutSetting extends Scope {
  readonly candidate: CandidateId;
  readonly version: VersionId;
  readonly workflowId: string;
  readonly policy: RolloutPolicy;
  readonly seed: number;
  /** In whose name the canary starts: the system, or the person who forced it. */
  readonly actor: Actor;
  readonly note: string;
  /** Whether a wake came since the last look; looking clears it. */
  readonly takeWake: () => boolean;
  readonly isWoken: () => boolean;
  /** Set once a person decided something that ends this stage. */
  readonly isInterrupted: () => boolean;
}

/** Lets outcomes of one moment be read together. */
const SETTLING_MS = 500;

export type RolloutEnd =
  | { readonly kind: 'passed'; readonly outcomes: number; readonly cursor: number }
  | {
      readonly kind: 'alarm';
      readonly outcomes: number;
      readonly slice: string | null;
      readonly logE: number;
      readonly at: number;
    }
  | { readonly kind: 'interrupted'; readonly outcomes: number }
  /** Another workflow or a person moved the candidate meanwhile. */
  | { readonly kind: 'moved'; readonly to: CandidateState };

/** How far the outcomes have been read. */
interface Position {
  readonly cursor: number;
  readonly passedOver: readonly number[];
}

/** Waits for a wake, an interruption or the safety timer; then reads what is new. */
async function nextPage(
  setting: RolloutSetting,
  position: Position,
  maxWaitMs: number,
  emptyLooks: number,
): Promise<OutcomeRead> {
  const { tenant, agent, candidate, workflowId } = setting;
  const read = () => readOutcomes({ tenant, agent, candidate, workflowId, ...position });
  const page = await read();
  if (page.outcomes.length > 0) return page;
  const timeout = Math.max(1, Math.min(safetyMs(emptyLooks), maxWaitMs));
  const isWoken = await condition(() => setting.isWoken() || setting.isInterrupted(), timeout);
  if (isWoken && !setting.isInterrupted()) await sleep(SETTLING_MS);
  setting.takeWake();
  return read();
}

/** 5 -> 25 -> 50 % of tasks, each stage until its outcomes and its time have come, or an alarm. */
export async function runCanary(setting: RolloutSetting): Promise<RolloutEnd> {
  const { tenant, agent, candidate, policy } = setting;
  const of = { tenant, agent, candidate, actor: setting.actor, detail: {} };
  let stage = 0;
  let started = false;
  const { strata } = await reference({ tenant, agent, candidate });
  let canary: CanaryState = emptyCanary(Object.keys(referenceOf(strata).slices));
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
        setCurrentDetails(`Canary waits: ${answer.why}`);
        const isAwake = () => setting.isWoken() || setting.isInterrupted();
        await condition(isAwake, safetyMs(emptyLooks));
        emptyLooks += 1;
        setting.takeWake();
        continue;
      }
      emptyLooks = 0;
      started = true;
      stageOutcomes = 0;
      setCurrentDetails(canaryDetails(stage, policy, stageOutcomes, canary));
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
      if (arm === undefined) continue;
      canary = withSlices(canary, outcome);
      canary = addCanaryOutcome(canary, { ...liveOutcomeOf(outcome), arm });
      if (arm === 'canary') stageOutcomes += 1;
      if (canary.alarm !== undefined) return alarmOf(canary.alarm, canary.outcomes, outcome.number);
    }
    setCurrentDetails(canaryDetails(stage, policy, stageOutcomes, canary));
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

/** Watches a promoted candidate until probation is over or the monitor alarms. */
export async function runProbation(setting: RolloutSetting, from: number): Promise<RolloutEnd> {
  const { tenant, agent, candidate, policy } = setting;
  const startMs = Date.now();
  const { strata } = await reference({ tenant, agent, candidate });
  let monitor: MonitorState = emptyMonitor({ rollback: referenceOf(strata) });
  let position: Position = { cursor: from, passedOver: [] };
  let emptyLooks = 0;

  for (;;) {
    if (setting.isInterrupted()) return { kind: 'interrupted', outcomes: monitor.outcomes };
    const left = startMs + policy.probation.durationMs - Date.now();
    const page = await nextPage(setting, position, left > 0 ? left : Infinity, emptyLooks);
    emptyLooks = page.outcomes.length > 0 ? 0 : emptyLooks + 1;
    position = page;
    if (page.state !== null && page.state !== 'probation') return { kind: 'moved', to: page.state };
    for (const outcome of page.outcomes) {
      // Tasks assigned before the promotion, or served by another version, say nothing about it.
      if (outcome.number <= from || outcome.version !== setting.version) continue;
      monitor = addLiveOutcome(monitor, liveOutcomeOf(outcome));
      if (monitorAction(monitor, { inProbation: true }) === 'rollback') {
        const [alarm] = monitor.alarms;
        return {
          kind: 'alarm',
          outcomes: monitor.outcomes,
          slice: alarm?.slice ?? null,
          logE: alarm?.logE ?? 0,
          at: outcome.number,
        };
      }
    }
    setCurrentDetails(
      `**Probation**: ${String(monitor.outcomes)} of ${String(policy.probation.outcomes)} outcomes, no alarm`,
    );
    const progress = { outcomes: monitor.outcomes, elapsedMs: Date.now() - startMs };
    if (isProbationOver(policy, progress)) {
      return { kind: 'passed', outcomes: monitor.outcomes, cursor: position.cursor };
    }
  }
}

/** Failures per slice and in all, from counts per stratum. */
export function referenceOf(
  strata: readonly {
    readonly slices: Readonly<Record<string, string>>;
    readonly n: number;
    readonly failures: number;
  }[],
): FailureReference {
  const slices: Record<string, { n: number; failures: number }> = {};
  const overall = { n: 0, failures: 0 };
  for (const stratum of strata) {
    overall.n += stratum.n;
    overall.failures += stratum.failures;
    for (const [key, value] of Object.entries(stratum.slices)) {
      const counts = (slices[sliceName(key, value)] ??= { n: 0, failures: 0 });
      counts.n += stratum.n;
      counts.failures += stratum.failures;
    }
  }
  return { overall, slices };
}

/** An outcome as the statistics read it; one that never came counts as a failure. */
export function liveOutcomeOf(outcome: LiveOutcome) {
  return { success: outcome.success ?? 0, slices: outcome.slices };
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

function alarmOf(alarm: CanaryAlarm, outcomes: number, at: number): RolloutEnd {
  return { kind: 'alarm', outcomes, slice: alarm.slice ?? null, logE: alarm.logE, at };
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
