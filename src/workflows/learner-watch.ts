import { proxyActivities, proxyLocalActivities, workflowInfo } from '@temporalio/workflow';

import type { LearningActivities } from '../activities/learning-activities.js';
import type { LiveOutcome } from '../activities/store.js';
import {
  addWatchedCategory,
  emptyCategoryWatch,
  type CategoryWatch,
} from '../domain/gate/category-watch.js';
import { emptyCriticalWatch } from '../domain/gate/critical-watch.js';
import {
  addLiveOutcome,
  emptyMonitor,
  monitorAnew,
  type MonitorState,
} from '../domain/gate/monitor.js';
import {
  addLateStanding,
  addStandingOutcome,
  standingAction,
  standingAnew,
  standingWatch,
  type StandingEvidence,
  type StandingWatch,
} from '../domain/gate/standing-watch.js';
import { emptyPromotionMonitor } from '../domain/gate/promotion-monitor.js';
import { referenceStrata } from '../domain/gate/strata.js';
import type { CandidateId, EpisodeId, Scope, VersionId } from '../domain/ids.js';
import { liveOutcomeOf, readOutcomes, referenceOf } from './live-reading.js';
import type { ReadSoFar } from './messages.js';

const { reference } = proxyLocalActivities<LearningActivities>({
  startToCloseTimeout: '60s',
  localRetryThreshold: '2m',
});
export const { rollBack, concludeDiagnosis, stopWatching, noteCategoryShift } =
  proxyActivities<LearningActivities>({
    startToCloseTimeout: '60s',
  });

/** The promotion, or deployment, that is watched after its probation. */
export interface Watched {
  /** Null for a deployment, which no pointer takes back. */
  readonly candidate: CandidateId | null;
  readonly version: VersionId;
  /** Deployments since, which serve its lessons under new instructions or tools. */
  readonly deployed?: readonly VersionId[];
  readonly baseline: VersionId;
  /** Worse than the strata's own past? */
  readonly standing: StandingWatch;
  /** Worse than the version itself was? Its gain may be gone without harm. */
  readonly benefit: MonitorState;
  /** Do its tasks end in other ways than they did? It is told, and nothing is taken back for it. */
  readonly categories: CategoryWatch;
  readonly outcomes: number;
  readonly failures: readonly EpisodeId[];
  readonly cursor: number;
  readonly passedOver: readonly number[];
  /** The newest task accepted before it was promoted or deployed. */
  readonly from?: number;
  /** Tasks up to it are what its own rate was taken from: the benefit monitor sees none of them again. */
  readonly since?: number;
}

/** A promotion whose probation is over: what it is watched by, and how far its outcomes were read. */
export interface Survivor {
  readonly candidate: CandidateId;
  readonly watch: StandingWatch | null;
  readonly read: ReadSoFar | null;
}

/** What the watch asks for, with the evidence of it. */
export type WatchAlarm =
  | { readonly kind: 'none' }
  | {
      readonly kind: 'diagnose' | 'rollback';
      /** `category`: a critical kind of failure grew, and no diagnosis is waited for. */
      readonly purpose: 'rollback' | 'benefit' | 'category';
      readonly slice: string | null;
      readonly evidence: StandingEvidence;
    };

/** Failed episodes that a drift is learned from, at most. */
const MOST_FAILURES = 5;
const FAILED_BELOW = 0.5;
/** Outcomes of a page after which another one is looked for at once. */
const LONG_PAGE = 100;

/** Begins where a survived probation ended. */
export async function beginWatch(
  scope: Scope,
  { candidate, watch: survived, read }: Survivor,
): Promise<Watched> {
  const found = await reference({ ...scope, candidate });
  const { strata, own, cursor, version, baseline, criticalCategories = [] } = found;
  const standing =
    survived ??
    standingWatch(
      emptyPromotionMonitor(referenceStrata(strata)),
      emptyCriticalWatch(criticalCategories, strata),
    );
  return {
    candidate,
    version,
    baseline,
    standing,
    benefit: emptyMonitor({ benefit: referenceOf(own) }),
    categories: emptyCategoryWatch(own),
    outcomes: 0,
    failures: [],
    ...(read ?? { cursor, passedOver: [] }),
    since: cursor,
  };
}

/** What is watched goes on under new instructions or tools: paired replays will part the two causes. */
export function followDeployment(
  watched: Watched,
  { version, baseline }: { readonly version: VersionId; readonly baseline: VersionId },
): Watched {
  const { deployed = [] } = watched;
  const isItsOwn = [watched.version, ...deployed].includes(baseline);
  return isItsOwn && !deployed.includes(version)
    ? { ...watched, deployed: [...deployed, version] }
    : watched;
}

