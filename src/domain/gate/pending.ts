import type { CanaryState } from './canary.js';
import { addHarm, emptyEProcess, hasReached } from './eprocess.js';
import { addPromotionOutcome, type PromotionMonitorState } from './promotion-monitor.js';

/** Tasks that were served and of whose outcome nothing is known, by combination of slices. */
export interface PendingCount {
  readonly slices: Readonly<Record<string, string>>;
  readonly n: number;
}

/** Tasks of one arm of a canary. */
export interface PendingArm extends PendingCount {
  readonly arm: 'canary' | 'control';
}

/**
 * What a monitor would say if none of these outcomes ever came, which GATE 2.7 counts as 0 once their window
 * has passed. Where that changes what it asks for, missing outcomes are what a promotion would rest on.
 */
export function promotionIfNoneCame(
  monitor: PromotionMonitorState,
  pending: readonly PendingCount[],
): PromotionMonitorState {
  let state = monitor;
  for (const { slices, n } of pending) {
    for (let added = 0; added < n && !asksForMore(monitor, state); added += 1) {
      state = addPromotionOutcome(state, { success: 0, slices });
    }
  }
  return state;
}

/** Whether a monitor asks for a rollback, or for a slice to be left out, where it did not before. */
export function asksForMore(before: PromotionMonitorState, after: PromotionMonitorState): boolean {
  const { kind } = after.action;
  return kind !== before.action.kind && (kind === 'rollback' || kind === 'scope');
}

/** Hypothetical outcomes added at most; more would tell no more. */
const MOST_ADDED = 1000;

/**
 * Whether a canary would do harm if none of these outcomes ever came. Blocks hold what is known alone, so that
 * the arms are set side by side as wholes: each canary outcome less the mean of all controls, with what is
 * missing of either arm a failure. Missing in both alike, it says nothing of the canary.
 */
export function harmsIfNoneCame(canary: CanaryState, pending: readonly PendingArm[]): boolean {
  const { seen, policy } = canary;
  const missing = (arm: PendingArm['arm']): number =>
    pending.filter((entry) => entry.arm === arm).reduce((total, { n }) => total + n, 0);
  const controls = seen.control.n + missing('control');
  if (controls === 0) return missing('canary') > 0;
  const mean = seen.control.success / controls;
  let harm = emptyEProcess();
  for (let added = 0; added < seen.canary.n; added += 1) {
    harm = addHarm(harm, seen.canary.success / seen.canary.n - mean, 0);
  }
  const failed = Math.min(missing('canary'), MOST_ADDED);
  for (let added = 0; added < failed; added += 1) harm = addHarm(harm, -mean, 0);
  return failed > 0 && hasReached(harm, 1 / policy.level);
}
