import {
  WorkflowExecutionAlreadyStartedError,
  WorkflowIdReusePolicy,
  type Client,
} from '@temporalio/client';

import type { Messenger } from '../activities/messenger.js';
import type { Store } from '../activities/store.js';
import type { Agent } from '../contracts/agent.js';
import { promptOf } from '../contracts/task-prompt.js';
import { slicesOf } from '../contracts/task-slices.js';
import type { CandidateId, EpisodeId, Scope, TenantId } from '../domain/ids.js';
import type { JsonObject } from '../domain/json.js';
import type { EpisodeLabel } from '../domain/label.js';
import {
  answer,
  cancelTask,
  recordedResult,
  taskProgress,
  type AgentTaskResult,
  type Answer,
  type Decision,
  type Override,
  type TaskProgress,
} from '../workflows/messages.js';
import { pageMemo } from '../workflows/page-memo.js';
import { keys } from '../workflows/search-attributes.js';
import { FeedbackIntake } from './feedback-intake.js';
import {
  Governance,
  type CandidateWord,
  type LearningWord,
  type RollbackDone,
  type RollbackWanted,
} from './governance.js';
import { taskWorkflowId, type TaskName } from './task-workflow.js';
import { sendUpdate } from './workflow-update.js';

export interface ClientDependencies {
  readonly temporal: Client;
  readonly store: Store;
  readonly messenger: Messenger;
  readonly taskQueue: string;
  /** Address of the dashboard, without a slash at the end, for links to it; null where none is known. */
  readonly dashboard?: string | null;
}

export interface TaskRequest extends TaskName {
  readonly input: JsonObject;
  readonly subject?: string | null;
}

/** What people and programs do with Ratchet, through workflows where a workflow owns the matter. */
export class RatchetClient {
  readonly #temporal: Client;
  readonly #store: Store;
  readonly #taskQueue: string;
  readonly #dashboard: string | null;
  readonly #feedback: FeedbackIntake;
  readonly #governance: Governance;

  constructor({ temporal, store, messenger, taskQueue, dashboard = null }: ClientDependencies) {
    this.#temporal = temporal;
    this.#store = store;
    this.#taskQueue = taskQueue;
    this.#dashboard = dashboard;
    this.#feedback = new FeedbackIntake({ temporal, store, taskQueue, dashboard });
    this.#governance = new Governance({ temporal, store, messenger });
  }

  /** Accepts a task and starts it; the same id with the same input is the same task. */
  async startTask(
    agent: Pick<Agent, 'id' | 'prompt' | 'slices'>,
    request: TaskRequest,
  ): Promise<{ readonly episode: EpisodeId; readonly workflowId: string }> {
    const { tenant, agent: agentId, task, input } = request;
    const subject = request.subject ?? null;
    const slices = slicesOf(agent, input);
    // Refused at the door: in the task it would end what was already accepted.
    promptOf(agent, input);
    const accepted = await this.#store.acceptTask({
      tenant,
      agent: agentId,
      id: task,
      input,
      subject,
      slices,
    });
    const workflowId = taskWorkflowId(request);
    try {
      await this.#temporal.workflow.start('agentTask', {
        workflowId,
        taskQueue: this.#taskQueue,
        args: [{ tenant, agent: agentId, task, mode: 'live' }],
        workflowIdReusePolicy: WorkflowIdReusePolicy.REJECT_DUPLICATE,
        staticSummary: `${agentId}: ${task}`,
        memo: pageMemo(this.#dashboard, tenant),
        typedSearchAttributes: [
          { key: keys.tenant, value: tenant },
          { key: keys.agent, value: agentId },
          { key: keys.mode, value: 'live' },
        ],
      });
    } catch (error) {
      if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
    }
    return { episode: accepted.episode, workflowId };
  }

  /**
   * Waits for the end of a task: its episode is recorded by then, and its workflow is about to start what
   * learns from it and to close.
   */
  async result(request: TaskName): Promise<AgentTaskResult> {
    const handle = this.#temporal.workflow.getHandle(taskWorkflowId(request));
    try {
      for (;;) {
        const recorded = await handle.executeUpdate(recordedResult);
        if (recorded !== null) return recorded;
      }
    } catch {
      // Closed already, or of an earlier release, or not to be heard: what the close says is what there is.
      return this.closed(request);
    }
  }

  /** Waits until the workflow of a task has closed: what learns from it has started. */
  closed(request: TaskName): Promise<AgentTaskResult> {
    return this.#temporal.workflow.getHandle(taskWorkflowId(request)).result();
  }

  progress(request: TaskName): Promise<TaskProgress> {
    return this.#temporal.workflow.getHandle(taskWorkflowId(request)).query(taskProgress);
  }

  async answer(request: TaskName, given: Answer): Promise<void> {
    const workflowId = taskWorkflowId(request);
    await sendUpdate(workflowId, () =>
      this.#temporal.workflow.getHandle(workflowId).executeUpdate(answer, { args: [given] }),
    );
  }

  async cancelTask(
    request: TaskName,
    given: { readonly actor: string; readonly reason: string },
  ): Promise<void> {
    const workflowId = taskWorkflowId(request);
    await sendUpdate(workflowId, () =>
      this.#temporal.workflow.getHandle(workflowId).executeUpdate(cancelTask, { args: [given] }),
    );
  }

  /** See {@link FeedbackIntake.give}. */
  giveFeedback(
    tenant: TenantId,
    given: unknown,
  ): Promise<{ readonly existing: boolean; readonly label: EpisodeLabel | null }> {
    return this.#feedback.give(tenant, given);
  }

  /** See {@link Governance.decide}. */
  decide(
    tenant: TenantId,
    candidate: CandidateId,
    word: CandidateWord,
    decision: Decision,
  ): Promise<void> {
    return this.#governance.decide(tenant, candidate, word, decision);
  }

  /** See {@link Governance.override}. */
  override(scope: Scope, word: LearningWord, given: Override): Promise<void> {
    return this.#governance.override(scope, word, given);
  }

  /** See {@link Governance.rollback}. */
  rollback(scope: Scope, wanted: RollbackWanted): Promise<RollbackDone> {
    return this.#governance.rollback(scope, wanted);
  }
}
