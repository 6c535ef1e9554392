import type { House } from '../../cli/house.js';
import { inOrder } from '../../cli/rounds.js';
import { runEpisodeIdOf } from '../../contracts/digest.js';
import { taskId } from '../../contracts/ids.js';
import type { Agent } from '../../contracts/agent.js';
import type { EpisodeId, Scope, VersionId } from '../../domain/ids.js';
import type { Library } from '../../model/recorded/cast.js';
import type { RecordedRun, RecordedTask } from '../../model/recorded/dataset.js';
import type { AgentTaskInput, AgentTaskResult } from '../../workflows/agent-task.js';
import { playedEpisode } from './played.js';
import { inputOfTask, MODEL_CALLS } from './recorded-agent.js';

/** Tasks to be played by one version, beside everything that learns. */
export interface SandboxSetting {
  readonly house: House;
  readonly library: Library;
  readonly runs: ReadonlyMap<string, RecordedRun>;
  readonly scope: Scope;
  readonly agent: Agent;
  readonly version: VersionId;
  /** Keeps the runs of one purpose apart from those of another. */
  readonly purpose: string;
  /** Another model than the version's own. */
  readonly model?: string;
}

/**
 * Plays tasks through `agentTask` in mode `explore`: graded and stored, and nothing is learned from
 * them. Answers the recorded run that each one turned out to play, in the order of the tasks.
 */
export async function playInSandbox(
  setting: SandboxSetting,
  tasks: readonly RecordedTask[],
  progress: (done: number) => void,
): Promise<readonly RecordedRun[]> {
  const { house, library, runs, scope, agent } = setting;
  let done = 0;
  return inOrder(tasks, async (task) => {
    const input = inputOfTask(library, task);
    const slices = agent.slices({ input });
    const id = taskId(task.taskId);
    await house.store.acceptTask({ ...scope, id, input, subject: null, slices });
    const episode = runEpisodeIdOf(setting.purpose, scope.tenant, scope.agent, task.taskId);
    await playOnce(setting, task, episode);
    const { run } = await playedEpisode(house.store, scope.tenant, episode, runs);
    done += 1;
    progress(done);
    return run;
  });
}

async function playOnce(
  { house, scope, version, purpose, model }: SandboxSetting,
  task: RecordedTask,
  episode: EpisodeId,
): Promise<void> {
  const input: AgentTaskInput = {
    ...scope,
    task: taskId(task.taskId),
    mode: 'explore',
    run: {
      version,
      episode,
      candidate: null,
      modelCalls: MODEL_CALLS,
      ...(model === undefined ? {} : { model }),
    },
  };
  await house.temporal.workflow.execute<(input: AgentTaskInput) => Promise<AgentTaskResult>>(
    'agentTask',
    {
      workflowId: `explore/${episode}`,
      taskQueue: `${house.taskQueue}-shadow`,
      args: [input],
      staticSummary: `${purpose}: ${task.taskId}`,
    },
  );
}
