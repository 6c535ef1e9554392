import { addCanaryOutcome, type CanaryState } from './canary.js';
import { stratumOf } from './live-outcome.js';
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

/** The same of a canary: the outcomes of both arms alike, spread as evenly as each stratum allows. */
export function canaryIfNoneCame(canary: CanaryState, pending: readonly PendingArm[]): CanaryState {
  const strata = new Set(pending.map(({ slices }) => stratumOf(slices)));
  let state = canary;
  for (const stratum of strata) {
    const own = pending.filter(({ slices }) => stratumOf(slices) === stratum);
    const slices = own[0]?.slices ?? {};
    const countOf = (arm: PendingArm['arm']): number =>
      own.filter((entry) => entry.arm === arm).reduce((total, { n }) => total + n, 0);
    const [canaries, controls] = [countOf('canary'), countOf('control')];
    for (let turn = 0, served = 0; turn < Math.max(canaries, 1); turn += 1) {
      const due = Math.round((controls * (turn + 1)) / Math.max(canaries, 1));
      for (; served < due; served += 1) {
        state = addCanaryOutcome(state, { success: 0, slices, arm: 'control' });
      }
      if (turn < canaries) {
        state = addCanaryOutcome(state, { success: 0, slices, arm: 'canary' });
      }
    }
  }
  return state;
}
