import {
  ActivityFailure,
  ChildWorkflowFailure,
  executeChild,
  isCancellation,
  ParentClosePolicy,
  proxyActivities,
} from '@temporalio/workflow';

import type { JudgeActivities } from '../activities/judge-activities.js';
import type { DrawnTask } from '../activities/draws.js';
import type { PairRow } from '../activities/store.js';
import { isLostRun } from '../domain/gate/committed-pair.js';
import { poolRuns } from '../domain/gate/replicates.js';
import { UNJUDGED } from '../domain/judging.js';
import type { CandidateId, Scope, VersionId } from '../domain/ids.js';
import { UNPAID } from '../domain/learning-budget.js';
import type { agentTask, AgentTaskResult } from './agent-task.js';
import { isBudgetSpent } from './budget-hold.js';
import { searchAttributes } from './search-attributes.js';

/** Paid calls, a handful a pair: what is stored already is not paid for again. */
const { judgePair } = proxyActivities<JudgeActivities>({
  startToCloseTimeout: '5m',
  heartbeatTimeout: '30s',
  retry: { initialInterval: '1s', maximumInterval: '30s', maximumAttempts: 5 },
});

/** What both arms of every pair of one evaluation share. */
export interface PairSetting extends Scope {
  readonly candidate: CandidateId;
  readonly purpose: 'gate' | 'diagnosis' | 'aa';
  readonly attempt: number;
  readonly baseline: VersionId;
  readonly version: VersionId;
  readonly shadowQueue: string;
}

type ArmName = 'baseline' | 'candidate';
type ArmRow = PairRow['baseline'];

/** Runs of one arm that an infrastructure fault may cost before the pair is void. */
const ATTEMPTS = 3;

/** How often each arm runs, and what must not be averaged away. */
export interface PairPolicy {
  /** Runs of each arm that are averaged into its outcome; 1 unless told. */
  readonly replicates?: number;
  readonly criticalCategories: readonly string[];
}

/**
 * Runs both arms of a pair anew, so often as the policy says, all side by side. Null where the learning budget of
 * the day did not pay for all of it: in another `round` everything of it is run again, both arms on one day.
 */
export async function runPair(
  setting: PairSetting,
  { replicates = 1, criticalCategories }: PairPolicy,
  drawn: DrawnTask,
  index: number,
  topUpFor: string | null,
  round: number,
): Promise<PairRow | null> {
  const numbers = Array.from({ length: replicates }, (_none, one) => round * replicates + one);
  const runs = await Promise.all(numbers.map((number) => runOnce(setting, drawn, index, number)));
  const [first, ...rest] = runs.filter((run) => run !== null);
  if (first === undefined || rest.length + 1 < replicates) return null;
  const pooled = (arm: ArmName): ArmRow =>
    poolRuns([first[arm], ...rest.map((run) => run[arm])], criticalCategories);
  return {
    index,
    task: drawn.task,
    slices: drawn.slices,
    topUpFor,
    baseline: pooled('baseline'),
    candidate: pooled('candidate'),
    ...(rest.length === 0 ? {} : { replicates: [first, ...rest] }),
  };
}

/**
 * Each arm once, and both again where one was lost to the infrastructure. What counts as lost is decided on
 * each arm alone, before the other is looked at.
 */
async function runOnce(
  setting: PairSetting,
  drawn: DrawnTask,
  index: number,
  replicate: number,
): Promise<Pick<PairRow, 'baseline' | 'candidate'> | null> {
  for (let attempt = 1; ; attempt += 1) {
    const number = replicate * ATTEMPTS + attempt;
    const [baseline, candidate] = await Promise.all([
      runArm(setting, drawn, index, 'baseline', number),
      runArm(setting, drawn, index, 'candidate', number),
    ]);
    if (baseline === null || candidate === null) return null;
    const arms = { baseline, candidate };
    if (!isLostRun(baseline) && !isLostRun(candidate)) return judged(setting, arms);
    if (attempt === ATTEMPTS) return arms;
  }
}

/**
 * What no evaluator could tell is for the judge, who sees both outputs and not which is whose. A judge that
 * cannot be asked leaves the pair void, as any other fault of the infrastructure does; null where the day's budget does
 * not pay for it.
 */
async function judged(
  { tenant, agent, candidate, purpose }: PairSetting,
  arms: Pick<PairRow, 'baseline' | 'candidate'>,
): Promise<Pick<PairRow, 'baseline' | 'candidate'> | null> {
  const isUnjudged = arms.baseline.category === UNJUDGED || arms.candidate.category === UNJUDGED;
  if (!isUnjudged) return arms;
  const { baseline, candidate: candidateArm } = arms;
  try {
    return await judgePair({ tenant, agent, candidate, purpose, baseline, candidateArm });
  } catch (error) {
    if (isCancellation(error) || !(error instanceof ActivityFailure)) throw error;
    return isBudgetSpent(error) ? null : arms;
  }
}

async function runArm(
  setting: PairSetting,
  drawn: DrawnTask,
  index: number,
  arm: ArmName,
  replicate: number,
): Promise<ArmRow | null> {
  const { tenant, agent, candidate } = setting;
  const episode = drawn.episodes[arm];
  const pair = `${setting.purpose === 'gate' ? '' : `${setting.purpose}-`}${String(setting.attempt)}.${String(index)}`;
  try {
    const result: AgentTaskResult = await executeChild<typeof agentTask>('agentTask', {
      workflowId: `shadow/${candidate}/${pair}/${arm}/${String(replicate)}`,
      taskQueue: setting.shadowQueue,
      // Pairs under way when the gate decides are not wanted any more.
      parentClosePolicy: ParentClosePolicy.REQUEST_CANCEL,
      args: [
        {
          tenant,
          agent,
          task: drawn.task,
          mode: 'shadow',
          run: {
            version: setting[arm === 'baseline' ? 'baseline' : 'version'],
            episode,
            candidate: setting.purpose === 'aa' ? null : candidate,
            replicate,
          },
        },
      ],
      staticSummary: `pair ${String(index)}, ${arm}`,
      typedSearchAttributes: searchAttributes.owner(setting, 'shadow'),
    });
    if (result.category === UNPAID) return null;
    return {
      episode: result.episode,
      score: result.missing === null ? result.score : null,
      category: result.category,
      missing: result.missing,
      cost: result.cost,
    };
  } catch (error) {
    if (isCancellation(error)) throw error;
    if (!(error instanceof ChildWorkflowFailure)) throw error;
    return { episode, score: null, category: 'lost', missing: 'infrastructure' };
  }
}
