import { runEpisodeIdOf } from '../contracts/digest.js';
import type { Scope, TaskId, VersionId } from '../domain/ids.js';
import type { agentTask, AgentTaskResult } from '../workflows/agent-task.js';
import { keys } from '../workflows/search-attributes.js';
import type { House } from './house.js';
import { inOrder } from './rounds.js';

/**
 * The same tasks on one version, sandboxed, a few side by side: what an agent that learns nothing would
 * have done. They were accepted before, and count for nothing.
 */
export function runFrozen(
  house: House,
  scope: Scope,
  version: VersionId,
  tasks: readonly TaskId[],
): Promise<readonly AgentTaskResult[]> {
  const { tenant, agent } = scope;
  return inOrder(tasks, (task) =>
    house.temporal.workflow.execute<typeof agentTask>('agentTask', {
      workflowId: `shadow/frozen/${tenant}/${task}`,
      taskQueue: `${house.taskQueue}-shadow`,
      args: [
        {
          ...scope,
          task,
          mode: 'shadow',
          run: { version, episode: runEpisodeIdOf('frozen', tenant, task), candidate: null },
        },
      ],
      typedSearchAttributes: [
        { key: keys.tenant, value: tenant },
        { key: keys.agent, value: agent },
        { key: keys.mode, value: 'shadow' },
      ],
    }),
  );
}
