import { proxyActivities, workflowInfo } from '@temporalio/workflow';

import type { DeploymentFound, LearningActivities } from '../activities/learning-activities.js';
import { emptyCategoryWatch } from '../domain/gate/category-watch.js';
import {
  addCriticalOutcome,
  addLateCritical,
  emptyCriticalWatch,
  type CriticalWatch,
} from '../domain/gate/critical-watch.js';
import { emptyMonitor } from '../domain/gate/monitor.js';
import {
  addLateReference,
  addPromotionOutcome,
  emptyPromotionMonitor,
  type PromotionMonitorState,
} from '../domain/gate/promotion-monitor.js';
import { standingWatch } from '../domain/gate/standing-watch.js';
import { referenceStrata } from '../domain/gate/strata.js';
import type { EpisodeId, Scope, VersionId } from '../domain/ids.js';
import { failuresWith, type Watched } from './learner-watch.js';
import { liveOutcomeOf, readOutcomes, type Position } from './live-reading.js';
import { alarmRecord, type AlarmRecord } from './monitor-record.js';

const { deploymentReference, noteDeployment } = proxyActivities<LearningActivities>({
  startToCloseTimeout: '60s',
});

/** A deployment on its probation: watched like a promotion (GATE 2.12), from its first task on. */
export interface WatchedDeployment extends Position {
  readonly number: number;
  /** The newest task accepted before it. */
  readonly from?: number;
  readonly version: VersionId;
  readonly baseline: VersionId;
  readonly monitor: PromotionMonitorState;
  readonly critical: CriticalWatch;
  /** Outcomes after which its probation is over. */
  readonly wanted: number;
  readonly failures: readonly EpisodeId[];
}

export async function beginDeployment(
  scope: Scope,
  { number, version, baseline }: DeploymentFound,
): Promise<WatchedDeployment> {
  const found = await deploymentReference({ ...scope, number, version, baseline });
  const { strata, criticalCategories, cursor, outcomes: wanted, pending = [] } = found;
  return {
    number,
    from: cursor,
    version,
    baseline,
    monitor: emptyPromotionMonitor(referenceStrata(strata)),
    critical: emptyCriticalWatch(criticalCategories, strata),
    wanted,
    failures: [],
    cursor,
    passedOver: pending,
  };
}

/** Folds what is new, up to an alarm, the end of its probation, or the end of what there is. */
export async function readDeployment(
  scope: Scope,
  deployment: WatchedDeployment,
): Promise<{ readonly deployment: WatchedDeployment; readonly hasRead: boolean }> {
  const { workflowId } = workflowInfo();
  const { cursor, passedOver, version, baseline, from = 0 } = deployment;
  const page = await readOutcomes({ ...scope, candidate: null, workflowId, cursor, passedOver });
  let folded = deployment;
  for (const outcome of page.outcomes) {
    if (outcome.number <= from && outcome.version === baseline && outcome.isVoid !== true) {
      const late = liveOutcomeOf(outcome);
      folded = {
        ...folded,
        monitor: addLateReference(folded.monitor, late),
        critical: addLateCritical(folded.critical, late),
      };
    }
    if (outcome.version !== version || outcome.isVoid === true || isSettled(folded)) continue;
    const seen = liveOutcomeOf(outcome);
    folded = {
      ...folded,
      monitor: addPromotionOutcome(folded.monitor, seen),
      critical: addCriticalOutcome(folded.critical, seen),
      failures: failuresWith(folded.failures, outcome),
    };
  }
  return {
    deployment: { ...folded, cursor: page.cursor, passedOver: page.passedOver },
    hasRead: page.outcomes.length > 0,
  };
}

function isSettled(deployment: WatchedDeployment): boolean {
  return deploymentAlarm(deployment) !== null || hasSurvived(deployment);
}

export function hasSurvived({ monitor, wanted }: WatchedDeployment): boolean {
  return monitor.outcomes >= wanted;
}

/** What a deployment did to the outcomes of an agent; null while nothing is shown. */
export type DeploymentAlarm = AlarmRecord & {
  readonly kind: 'regression' | 'drift';
  readonly slice: string | null;
};

export function deploymentAlarm({ monitor, critical }: WatchedDeployment): DeploymentAlarm | null {
  if (critical.alarm !== undefined) {
    const { category, ...evidence } = critical.alarm;
    const test = `critical category ${category}`;
    return { kind: 'regression', slice: null, test, ...evidence };
  }
  const { action } = monitor;
  if (action.kind === 'none') return null;
  const slice = 'slice' in action ? action.slice : null;
  const kind = action.kind === 'drift' ? 'drift' : 'regression';
  return { kind, slice, ...alarmRecord(monitor) };
}

/** Says in the audit what a deployment did, and has recent failures learned from. */
export async function sayWhatItDid(
  scope: Scope,
  { version, baseline, failures: episodes }: Pick<Watched, 'version' | 'baseline' | 'failures'>,
  { kind: conclusion, slice, ...evidence }: DeploymentAlarm,
): Promise<void> {
  const reason =
    conclusion === 'drift'
      ? 'since the deployment the mean fell and no slice did: the mix of tasks or the world changed'
      : `since the deployment outcomes are worse on ${slice ?? 'all tasks'}; what was deployed before is for a person to bring back`;
  const detail = { automatic: true, slice, version, baseline, ...evidence };
  await noteDeployment({ ...scope, version, conclusion, episodes, reason, detail });
}

/** Goes on after its probation, where no promotion is watched: there is no candidate to take back. */
export function afterProbation(deployment: WatchedDeployment): Watched {
  const { version, baseline, monitor, critical, failures, cursor, passedOver, from } = deployment;
  return {
    candidate: null,
    version,
    baseline,
    standing: standingWatch(monitor, critical),
    benefit: emptyMonitor({}),
    categories: emptyCategoryWatch([]),
    outcomes: 0,
    failures,
    cursor,
    passedOver,
    ...(from === undefined ? {} : { from }),
  };
}
