import {
  allHandlersFinished,
  condition,
  continueAsNew,
  currentUpdateInfo,
  isCancellation,
  patched,
  proxyActivities,
  proxyLocalActivities,
  setCurrentDetails,
  setHandler,
  sleep,
  workflowInfo,
} from '@temporalio/workflow';

import type { LearningActivities } from '../activities/learning-activities.js';
import { SYSTEM } from '../domain/feedback.js';
import { diagnosisSlot, RETRY_MS } from './diagnosis-slot.js';
import { isHistoryLong } from './history-length.js';
import { keepJournal, messageOf, openedJournal, pauseMs } from './journal.js';
import { lateDoor } from './late-door.js';
import { learnerDetails, stateOf } from './learner-details.js';
import type { LearnerInput, Resumed } from './learner-input.js';
import { suspectsOf } from './rollback-diagnosis.js';
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
import { reserveLevel } from './learner-reserve.js';
import {
  beginWatch,
  concludeDiagnosis,
  followDeployment,
  readWatch,
  rollBack,
  stopWatching,
  watchedAnew,
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
  type LevelWanted,
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
/** The shortest pause that ends a step. */
const STEP_MS = 1;
/** How often baseline is set beside baseline (GATE 2.2). */
const AA_EVERY_MS = 7 * 86_400_000;

/** What a learner begins with that no journal holds. */
const NEW: Omit<Resumed, 'journal' | 'frozen' | 'nextAaMs'> = {
  watched: null,
  handedOver: [],
  deployment: null,
  deployedUpTo: 0,
  discordance: null,
};

/**
 * The one workflow an agent has that owns its learning: it merges proposals, grants evaluations and
 * canaries one at a time, keeps the error ledger, carries out freeze and pin, counts rollbacks, checks the
 * pairs themselves once a week, and watches what was promoted after its probation has ended.
 *
 * A bundle is evaluated when nothing is evaluated or in its canary: a baseline about to change would
 * make the evaluation a waste. What it decides by is written to its journal before anybody is answered by it,
 * and an activity that fails for good makes it wait and try again: it never fails itself.
 */
export async function learner(input: LearnerInput): Promise<void> {
  const { tenant, agent, resumed } = input;
  const scope = { tenant, agent };
  const door = lateDoor();
  let hasProposals = true;
  let isDirty = true;
  let isWoken = true;

  setHandler(proposalsWaiting, () => {
    hasProposals = true;
  });
  setHandler(outcomesWaiting, () => {
    isWoken = true;
  });
  const level = (wanted: LevelWanted) => reserveLevel(journal, wanted, discordance);
  setHandler(reserve, door.behind(level));
  setHandler(
    settle,
    door.behind(async ({ watch = null, read = null, ...progress }: Settlement) => {
      const { candidate, step, promoted, end } = progress;
      isDirty = true;
      if (step !== 'promotion-wanted') {
        if (step === 'ended' && promoted) handedOver = [...handedOver, { candidate, watch, read }];
        await journal.note({ kind: 'settled', progress });
      }
      if (end === 'rolled-back' && watched?.candidate === candidate) {
        diagnosis.cancel(candidate);
        watched = null;
      }
      return { isArmed: books().arming.isArmed };
    }),
  );
  const act = (action: 'freeze' | 'unfreeze' | 'pin' | 'unpin' | 'rearm' | 'keep') =>
    door.behind(async (given: Override) => {
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
      if (action === 'rearm') await journal.note({ kind: 'rearmed' });
      isDirty = true;
      return undefined;
    });
  setHandler(freeze, act('freeze'));
  setHandler(unfreeze, act('unfreeze'));
  setHandler(pin, act('pin'));
  setHandler(unpin, act('unpin'));
  setHandler(rearm, act('rearm'));
  setHandler(keep, act('keep'));

  const opened = resumed ?? { ...(await openedJournal(scope)), ...NEW };
  const journal = keepJournal(scope, opened.journal);
  const { books } = journal;
  let { watched, handedOver, deployment, deployedUpTo, frozen, discordance } = opened;
  let nextAaMs = resumed?.nextAaMs ?? Date.now() + AA_EVERY_MS;
  // Told again, for the learner before this one may have been lost between noting its turn and telling it.
  let granting = books().canary;
  let isChecking = false;
  let trouble: string | null = null;
  const diagnosis = diagnosisSlot((failed) => {
    trouble = failed ?? trouble;
    isDirty = true;
    isWoken = true;
  });
  const suspects = suspectsOf(scope, journal, diagnosis);
  door.open();
  setHandler(learnerState, () => ({
    ...stateOf(books()),
    frozen,
    watched: watched?.candidate ?? null,
    deployment: deployment?.version ?? null,
    isDiagnosing: diagnosis.of() !== null || suspects.areThere(),
    discordance,
  }));

  /** Takes back what is watched, by evidence that the promotion itself does harm. */
  const takeBack = async (
    { candidate, version, baseline, outcomes }: Watched,
    reason: string,
    { slice, evidence }: Exclude<WatchAlarm, { kind: 'none' }>,
  ): Promise<void> => {
    const of = { stage: 'standing', automatic: true, slice, outcomes, version, baseline };
    if (candidate !== null) {
      const detail = { ...of, ...evidence };
      await rollBack({ ...scope, candidate, actor: SYSTEM, reason, detail });
      await journal.note({ kind: 'taken-back', candidate });
    }
    watched = null;
    isDirty = true;
    await rest();
  };

  /** Tells the promotion from the world, where there is a candidate to take back. */
  const diagnose = async (
    found: Watched,
    { purpose, slice, evidence }: Exclude<WatchAlarm, { kind: 'none' }>,
  ): Promise<void> => {
    const { candidate, version, baseline, failures, outcomes } = found;
    if (candidate === null) return;
    const fell = purpose === 'rollback' ? slice : null;
    const { conclusion, pairs, seed } = await replayPairs(scope, candidate, found, fell);
    const detail = { purpose, slice, outcomes, pairs, seed, version, baseline, ...evidence };
    await concludeDiagnosis({ ...scope, candidate, conclusion, episodes: failures, detail });
    if (conclusion === 'regression') await journal.note({ kind: 'taken-back', candidate });
    // What still serves is still watched, from here on.
    if (watched?.candidate !== candidate) return;
    watched = conclusion === 'regression' ? null : watchedAnew(watched, conclusion);
    await rest();
  };

  /** Stops reading outcomes, unless something else is still watched. */
  const rest = async (): Promise<void> => {
    if (watched !== null || deployment !== null) return;
    await stopWatching({ ...scope, workflowId: workflowInfo().workflowId });
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
    await sayWhatItDid(scope, found, alarm);
    if (deployment?.version === found.version) deployment = null;
    else watched = null;
    isDirty = true;
    await rest();
  };

  const isWatching = (): boolean => watched !== null;
  /** Whether outcomes are looked for without a wake; not those of what is being looked into. */
  const isReading = (): boolean =>
    deployment !== null || (watched !== null && diagnosis.of() !== watched.candidate);

  const watchOutcomes = async (): Promise<void> => {
    if (watched === null) return;
    const read = await readWatch(scope, watched);
    // Somebody may have taken it back meanwhile.
    if (!isWatching()) return;
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
      diagnosis.cancel(found.candidate);
      const what = alarm.purpose === 'category' ? `${alarm.evidence.test} grew` : 'a severe loss';
      await takeBack(found, `${what} after probation: taken back at once`, alarm);
      return;
    }
    diagnosis.begin(found.candidate, () => diagnose(found, alarm));
    // A round is not over while a diagnosis is, so nobody is told that all was read; a severe loss may be in the rest.
    if (read.mayHaveMore) isWoken = true;
  };

  /** Watches the newest promotion that survived; a learner that started anew, what the one before it watched. */
  const watchSurvivor = async (): Promise<void> => {
    const { survivors, watching } = books();
    const newest = survivors.at(-1) ?? (watched === null ? watching : null);
    if (newest === null || watched?.candidate === newest) return;
    const survivor = handedOver.findLast(({ candidate }) => candidate === newest);
    const begun = await beginWatch(
      scope,
      survivor ?? { candidate: newest, watch: null, read: null },
    );
    // It may have been taken back meanwhile.
    const still = books();
    if (!still.survivors.includes(newest) && still.watching !== newest) return;
    watched = begun;
    handedOver = handedOver.slice(survivor === undefined ? 0 : handedOver.indexOf(survivor) + 1);
    await journal.note({ kind: 'watching', candidate: newest });
  };

  /** How often pairs of one version differ; pairs that favour an arm are no pairs to promote by. */
  const checkAa = async (): Promise<void> => {
    const aa = await checkPairs(scope);
    if (aa === null) return;
    ({ discordance } = aa);
    if (!aa.isAlarmed) return;
    const reason = `the A/A check alarmed: ln E ${aa.logE.toFixed(2)} over ${String(aa.pairs)} pairs`;
    await journal.note({ kind: 'disarmed', reason });
  };

  const startAaCheck = (): void => {
    isChecking = true;
    nextAaMs = Date.now() + AA_EVERY_MS;
    void checkAa()
      .catch((error: unknown) => {
        if (isCancellation(error)) return;
        trouble = `an A/A check failed: ${messageOf(error)}`;
        nextAaMs = Date.now() + RETRY_MS;
      })
      .finally(() => {
        isChecking = false;
        isDirty = true;
      });
  };

  /** Everything there is to do by now; each part may be done again where a later one failed. */
  const look = async (): Promise<void> => {
    if (hasProposals) {
      hasProposals = false;
      const { read, deployment: newest } = await mergeProposals(scope);
      if (read > 0) hasProposals = true;
      if (newest != null && newest.number > deployedUpTo) {
        deployment = await beginDeployment(scope, newest);
        deployedUpTo = newest.number;
        if (watched !== null) watched = followDeployment(watched, newest);
        isWoken = true;
      }
      isDirty = true;
    }
    const { disarmedBecause } = books();
    if (disarmedBecause !== null) {
      await noteDisarmed({ ...scope, reason: disarmedBecause });
      await journal.note({ kind: 'disarm-told' });
    }
    suspects.begin();
    if (isDirty) {
      isDirty = false;
      const { arming, queue } = books();
      const next = frozen ? undefined : queue.find(({ byPerson }) => arming.isArmed || byPerson);
      if (books().canary === null && next !== undefined) {
        granting = next;
        await journal.note({ kind: 'canary-granted', candidate: next.candidate });
      }
      if (granting !== null) await grantCanary({ ...scope, ...granting });
      granting = null;
      const { canary, evaluating } = books();
      const isFree = frozen ? books().queue.length === 0 : next === undefined;
      // What a drift teaches belongs to the bundle that is open when it is found.
      if (evaluating === null && isFree && canary === null && diagnosis.of() === null) {
        const turn = await closeBundle(scope);
        if (turn !== null) await journal.note({ kind: 'evaluating', turn });
      }
      setCurrentDetails(learnerDetails({ ...books(), frozen, discordance, trouble, watched }));
    }
    await watchSurvivor();
    if (isWoken || isReading()) {
      isWoken = false;
      await watchDeployment();
      await watchOutcomes();
    }
    if (!isChecking && Date.now() >= nextAaMs) startAaCheck();
  };

  for (let failures = 0; ;) {
    try {
      await look();
      failures = 0;
    } catch (error) {
      if (isCancellation(error)) throw error;
      // A worker without this agent, or a store that refuses: another try may meet another worker.
      trouble = messageOf(error);
      setCurrentDetails(learnerDetails({ ...books(), frozen, discordance, trouble, watched }));
      await sleep(pauseMs(failures));
      failures += 1;
      hasProposals = isDirty = isWoken = true;
      continue;
    }
    const isAtRest = (): boolean => diagnosis.of() === null && !isChecking && journal.hasWritten();
    const hasRead = (): boolean => !isDirty && !hasProposals;
    if (isHistoryLong(input) && isAtRest()) {
      const isAlone = patched('continue-alone');
      const mayContinue = (): boolean => isAtRest() && (isAlone || hasRead());
      if (mayContinue()) {
        // The server lets no run end that was sent something while its last step ran, and the next one reads all
        // anew: a step without activities is over before much is sent, even in a flood of proposals.
        if (isAlone) await sleep(STEP_MS);
        await condition(allHandlersFinished);
        // What a handler did while it was waited for is looked at first.
        if (mayContinue()) {
          const state = { journal: journal.state(), watched, handedOver, deployment, deployedUpTo };
          const resumed = { ...state, frozen, discordance, nextAaMs };
          await continueAsNew<typeof learner>({ ...input, resumed });
        }
      }
    }
    const isAwake = () => hasProposals || isDirty || isWoken || books().survivors.length > 0;
    const aaMs = isChecking ? AA_EVERY_MS : Math.max(1, nextAaMs - Date.now());
    const safetyMs = isReading() ? SAFETY_MS : AA_EVERY_MS;
    const suspectMs = suspects.waitMs() ?? AA_EVERY_MS;
    await condition(isAwake, Math.min(aaMs, safetyMs, suspectMs));
  }
}
