import {
  WorkflowExecutionAlreadyStartedError,
  WorkflowNotFoundError,
  type Client,
} from '@temporalio/client';

import type { Store } from '../activities/store.js';
import { feedbackFor } from '../contracts/feedback.js';
import { ConflictError, NotFoundError } from '../domain/errors.js';
import type { Feedback } from '../domain/feedback.js';
import type { EpisodeId, Scope, TenantId } from '../domain/ids.js';
import type { EpisodeLabel } from '../domain/label.js';
import { giveFeedback } from '../workflows/messages.js';
import { pageMemo } from '../workflows/page-memo.js';
import { keys } from '../workflows/search-attributes.js';
import { taskWorkflowId, type TaskName } from './task-workflow.js';

export interface FeedbackDependencies {
  readonly temporal: Client;
  readonly store: Store;
  readonly taskQueue: string;
  readonly dashboard: string | null;
}

/** Takes what people say of an episode to where it counts: the task that runs, the store, a reflection. */
export class FeedbackIntake {
  readonly #temporal: Client;
  readonly #store: Store;
  readonly #taskQueue: string;
  readonly #dashboard: string | null;

  constructor({ temporal, store, taskQueue, dashboard }: FeedbackDependencies) {
    this.#temporal = temporal;
    this.#store = store;
    this.#taskQueue = taskQueue;
    this.#dashboard = dashboard;
  }

  /**
   * Held by the task while it runs; after its end it is stored and the reflection starts again, also of a run
   * that was imported. On the run of a pair that a judge has judged it audits the judge, and starts
   * nothing. Answers what all sources make of the outcome by now; null while the task runs.
   */
  async give(
    tenant: TenantId,
    given: unknown,
  ): Promise<{ readonly existing: boolean; readonly label: EpisodeLabel | null }> {
    const feedback = feedbackFor(given);
    const episode = await this.#store.episode(tenant, feedback.episode);
    if (episode === null) {
      throw new NotFoundError('episode', feedback.episode, 'list them with `ratchet episodes`');
    }
    const { scope, task, mode } = episode;
    if (mode === 'shadow') return this.#store.putFeedback(tenant, feedback);
    if (mode === 'explore') {
      throw new ConflictError(
        `episode ${episode.id}: found mode ${mode}, expected a live or imported one or the run of a judged pair`,
      );
    }
    const isImported = mode === 'imported';
    if (!isImported && episode.end === null) {
      const stored = await this.#toRunningTask({ ...scope, task }, feedback);
      if (stored !== null) return { ...stored, label: null };
    }
    const stored = await this.#store.putFeedback(tenant, feedback);
    // Runs of an agent that was never deployed are mined by `ratchet reflect`, once somebody defines it.
    if (isImported && (await this.#store.pointer(scope)) === null) return stored;
    // Whoever stored it first may have died before the reflection was started.
    const since = stored.existing ? await this.#store.feedbackStoredAt(tenant, feedback.id) : null;
    await this.#reflectAgain(scope, episode.id, feedback.id, since, isImported);
    return stored;
  }

  async #toRunningTask(
    task: TaskName,
    { episode: _episode, ...said }: Feedback,
  ): Promise<{ readonly existing: boolean } | null> {
    try {
      return await this.#temporal.workflow
        .getHandle(taskWorkflowId(task))
        .executeUpdate(giveFeedback, {
          args: [said],
          updateId: `feedback-${said.id}`,
        });
    } catch (error) {
      if (error instanceof WorkflowNotFoundError) return null;
      throw error;
    }
  }

  /**
   * Starts the reflection of an episode anew, with whatever feedback there is by now. Where the earlier
   * one still carries a candidate, another looks at the feedback and hands its proposals over, as does that of
   * an imported run in any case: what imports propose has a workflow of its own. Nothing is started where
   * one has begun since the moment given.
   */
  async #reflectAgain(
    scope: Scope,
    episode: EpisodeId,
    feedback: string,
    since: Date | null,
    isImported = false,
  ): Promise<void> {
    const workflowId = `reflect/${episode}`;
    const again = [
      { workflowId, isDetached: isImported },
      { workflowId: `${workflowId}.${feedback}`, isDetached: true },
    ];
    for (const { workflowId: id, isDetached } of again) {
      if (since !== null) {
        const begun = again.map((each) => this.#hasBegun(each.workflowId, since));
        if ((await Promise.all(begun)).includes(true)) return;
      }
      try {
        await this.#startReflection(scope, episode, id, isDetached);
        return;
      } catch (error) {
        if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
      }
    }
  }

  /** Whether a workflow was started since then and has not failed. */
  async #hasBegun(workflowId: string, since: Date): Promise<boolean> {
    try {
      const { startTime, status } = await this.#temporal.workflow.getHandle(workflowId).describe();
      return startTime >= since && (status.name === 'RUNNING' || status.name === 'COMPLETED');
    } catch (error) {
      if (error instanceof WorkflowNotFoundError) return false;
      throw error;
    }
  }

  async #startReflection(
    { tenant, agent }: Scope,
    episode: EpisodeId,
    workflowId: string,
    isDetached: boolean,
  ): Promise<void> {
    await this.#temporal.workflow.start('reflectAndUpdate', {
      workflowId,
      taskQueue: this.#taskQueue,
      args: [
        { tenant, agent, episode, isDetached, informative: { value: true, reason: 'feedback' } },
      ],
      staticSummary: `Reflect on feedback to ${episode}`,
      memo: pageMemo(this.#dashboard, tenant),
      typedSearchAttributes: [
        { key: keys.tenant, value: tenant },
        { key: keys.agent, value: agent },
      ],
    });
  }
}
