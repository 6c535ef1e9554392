import { setCurrentDetails } from '@temporalio/workflow';

import type { LiveOutcome } from '../activities/store.js';
import {
  addLiveOutcome,
  emptyMonitor,
  monitorAction,
  type MonitorState,
} from '../domain/gate/monitor.js';
import { isProbationOver } from '../domain/gate/rollout.js';
import {
  liveOutcomeOf,
  nextPage,
  reference,
  referenceOf,
  type Position,
  type RolloutEnd,
  type RolloutSetting,
} from './live-reading.js';

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
      if (!isOfPromotion(outcome, from, setting)) continue;
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
