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
} from '@temporalio/workflow';

import type { LearningActivities } from '../activities/learning-activities.js';
import { diagnosisSlot, RETRY_MS } from './diagnosis-slot.js';
import { isHistoryLong } from './history-length.js';
import { keepJournal, messageOf, openedJournal, pauseMs } from './journal.js';
import { lateDoor } from './late-door.js';
import { learnerDetails, stateOf } from './learner-details.js';
import type { LearnerInput } from './learner-input.js';
import { checkPairs } from './learner-checks.js';
import { reserveLevel } from './learner-reserve.js';
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
import { NOTHING_WATCHED, outcomeWatch } from './outcome-watch.js';
import { suspectsOf } from './rollback-diagnosis.js';

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
    door.behind(async ({ watch: standing = null, read = null, ...progress }: Settlement) => {
      const { candidate, step, promoted, end } = progress;
      isDirty = true;
      if (step !== 'promotion-wanted') {
        if (step === 'ended' && promoted) watch.handOver({ candidate, watch: standing, read });
        await journal.note({ kind: 'settled', progress });
      }
      if (end === 'rolled-back') watch.drop(candidate);
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

  const opened = resumed ?? {
    ...(await openedJournal(scope)),
    ...NOTHING_WATCHED,
    discordance: null,
  };
  const journal = keepJournal(scope, opened.journal);
  const { books } = journal;
  let { frozen, discordance } = opened;
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
  const watch = outcomeWatch(scope, opened, journal, diagnosis, {
    changed() {
      isDirty = true;
    },
    more() {
      isWoken = true;
    },
  });
  door.open();
  setHandler(learnerState, () => ({
    ...stateOf(books()),
    frozen,
    watched: watch.state().watched?.candidate ?? null,
    deployment: watch.state().deployment?.version ?? null,
    isDiagnosing: diagnosis.of() !== null || suspects.areThere(),
    discordance,
  }));

  const showDetails = (): void => {
    const { watched } = watch.state();
    setCurrentDetails(learnerDetails({ ...books(), frozen, discordance, trouble, watched }));
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
      if (newest != null) await watch.follow(newest);
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
      showDetails();
    }
    await watch.watchSurvivor();
    if (isWoken || watch.isReading()) {
      isWoken = false;
      await watch.read();
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
      showDetails();
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
          const state = { journal: journal.state(), ...watch.state() };
          const resumed = { ...state, frozen, discordance, nextAaMs };
          await continueAsNew<typeof learner>({ ...input, resumed });
        }
      }
    }
    const isAwake = () => hasProposals || isDirty || isWoken || books().survivors.length > 0;
    const aaMs = isChecking ? AA_EVERY_MS : Math.max(1, nextAaMs - Date.now());
    const safetyMs = watch.isReading() ? SAFETY_MS : AA_EVERY_MS;
    const suspectMs = suspects.waitMs() ?? AA_EVERY_MS;
    await condition(isAwake, Math.min(aaMs, safetyMs, suspectMs));
  }
}