/** The newest failures, with this outcome where it is one. */
export function failuresWith(
  failures: readonly EpisodeId[],
  { success, episode }: LiveOutcome,
): readonly EpisodeId[] {
  return (success ?? 0) < FAILED_BELOW ? [...failures, episode].slice(-MOST_FAILURES) : failures;
}

/**
 * Folds what is new, outcome by outcome, so that nothing depends on how many were read together: an alarm stands
 * though M falls again before the page ends, and what asks for a rollback is looked for no further.
 */
export async function readWatch(
  scope: Scope,
  watched: Watched,
): Promise<{
  readonly watched: Watched;
  readonly alarm: WatchAlarm;
  readonly hasRead: boolean;
  /** A page this long may not have been all there is. */
  readonly mayHaveMore: boolean;
}> {
  const { workflowId } = workflowInfo();
  const { cursor, passedOver, version, baseline, from = 0, deployed = [] } = watched;
  const serving = [version, ...deployed];
  const page = await readOutcomes({ ...scope, candidate: null, workflowId, cursor, passedOver });
  let folded = watched;
  let alarm = watchAlarm(watched);
  for (const outcome of page.outcomes) {
    if (outcome.number <= from && outcome.version === baseline && outcome.isVoid !== true) {
      const standing = addLateStanding(folded.standing, liveOutcomeOf(outcome));
      folded = { ...folded, standing };
    }
    if (alarm.kind === 'rollback') continue;
    if (!serving.includes(outcome.version) || outcome.isVoid === true) continue;
    folded = withOutcome(folded, outcome);
    const found = watchAlarm(folded);
    if (alarm.kind === 'none' || found.kind === 'rollback') alarm = found;
  }
  const { shift } = folded.categories;
  if (shift !== undefined && watched.categories.shift === undefined) {
    const { candidate } = watched;
    await noteCategoryShift({ ...scope, candidate, version, shift });
  }
  return {
    watched: { ...folded, cursor: page.cursor, passedOver: page.passedOver },
    alarm,
    hasRead: page.outcomes.length > 0,
    mayHaveMore: page.outcomes.length >= LONG_PAGE,
  };
}

function withOutcome(watched: Watched, outcome: LiveOutcome): Watched {
  const seen = liveOutcomeOf(outcome);
  const isNew = outcome.number > (watched.since ?? 0);
  return {
    ...watched,
    failures: failuresWith(watched.failures, outcome),
    standing: addStandingOutcome(watched.standing, seen),
    benefit: isNew ? addLiveOutcome(watched.benefit, seen) : watched.benefit,
    categories: addWatchedCategory(watched.categories, seen),
    outcomes: watched.outcomes + 1,
  };
}

/** What the watch asks for: a diagnosis first, for the cause may be the world; a severe loss goes back at once. */
function watchAlarm({ standing, benefit, deployed = [] }: Watched): WatchAlarm {
  const action = standingAction(standing);
  if (action.kind !== 'none') {
    const { slice = null, category, evidence } = action;
    // What was deployed on top may have done it: the replays, which run both under it, part the two.
    const isShared = deployed.length > 0 && category === undefined;
    const kind = isShared ? 'diagnose' : action.kind;
    return { kind, purpose: category === undefined ? 'rollback' : 'category', slice, evidence };
  }
  const [lost] = benefit.alarms;
  if (lost === undefined) return { kind: 'none' };
  const { slice = null, logE, at: n } = lost;
  const watches = benefit.watches.filter((watch) => watch.slice !== undefined).length;
  const threshold = Math.log(benefit.policy.threshold * (slice === null ? 1 : watches));
  const evidence = { test: `benefit monitor, ${slice ?? 'all'}`, logE, threshold, n };
  return { kind: 'diagnose', purpose: 'benefit', slice, evidence };
}

/**
 * After a diagnosis that found no regression the alarms begin anew. Where it found drift, what the strata did before
 * is of another world, and so is its own rate: what comes is compared with what comes since.
 */
export function watchedAnew(watched: Watched, conclusion: 'drift' | 'unresolved'): Watched {
  const isOld = conclusion === 'drift';
  const standing = standingAnew(watched.standing);
  return {
    ...watched,
    standing: isOld ? { ...standing, strata: {} } : standing,
    benefit: isOld ? emptyMonitor({}) : monitorAnew(watched.benefit),
    failures: [],
    ...(isOld ? { from: 0 } : {}),
  };
}
