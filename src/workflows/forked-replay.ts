import { executeChild, proxyLocalActivities, workflowInfo } from '@temporalio/workflow';

import type { AttributionAnswer } from '../activities/episode-attribution.js';
import type { ReplayRun } from '../activities/forked-replay.js';
import type { LearningActivities } from '../activities/learning-activities.js';
import type { LadderBlame } from '../domain/attribution/ladder.js';
import type { EpisodeId, Scope } from '../domain/ids.js';
import type { agentTask } from './agent-task.js';
import { searchAttributes } from './search-attributes.js';

const { judgeReplay } = proxyLocalActivities<LearningActivities>({
  startToCloseTimeout: '60s',
  localRetryThreshold: '2m',
});

/**
 * Tests a blame by running the episode again from the blamed step, with it changed and unchanged side by
 * side. What nothing was planned for stays as it is; a run that fails as a workflow leaves its pair out.
 */
export async function testBlame(
  of: Scope & { readonly episode: EpisodeId },
  blame: AttributionAnswer,
): Promise<LadderBlame> {
  // An answer recorded before there were replays has no plan at all.
  if (blame.replay == null) return blame;
  const { step, replicates } = blame.replay;
  const run = ({ episode, start }: ReplayRun, arm: string) =>
    executeChild<typeof agentTask>('agentTask', {
      workflowId: `explore/${episode}`,
      taskQueue: `${workflowInfo().taskQueue}-shadow`,
      args: [start],
      staticSummary: `replay of ${of.episode} with step ${String(step)} ${arm}`,
      typedSearchAttributes: searchAttributes.owner(of, 'explore'),
    });
  await Promise.allSettled(
    replicates.flatMap(({ patched, control }) => [
      run(patched, 'changed'),
      run(control, 'as it was'),
    ]),
  );
  return judgeReplay({ ...of, blame });
}
