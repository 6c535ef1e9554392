import {
  ChildWorkflowFailure,
  executeChild,
  isCancellation,
  ParentClosePolicy,
} from '@temporalio/workflow';

import type { DrawnTask } from '../activities/learning-activities.js';
import type { PairRow } from '../activities/store.js';
import type { CandidateId, Scope, VersionId } from '../domain/ids.js';
import type { agentTask, AgentTaskResult } from './agent-task.js';
import { searchAttributes } from './search-attributes.js';

/** What both arms of every pair of one evaluation share. */
export interface PairSetting extends Scope {
  readonly candidate: CandidateId;
  readonly purpose: 'gate' | 'diagnosis';
  readonly attempt: number;
  readonly baseline: VersionId;
  readonly version: VersionId;
  readonly shadowQueue: string;
}

type ArmName = 'baseline' | 'candidate';
type ArmRow = PairRow['baseline'];

/** Runs of one arm that an infrastructure fault may cost before the pair is void. */
const ATTEMPTS = 3;

/**
 * Runs both arms of a pair anew, side by side, and repeats both where one was lost to the
 * infrastructure. What counts as lost is decided on each arm alone, before the other is looked at.
 */
export async function runPair(
  setting: PairSetting,
  drawn: DrawnTask,
  index: number,
  topUpFor: string | null,
): Promise<PairRow> {
  for (let replicate = 1; ; replicate += 1) {
    const [baseline, candidate] = await Promise.all([
      runArm(setting, drawn, index, 'baseline', replicate),
      runArm(setting, drawn, index, 'candidate', replicate),
    ]);
    const isLost = baseline.missing === 'infrastructure' || candidate.missing === 'infrastructure';
    if (!isLost || replicate === ATTEMPTS) {
      return { index, task: drawn.task, slices: drawn.slices, topUpFor, baseline, candidate };
    }
  }
}

async function runArm(
  setting: PairSetting,
  drawn: DrawnTask,
  index: number,
  arm: ArmName,
  replicate: number,
): Promise<ArmRow> {
  const { tenant, agent, candidate } = setting;
  const episode = drawn.episodes[arm];
  const pair = `${setting.purpose === 'gate' ? '' : 'diagnosis-'}${String(setting.attempt)}.${String(index)}`;
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
            candidate,
            replicate,
          },
        },
      ],
      staticSummary: `pair ${String(index)}, ${arm}`,
      typedSearchAttributes: searchAttributes.owner(setting, 'shadow'),
    });
    return {
      episode: result.episode,
      score: result.missing === null ? result.score : null,
      category: result.category,
      missing: result.missing,
    };
  } catch (error) {
    if (isCancellation(error)) throw error;
    if (!(error instanceof ChildWorkflowFailure)) throw error;
    return { episode, score: null, category: 'lost', missing: 'infrastructure' };
  }
}
