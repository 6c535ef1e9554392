import {
  allHandlersFinished,
  condition,
  continueAsNew,
  currentUpdateInfo,
  executeChild,
  proxyActivities,
  proxyLocalActivities,
  setCurrentDetails,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';

import type { LearningActivities } from '../activities/learning-activities.js';
import {
  emptyLedger,
  openEpochIfDue,
  release,
  reserve as reserveAlpha,
  settle as settleAlpha,
  withdraw,
  type ErrorLedger,
} from '../domain/gate/ledger.js';
import {
  addLiveOutcome,
  emptyMonitor,
  monitorAction,
  type MonitorState,
} from '../domain/gate/monitor.js';
import type { CandidateId, Scope, VersionId } from '../domain/ids.js';
import { seedOf } from '../domain/random.js';
import { isHistoryLong } from './history-length.js';
import {
  freeze,
  learnerState,
  outcomesWaiting,
  pin,
  proposalsWaiting,
  reserve,
  settle,
  unfreeze,
  unpin,
  type Override,
  type Settlement,
} from './messages.js';
import { liveOutcomeOf, referenceOf } from './live-reading.js';
import { searchAttributes } from './search-attributes.js';
import type { shadowEvaluation } from './shadow-evaluation.js';

const { mergeProposals, readOutcomes, reference } = proxyLocalActivities<LearningActivities>({
  startToCloseTimeout: '60s',
  localRetryThreshold: '2m',
});
const { closeBundle, grantCanary, override, concludeDiagnosis, stopWatching } =
  proxyActivities<LearningActivities>({ startToCloseTimeout: '60s' });

interface Turn {
  readonly candidate: CandidateId;
  readonly workflowId: string;
}

/** The promotion that is watched after its probation. */
interface Watched {
  readonly candidate: CandidateId;
  readonly version: VersionId;
  readonly baseline: VersionId;
  readonly monitor: MonitorState;
  readonly cursor: number;
  readonly passedOver: readonly number[];
}

interface Resumed {
  readonly ledger: ErrorLedger;
  readonly evaluating: Turn | null;
  readonly canary: Turn | null;
  readonly queue: readonly Turn[];
  readonly watched: Watched | null;
  readonly frozen: boolean;
}

export interface LearnerInput extends Scope {
  readonly resumed?: Resumed;
  /** Continue as new after this many history events; the server's own suggestion unless told. */
  readonly maxHistoryEvents?: number;
}

/** A crash between a commit and its wake leaves nobody to call; looking anyway bounds the delay. */
const SAFETY_MS = 60_000;

/**
 * The one workflow an agent has that owns its learning: it merges proposals, grants evaluations and
 * canaries one at a time, keeps the error ledger, carries out freeze and pin, and watches what was
 * promoted after its probation has ended.
 *
 * A bundle is evaluated when nothing is evaluated or in its canary: a baseline about to change would
 * make the evaluation a waste.
 */
export async function learner(input: LearnerInput): Promise<void> {
  const { tenant, agent } = input;
  const scope = { tenant, agent };
  let ledger = input.resumed?.ledger ?? emptyLedger(Date.now());
  let evaluating = input.resumed?.evaluating ?? null;
  let canary = input.resumed?.canary ?? null;
  let queue = [...(input.resumed?.queue ?? [])];
  let watched = input.resumed?.watched ?? null;
  let frozen = input.resumed?.frozen ?? false;
  let hasProposals = true;
  let isDirty = true;
  let isWoken = false;
  const toWatch: CandidateId[] = [];

  setHandler(proposalsWaiting, () => {
    hasProposals = true;
  });
  setHandler(outcomesWaiting, () => {
    isWoken = true;
  });
  setHandler(reserve, ({ candidate }) => {
    ledger = openEpochIfDue(ledger, Date.now());
    const reserved = reserveAlpha(ledger, candidate);
    ledger = reserved.ledger;
    return { alpha: reserved.alpha, epoch: ledger.epoch };
  });
  setHandler(settle, (settlement: Settlement) => {
    const { candidate, workflowId, step, promoted } = settlement;
    const turn = { candidate, workflowId };
    isDirty = true;
    if (step === 'evaluated') {
      if (evaluating?.candidate === candidate) evaluating = null;
    } else if (step === 'canary-wanted') {
      // In one step, or the next bundle would be closed against a baseline about to change.
      if (evaluating?.candidate === candidate) evaluating = null;
      const isKnown =
        canary?.candidate === candidate || queue.some((other) => other.candidate === candidate);
      if (!isKnown) queue = [...queue, turn];
    } else {
      if (canary?.candidate === candidate) canary = null;
      if (evaluating?.candidate === candidate) evaluating = null;
      queue = queue.filter((other) => other.candidate !== candidate);
      if (step === 'sent-back') ledger = release(ledger, candidate);
      if (step === 'canary-ended') ledger = settleAlpha(ledger, candidate, promoted);
      if (step === 'ended') {
        ledger = promoted ? ledger : withdraw(settleAlpha(ledger, candidate, false), candidate);
        if (promoted) toWatch.push(candidate);
      }
    }
    return undefined;
  });
  const act = (action: 'freeze' | 'unfreeze' | 'pin' | 'unpin') => async (given: Override) => {
    await override({
      ...scope,
      action,
      actor: { id: given.actor, role: given.role },
      reason: given.reason,
      version: given.version ?? null,
      expectedVersion: given.expectedVersion ?? null,
      updateId: currentUpdateInfo()?.id ?? '',
    });
    if (action === 'freeze') frozen = true;
    if (action === 'unfreeze') frozen = false;
    isDirty = true;
    return undefined;
  };
  setHandler(freeze, act('freeze'));
  setHandler(unfreeze, act('unfreeze'));
  setHandler(pin, act('pin'));
  setHandler(unpin, act('unpin'));
  setHandler(learnerState, () => ({
    evaluating: evaluating === null ? [] : [evaluating.candidate],
    canary: canary?.candidate ?? null,
    canaryQueue: queue.map(({ candidate }) => candidate),
    promotions: ledger.discoveries,
    spent: ledger.spent,
    reservations: Object.keys(ledger.reservations).length,
    frozen,
    watched: watched?.candidate ?? null,
  }));

  /** Starts watching the newest promotion; an earlier one is part of what it is compared with. */
  const startWatch = async (candidate: CandidateId): Promise<void> => {
    const { strata, own, cursor, version, baseline } = await reference({ ...scope, candidate });
    const monitor = emptyMonitor({ rollback: referenceOf(strata), benefit: referenceOf(own) });
    watched = { candidate, version, baseline, monitor, cursor, passedOver: [] };
  };

  /** Folds what is new; a crossing asks for a paired diagnosis, for the cause may be the world. */
  const watchOutcomes = async (): Promise<void> => {
    if (watched === null) return;
    const { candidate, cursor, passedOver, version, baseline } = watched;
    const { workflowId } = workflowInfo();
    const page = await readOutcomes({ ...scope, candidate: null, workflowId, cursor, passedOver });
    let { monitor } = watched;
    for (const outcome of page.outcomes) {
      if (outcome.version !== version) continue;
      monitor = addLiveOutcome(monitor, liveOutcomeOf(outcome));
    }
    watched = { ...watched, monitor, cursor: page.cursor, passedOver: page.passedOver };
    if (page.outcomes.length > 0) isWoken = true;
    const action = monitorAction(monitor, { inProbation: false });
    if (action === 'none') return;
    watched = null;
    await stopWatching({ ...scope, workflowId });
    const [alarm] = monitor.alarms;
    const detail = {
      purpose: alarm?.purpose ?? 'rollback',
      slice: alarm?.slice ?? null,
      logE: alarm?.logE ?? 0,
      outcomes: monitor.outcomes,
    };
    const setting = { ...scope, candidate, purpose: 'diagnosis', baseline, version } as const;
    const { diagnosis, pairs } = await executeChild<typeof shadowEvaluation>('shadowEvaluation', {
      workflowId: `shadow/${candidate}`,
      args: [
        {
          ...setting,
          attempt: page.cursor,
          shadowQueue: `${workflowInfo().taskQueue}-shadow`,
          alpha: 0.05,
          seed: seedOf('diagnosis', String(page.cursor)),
        },
      ],
      staticSummary: `Drift or regression? ${version} against ${baseline}`,
      typedSearchAttributes: searchAttributes.owner(scope),
    });
    const conclusion = diagnosis ?? 'unresolved';
    await concludeDiagnosis({ ...scope, candidate, conclusion, detail: { ...detail, pairs } });
    if (conclusion === 'regression') ledger = withdraw(ledger, candidate);
  };

  for (;;) {
    if (hasProposals) {
      hasProposals = false;
      const { read } = await mergeProposals(scope);
      if (read > 0) hasProposals = true;
      isDirty = true;
    }
    if (isDirty) {
      isDirty = false;
      const [next, ...others] = queue;
      if (canary === null && next !== undefined && !frozen) {
        canary = next;
        queue = others;
        await grantCanary({ ...scope, ...next });
      }
      if (evaluating === null && canary === null && queue.length === 0) {
        evaluating = await closeBundle(scope);
      }
      setCurrentDetails(detailsOf(ledger, evaluating, canary, queue, frozen));
    }
    const newest = toWatch.pop();
    if (newest !== undefined) {
      toWatch.length = 0;
      await startWatch(newest);
    }
    if (isWoken || watched !== null) {
      isWoken = false;
      await watchOutcomes();
    }
    if (isHistoryLong(input) && !isDirty && !hasProposals && toWatch.length === 0) {
      await condition(allHandlersFinished);
      const resumed = { ledger, evaluating, canary, queue, watched, frozen };
      await continueAsNew<typeof learner>({ ...input, resumed });
    }
    const isAwake = () => hasProposals || isDirty || isWoken || toWatch.length > 0;
    if (watched === null) await condition(isAwake);
    else await condition(isAwake, SAFETY_MS);
  }
}

function detailsOf(
  ledger: ErrorLedger,
  evaluating: Turn | null,
  canary: Turn | null,
  queue: readonly Turn[],
  frozen: boolean,
): string {
  return [
    frozen ? '**Frozen**: no canary starts or advances' : '**Learning**',
    `evaluating: ${evaluating?.candidate ?? 'nothing'}`,
    `canary: ${canary?.candidate ?? 'nothing'}, ${String(queue.length)} waiting`,
    `error ledger, epoch ${String(ledger.epoch)}: spent ${ledger.spent.toFixed(5)} of ${String(ledger.policy.falseDiscoveryRate)}, ${String(ledger.discoveries)} promotions stand`,
  ].join('  \n');
}
