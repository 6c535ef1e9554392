import {
  allHandlersFinished,
  condition,
  continueAsNew,
  proxyActivities,
  proxyLocalActivities,
  setCurrentDetails,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';

import type { DrawAnswer, DrawnTask } from '../activities/draws.js';
import type { LearningActivities } from '../activities/learning-activities.js';
import type { PairRow } from '../activities/store.js';
import {
  addAaPair,
  emptyAaCheck,
  isAaOver,
  summarizeAaCheck,
  type AaCheck,
  type AaSummary,
} from '../domain/gate/aa-check.js';
import {
  addCommittedToDiagnosis,
  gatePairOf,
  observedScores,
} from '../domain/gate/committed-pair.js';
import {
  concludeDiagnosis,
  emptyDiagnosis,
  type Diagnosis,
  type DiagnosisState,
} from '../domain/gate/diagnosis.js';
import { emptyCost } from '../domain/gate/cost.js';
import { takeNext, type DrawnTasks, type Taken } from '../domain/gate/drawn-tasks.js';
import { logE } from '../domain/gate/eprocess.js';
import {
  addPair,
  concludeGate,
  emptyGate,
  sliceNeeds,
  type GateState,
} from '../domain/gate/gate.js';
import { gatePolicy } from '../domain/gate/gate-policy.js';
import { EVALUATION_DAYS } from '../domain/learning-budget.js';
import { reportGate, type GateReport } from '../domain/gate/gate-summary.js';
import { countPool, PINNED_SLICE, planSlices } from '../domain/gate/slices.js';
import { emptyWorstCase } from '../domain/gate/worst-case.js';
import { waitForBudget } from './budget-hold.js';
import { evaluationDetails } from './evaluation-details.js';
import { isHistoryLong } from './history-length.js';
import { evaluationProgress, outcomesWaiting } from './messages.js';
import { runPair, type PairSetting } from './pair-runs.js';
import { safetyMs } from './safety-timer.js';

const { drawTasks, commitPairs } = proxyLocalActivities<LearningActivities>({
  startToCloseTimeout: '60s',
  localRetryThreshold: '2m',
});
const { recordVerdict, stopWatching } = proxyActivities<LearningActivities>({
  startToCloseTimeout: '60s',
});

export interface ShadowEvaluationInput extends PairSetting {
  readonly alpha: number;
  readonly seed: number;
  /** With a diagnosis: the stratum that fell; all tasks unless told. */
  readonly slice?: string;
  /** Milliseconds to wait for mirrored tasks before the evidence is called inconclusive. */
  readonly maxWaitMs?: number;
  /** Continue as new after this many history events; the server's own suggestion unless told. */
  readonly maxHistoryEvents?: number;
  readonly resumed?: Resumed;
}

type Told = 'cost' | 'worstCase';

/** What one run hands on to the next. */
interface Resumed {
  readonly policy: DrawAnswer['policy'];
  readonly queue: readonly DrawnTask[];
  readonly nextIndex: number;
  readonly upTo: number;
  /** One that began on earlier code has counted neither cost nor worst case. */
  readonly gate: Omit<GateState, Told> & Partial<Pick<GateState, Told>>;
  readonly pinned: readonly DrawnTask[];
  readonly diagnosis: DiagnosisState;
  readonly aa: AaCheck;
  /** Days whose budget was spent so far, and when the evaluation ends for want of it. */
  readonly holds: number;
  readonly endsMs: number;
}

export interface EvaluationResult {
  readonly summary: GateReport;
  readonly diagnosis: Diagnosis | null;
  readonly aa: AaSummary | null;
  readonly pairs: number;
  /** The judge's audits show a bias that no margin can be trusted with: only a person promotes. */
  readonly isBiased: boolean;
}

/** An evaluation that waits for mirrored tasks ends after this (DESIGN 1). */
const MAX_WAIT_MS = EVALUATION_DAYS * 86_400_000;
/** Tasks that must have been drawn before slices are planned and the first pair runs. */
const MIN_POOL = 20;
/** Pairs written to the store at once. */
const COMMIT_SIZE = 10;

const NOTHING_DRAWN: DrawnTasks<DrawnTask> & { readonly upTo: number } = {
  queue: [],
  pinned: [],
  nextIndex: 0,
  upTo: 0,
};

/**
 * Candidate beside baseline on the same tasks. Order and slices are fixed before anything runs; pairs
 * run side by side and are committed in index order, each folded through the gate, until it decides.
 */
export async function shadowEvaluation(input: ShadowEvaluationInput): Promise<EvaluationResult> {
  let woken = false;
  let { queue, pinned, nextIndex, upTo } = { ...NOTHING_DRAWN, ...input.resumed };
  let gate: GateState | undefined = input.resumed && {
    cost: emptyCost,
    worstCase: emptyWorstCase,
    ...input.resumed.gate,
  };
  let diagnosis = input.resumed?.diagnosis ?? emptyDiagnosis();
  let aa = input.resumed?.aa ?? emptyAaCheck();
  let policy = input.resumed?.policy;
  let holds = input.resumed?.holds ?? 0;
  let isHeld = false;
  const endsMs = input.resumed?.endsMs ?? Date.now() + MAX_WAIT_MS;
  let committed: PairRow[] = [];
  const isGate = input.purpose === 'gate';

  setHandler(outcomesWaiting, () => {
    woken = true;
  });
  setHandler(evaluationProgress, () => ({
    pairs: isGate ? (gate?.committed ?? 0) : diagnosis.pairs + aa.pairs,
    logE: gate === undefined ? 0 : logE(gate.superiority),
    phase: isHeld ? 'held' : (gate?.phase ?? 'drawing'),
  }));

  let yields = false;
  const draw = async (): Promise<number> => {
    const { workflowId } = workflowInfo();
    const mayYield = gate?.phase === 'effect';
    const setting = { workflowId, afterNumber: upTo, limit: 2000, mayYield, yields };
    const answer = await drawTasks({ ...input, ...setting });
    if (policy === undefined) pinned = answer.pinned ?? [];
    policy ??= answer.policy;
    yields = answer.yields;
    queue = [...queue, ...answer.tasks];
    upTo = answer.upTo;
    return answer.tasks.length;
  };

  /** Draws until there is enough to begin with, or to go on with; false when the wait is over. */
  const drawAtLeast = async (wanted: number): Promise<boolean> => {
    const waitUntil = Date.now() + (input.maxWaitMs ?? MAX_WAIT_MS);
    let emptyLooks = 0;
    for (;;) {
      const count = await draw();
      if (queue.length >= wanted) return true;
      if (yields) return false;
      if (!isGate) return queue.length > 0;
      if (count > 0) {
        emptyLooks = 0;
        continue;
      }
      const left = waitUntil - Date.now();
      if (left <= 0) return false;
      await condition(() => woken, Math.min(safetyMs(emptyLooks), left));
      emptyLooks += 1;
      woken = false;
    }
  };

  const flush = async (): Promise<void> => {
    const { purpose, candidate, attempt } = input;
    const pairs = committed;
    committed = [];
    if (pairs.length === 0 || purpose === 'aa') return;
    await commitPairs({ ...scopeOf(input), candidate, purpose, pairs, attempt });
  };

  const isDecided = (): boolean => {
    if (isGate) return gate?.decision !== undefined;
    return input.purpose === 'aa' ? isAaOver(aa) : diagnosis.diagnosis !== undefined;
  };
  /** The next task worth a pair. */
  const takeTask = (): Taken<DrawnTask> | undefined => {
    const { taken, left } = takeNext({ queue, pinned, nextIndex }, isGate ? (gate ?? null) : null);
    ({ queue, pinned, nextIndex } = left);
    return taken;
  };

  const commit = (row: PairRow): void => {
    committed.push(row);
    if (input.purpose === 'diagnosis') {
      diagnosis = addCommittedToDiagnosis(diagnosis, row);
    } else if (input.purpose === 'gate') {
      if (gate !== undefined) gate = addPair(gate, gatePairOf(row));
    } else {
      aa = addAaPair(aa, observedScores(row));
    }
  };

  const hasPool = await drawAtLeast(input.resumed === undefined ? MIN_POOL : 0);
  const limits = policy;
  if (limits === undefined) throw new Error('The first draw answers the policy');
  gate ??= startGate(input.alpha, limits, queue, pinned.length);

  const begin = (taken: Taken<DrawnTask>): PairUnderWay => {
    const row = runPair(input, limits, taken.drawn, taken.index, taken.topUpFor, holds);
    // The head of the line is awaited below; the others must not count as unhandled meanwhile.
    row.catch(() => undefined);
    return { taken, round: holds, row };
  };

  let inFlight: readonly PairUnderWay[] = [];
  /**
   * Commits the pair whose turn it is. One that the day's budget did not pay for is run again on the next day;
   * false where there is none, and the evidence there is has to do.
   */
  const settleHead = async ({ taken, round, row }: PairUnderWay): Promise<boolean> => {
    const found = await row;
    if (found !== null) {
      inFlight = inFlight.slice(1);
      commit(found);
      return true;
    }
    if (round === holds) {
      await flush();
      isHeld = true;
      if (!isGate || !(await waitForBudget(gate?.committed ?? 0, endsMs))) return false;
      isHeld = false;
      holds += 1;
    }
    inFlight = [begin(taken), ...inFlight.slice(1)];
    return true;
  };

  while (hasPool && !isDecided()) {
    while (inFlight.length < limits.concurrency) {
      const next = takeTask();
      if (next === undefined) break;
      inFlight = [...inFlight, begin(next)];
    }
    const [head] = inFlight;
    if (head === undefined) {
      // The pinned set is what it is: no live task will ever be added to it.
      const needs = sliceNeeds(gate);
      const isPinnedAlone = needs.length === 1 && needs[0]?.slice === PINNED_SLICE;
      if (!isGate || isPinnedAlone || !(await drawAtLeast(1))) break;
      continue;
    }
    if (!(await settleHead(head))) break;
    if (committed.length >= COMMIT_SIZE) {
      await flush();
      if (isGate) setCurrentDetails(evaluationDetails(gate, input));
    }
    if (isHistoryLong(input) && !isDecided()) {
      for (let [next] = inFlight; next !== undefined && !isDecided(); [next] = inFlight) {
        if (!(await settleHead(next))) break;
      }
      await flush();
      if (isHeld) break;
      await condition(allHandlersFinished);
      if (!isDecided()) {
        const state = { policy: limits, queue, nextIndex, upTo, gate, pinned, diagnosis, aa };
        const resumed = { ...state, holds, endsMs };
        await continueAsNew<typeof shadowEvaluation>({ ...input, resumed });
      }
    }
  }
  await flush();

  const summary = reportGate(gate, concludeGate(gate));
  const { purpose } = input;
  const found = purpose === 'diagnosis' ? concludeDiagnosis(diagnosis) : null;
  if (isGate) setCurrentDetails(evaluationDetails(gate, input));
  const { replicates = 1 } = limits;
  const basis = { policy: gate.policy, plan: gate.plan, diagnosis: found, replicates };
  if (purpose === 'aa')
    await stopWatching({ ...scopeOf(input), workflowId: workflowInfo().workflowId });
  else await recordVerdict({ ...input, purpose, summary, basis });
  return {
    summary,
    diagnosis: found,
    // What a spent budget cut short tells too little of how often pairs differ.
    aa: purpose === 'aa' && !isHeld ? summarizeAaCheck(aa) : null,
    pairs: isGate ? gate.committed : diagnosis.pairs + aa.pairs,
    isBiased: limits.isBiased === true,
  };
}

interface PairUnderWay {
  readonly taken: Taken<DrawnTask>;
  /** Days whose budget was spent when it began. */
  readonly round: number;
  readonly row: Promise<PairRow | null>;
}

function scopeOf({ tenant, agent }: ShadowEvaluationInput) {
  return { tenant, agent };
}

function startGate(
  alpha: number,
  limits: DrawAnswer['policy'],
  pool: readonly DrawnTask[],
  pinned: number,
): GateState {
  const policy = gatePolicy({
    alpha,
    maxPairs: limits.maxPairs,
    ...(limits.m0 === undefined ? {} : { m0: limits.m0 }),
    criticalSlices: limits.criticalSlices,
    criticalCategories: limits.criticalCategories,
    costBlocks: limits.costBlocks === true,
    ...(limits.sliceKeys === null ? {} : { sliceKeys: limits.sliceKeys }),
  });
  return emptyGate(
    policy,
    planSlices(
      countPool(
        pool.map(({ slices }) => slices),
        pinned,
      ),
      policy,
    ),
  );
}
