import {
  allHandlersFinished,
  CancellationScope,
  condition,
  continueAsNew,
  currentUpdateInfo,
  isCancellation,
  proxyActivities,
  proxyLocalActivities,
  setCurrentDetails,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';

import type { LearningActivities } from '../activities/learning-activities.js';
import { SYSTEM } from '../domain/feedback.js';
import { armed, addRollback, rearm as rearmed } from '../domain/gate/arming.js';
import {
  emptyLedger,
  nextAlpha,
  openEpochIfDue,
  release,
  reserve as reserveAlpha,
  settle as settleAlpha,
  withdraw,
} from '../domain/gate/ledger.js';
import { defaultGatePolicy } from '../domain/gate/gate-policy.js';
import { isUnderpowered } from '../domain/gate/power.js';
import type { StandingWatch } from '../domain/gate/standing-watch.js';
import type { CandidateId } from '../domain/ids.js';
import { isHistoryLong } from './history-length.js';
import { learnerDetails } from './learner-details.js';
import type { LearnerInput } from './learner-input.js';
import {
  afterProbation,
  beginDeployment,
  deploymentAlarm,
  hasSurvived,
  readDeployment,
  sayWhatItDid,
  type DeploymentAlarm,
} from './deployment-run.js';
import { checkPairs, replayPairs } from './learner-checks.js';
import {
  beginWatch,
  concludeDiagnosis,
  followDeployment,
  readWatch,
  rollBack,
  stopWatching,
  type WatchAlarm,
  type Watched,
} from './learner-watch.js';
import {
  freeze,
  keep,
  learnerState,
  outcomesWaiting,
  pin,
  proposalsWaiting,
  rearm,
  reserve,
  settle,
  unfreeze,
  unpin,
  type Override,
  type Settlement,
} from './messages.js';

const { mergeProposals } = proxyLocalActivities<LearningActivities>({
  startToCloseTimeout: '60s',
  localRetryThreshold: '2m',
});
const { closeBundle, grantCanary, override, noteDisarmed } = proxyActivities<LearningActivities>({
  startToCloseTimeout: '60s',
});

/** A crash between a commit and its wake leaves nobody to call; looking anyway bounds the delay. */
const SAFETY_MS = 60_000;
/** How often baseline is set beside baseline (GATE 2.2). */
const AA_EVERY_MS = 7 * 86_400_000;

/**
 * The one workflow an agent has that owns its learning: it merges proposals, grants evaluations and
 * canaries one at a time, keeps the error ledger, carries out freeze and pin, counts rollbacks, checks the
 * pairs themselves once a week, and watches what was promoted after its probation has ended.
 *
 * A bundle is evaluated when nothing is evaluated or in its canary: a baseline about to change would
 * make the evaluation a waste.
 */
export async function learner(input: LearnerInput): Promise<void> {
  const { tenant, agent } = input;
  const scope = { tenant, agent };
  const { resumed } = input;
  let ledger = resumed?.ledger ?? emptyLedger(Date.now());
  let evaluating = resumed?.evaluating ?? null;
  let canary = resumed?.canary ?? null;
  let queue = [...(resumed?.queue ?? [])];
  let watched = resumed?.watched ?? null;
  let deployment = resumed?.deployment ?? null;
  let deployedUpTo = resumed?.deployedUpTo ?? 0;
  let frozen = resumed?.frozen ?? false;
  let arming = resumed?.arming ?? armed;
  let discordance = resumed?.discordance ?? null;
  let nextAaMs = resumed?.nextAaMs ?? Date.now() + AA_EVERY_MS;
  let hasProposals = true;
  let isDirty = true;
  let isWoken = false;
  let diagnosing: CancellationScope | null = null;
  let isChecking = false;
  let disarmedBecause: string | null = null;
  const survivors: { candidate: CandidateId; watch: StandingWatch | null }[] = [];

  setHandler(proposalsWaiting, () => {
    hasProposals = true;
  });
  setHandler(outcomesWaiting, () => {
    isWoken = true;
  });
  setHandler(reserve, ({ candidate, maxPairs }) => {
    ledger = openEpochIfDue(ledger, Date.now());
    const { dPlan, minPairs } = defaultGatePolicy;
    const isHeld =
      maxPairs !== undefined &&
      !Object.hasOwn(ledger.reservations, candidate) &&
      (maxPairs < minPairs ||
        (discordance !== null &&
          isUnderpowered({ alpha: nextAlpha(ledger), maxPairs, dPlan, discordance })));
    if (isHeld) return { alpha: nextAlpha(ledger), epoch: ledger.epoch, isUnderpowered: true };
    const reserved = reserveAlpha(ledger, candidate);
    ledger = reserved.ledger;
    return { alpha: reserved.alpha, epoch: ledger.epoch, isUnderpowered: false };
  });
  setHandler(settle, (settlement: Settlement) => {
    const { candidate, workflowId, step, promoted, byPerson = false } = settlement;
    isDirty = true;
    if (step === 'promotion-wanted') return { isArmed: arming.isArmed };
    if (step === 'evaluated') {
      if (evaluating?.candidate === candidate) evaluating = null;
    } else if (step === 'canary-wanted') {
      // In one step, or the next bundle would be closed against a baseline about to change.
      if (evaluating?.candidate === candidate) evaluating = null;
      const known = queue.find((other) => other.candidate === candidate);
      const turn = { candidate, workflowId, byPerson: byPerson || known?.byPerson === true };
      if (known !== undefined) queue = queue.map((other) => (other === known ? turn : other));
      else if (canary?.candidate !== candidate) queue = [...queue, turn];
    } else {
      if (canary?.candidate === candidate) canary = null;
      if (evaluating?.candidate === candidate) evaluating = null;
      queue = queue.filter((other) => other.candidate !== candidate);
      if (step === 'sent-back') ledger = release(ledger, candidate);
      if (step === 'canary-ended') ledger = settleAlpha(ledger, candidate, promoted);
      if (step === 'ended') {
        ledger = promoted ? ledger : withdraw(settleAlpha(ledger, candidate, false), candidate);
        if (settlement.end === 'rolled-back') countRollback();
        if (promoted) survivors.push({ candidate, watch: settlement.watch ?? null });
      }
    }
    return { isArmed: arming.isArmed };
  });
  const act =
    (action: 'freeze' | 'unfreeze' | 'pin' | 'unpin' | 'rearm' | 'keep') =>
    async (given: Override) => {
      await override({
        ...scope,
        action,
        actor: { id: given.actor, role: given.role },
        reason: given.reason,
        version: given.version ?? null,
        lesson: given.lesson ?? null,
        expectedVersion: given.expectedVersion ?? null,
        updateId: currentUpdateInfo()?.id ?? '',
      });
      if (action === 'freeze') frozen = true;
      if (action === 'unfreeze') frozen = false;
      if (action === 'rearm') arming = rearmed(arming);
      isDirty = true;
      return undefined;
    };
  setHandler(freeze, act('freeze'));
  setHandler(unfreeze, act('unfreeze'));
  setHandler(pin, act('pin'));
  setHandler(unpin, act('unpin'));
  setHandler(rearm, act('rearm'));
  setHandler(keep, act('keep'));
  setHandler(learnerState, () => ({
    evaluating: evaluating === null ? [] : [evaluating.candidate],
    canary: canary?.candidate ?? null,
    canaryQueue: queue.map(({ candidate }) => candidate),
    promotions: ledger.discoveries,
    spent: ledger.spent,
    reservations: Object.keys(ledger.reservations).length,
    reserved: Object.entries(ledger.reservations)
      .filter(([, { state }]) => state === 'open')
      .map(([id]) => id),
    frozen,
    watched: watched?.candidate ?? null,
    deployment: deployment?.version ?? null,
    isDiagnosing: diagnosing !== null,
    isArmed: arming.isArmed,
    rollbacks: arming.rollbacks,
    discordance,
  }));

  function countRollback(): void {
    const before = arming;
    arming = addRollback(arming, ledger.epoch);
    if (before.isArmed && !arming.isArmed) {
      disarmedBecause = `${String(arming.rollbacks)} rollbacks in epoch ${String(ledger.epoch)}`;
    }
  }

  /** Takes back what is watched, by evidence that the promotion itself does harm. */
  const takeBack = async (
    { candidate, version, baseline, outcomes }: Watched,
    reason: string,
    { slice, evidence }: Exclude<WatchAlarm, { kind: 'none' }>,
  ): Promise<void> => {
    const of = { stage: 'standing', automatic: true, slice, outcomes, version, baseline };
    const detail = { ...of, ...evidence };
    watched = null;
    await rest();
    if (candidate === null) return;
    await rollBack({ ...scope, candidate, actor: SYSTEM, reason, detail });
    ledger = withdraw(ledger, candidate);
    countRollback();
    isDirty = true;
  };

  /** Tells the promotion from the world, where there is a candidate to take back. */
  const diagnose = async (
    found: Watched,
    { purpose, slice, evidence }: Exclude<WatchAlarm, { kind: 'none' }>,
  ): Promise<void> => {
    const { candidate, version, baseline, failures, outcomes } = found;
    if (candidate === null) return;
    const { conclusion, pairs, seed } = await replayPairs(scope, candidate, found);
    if (watched?.candidate === candidate) watched = null;
    await rest();
    const detail = { purpose, slice, outcomes, pairs, seed, version, baseline, ...evidence };
    await concludeDiagnosis({ ...scope, candidate, conclusion, episodes: failures, detail });
    if (conclusion !== 'regression') return;
    ledger = withdraw(ledger, candidate);
    countRollback();
  };

  /** Stops reading outcomes, unless something else is still watched. */
  const rest = async (): Promise<void> => {
    if (watched !== null || deployment !== null) return;
    await stopWatching({ ...scope, workflowId: workflowInfo().workflowId });
  };

  /** In the background: what serves is watched on meanwhile, and a severe loss does not wait for the answer. */
  const startDiagnosis = (found: Watched, alarm: Exclude<WatchAlarm, { kind: 'none' }>): void => {
    const work = new CancellationScope();
    diagnosing = work;
    void work
      .run(() => diagnose(found, alarm))
      .catch((error: unknown) => {
        if (!isCancellation(error)) throw error;
      })
      .finally(() => {
        diagnosing = null;
        isDirty = true;
        isWoken = true;
      });
  };

  /** A deployment on probation; what it did is said and learned from, and taken back by whoever deployed it. */
  const watchDeployment = async (): Promise<void> => {
    if (deployment === null) return;
    const read = await readDeployment(scope, deployment);
    ({ deployment } = read);
    const found = deploymentAlarm(deployment);
    if (found !== null) await deploymentFailed(deployment, found);
    else if (hasSurvived(deployment)) {
      watched ??= afterProbation(deployment);
      deployment = null;
    }
    if (read.hasRead) isWoken = true;
  };

  const deploymentFailed = async (
    found: Pick<Watched, 'version' | 'baseline' | 'failures'>,
    alarm: DeploymentAlarm,
  ): Promise<void> => {
    if (deployment?.version === found.version) deployment = null;
    else watched = null;
    await rest();
    await sayWhatItDid(scope, found, alarm);
    isDirty = true;
  };

  const watchOutcomes = async (): Promise<void> => {
    if (watched === null) return;
    const read = await readWatch(scope, watched);
    if (read.watched.categories.shift !== watched.categories.shift) isDirty = true;
    watched = read.watched;
    const { alarm } = read;
    if (alarm.kind === 'none') {
      if (read.hasRead) isWoken = true;
      return;
    }
    const found = watched;
    if (found.candidate === null) {
      const { slice, evidence } = alarm;
      await deploymentFailed(found, { kind: 'regression', slice, ...evidence });
      return;
    }
    if (alarm.kind === 'rollback') {
      diagnosing?.cancel();
      const what = alarm.purpose === 'category' ? `${alarm.evidence.test} grew` : 'a severe loss';
      await takeBack(found, `${what} after probation: taken back at once`, alarm);
      return;
    }
    if (diagnosing === null) startDiagnosis(found, alarm);
    // A round is not over while a diagnosis is, so nobody is told that all was read; a severe loss may be in the rest.
    if (read.mayHaveMore) isWoken = true;
  };

  /** How often pairs of one version differ; pairs that favour an arm are no pairs to promote by. */
  const checkAa = async (): Promise<void> => {
    const aa = await checkPairs(scope);
    if (aa === null) return;
    ({ discordance } = aa);
    if (aa.isAlarmed && arming.isArmed) {
      arming = { ...arming, isArmed: false };
      disarmedBecause = `the A/A check alarmed: ln E ${aa.logE.toFixed(2)} over ${String(aa.pairs)} pairs`;
    }
  };

  const startAaCheck = (): void => {
    isChecking = true;
    nextAaMs = Date.now() + AA_EVERY_MS;
    void checkAa().finally(() => {
      isChecking = false;
      isDirty = true;
    });
  };

  for (;;) {
    if (hasProposals) {
      hasProposals = false;
      const { read, deployment: newest } = await mergeProposals(scope);
      if (read > 0) hasProposals = true;
      if (newest != null && newest.number > deployedUpTo) {
        deployedUpTo = newest.number;
        if (watched !== null) watched = followDeployment(watched, newest);
        deployment = await beginDeployment(scope, newest);
        isWoken = true;
      }
      isDirty = true;
    }
    if (disarmedBecause !== null) {
      const reason = disarmedBecause;
      disarmedBecause = null;
      await noteDisarmed({ ...scope, reason });
    }
    if (isDirty) {
      isDirty = false;
      const next = frozen ? undefined : queue.find(({ byPerson }) => arming.isArmed || byPerson);
      if (canary === null && next !== undefined) {
        canary = next;
        queue = queue.filter((turn) => turn !== next);
        await grantCanary({ ...scope, ...next });
      }
      const isFree = frozen ? queue.length === 0 : canary === null && next === undefined;
      // What a drift teaches belongs to the bundle that is open when it is found.
      const mayClose = isFree && canary === null && diagnosing === null;
      if (evaluating === null && mayClose) evaluating = await closeBundle(scope);
      setCurrentDetails(
        learnerDetails({ ledger, evaluating, canary, queue, frozen, arming, discordance, watched }),
      );
    }
    const newest = survivors.pop();
    if (newest !== undefined) {
      survivors.length = 0;
      watched = await beginWatch(scope, newest.candidate, newest.watch);
    }
    if (isWoken || (watched !== null && diagnosing === null)) {
      isWoken = false;
      await watchDeployment();
      await watchOutcomes();
    }
    if (!isChecking && Date.now() >= nextAaMs) startAaCheck();
    const isBusy = diagnosing !== null || isChecking || disarmedBecause !== null;
    if (isHistoryLong(input) && !isBusy && !isDirty && !hasProposals && survivors.length === 0) {
      await condition(allHandlersFinished);
      const state = { ledger, evaluating, canary, queue, watched, frozen };
      const more = { arming, discordance, nextAaMs, deployment, deployedUpTo };
      await continueAsNew<typeof learner>({ ...input, resumed: { ...state, ...more } });
    }
    const isAwake = () =>
      hasProposals || isDirty || isWoken || survivors.length > 0 || disarmedBecause !== null;
    const aaMs = isChecking ? AA_EVERY_MS : Math.max(1, nextAaMs - Date.now());
    const isReading = deployment !== null || (watched !== null && diagnosing === null);
    const safetyMs = isReading ? SAFETY_MS : AA_EVERY_MS;
    await condition(isAwake, Math.min(aaMs, safetyMs));
  }
}
