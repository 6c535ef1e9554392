import {
  type Client,
  WorkflowExecutionAlreadyStartedError,
  WorkflowIdReusePolicy,
  WorkflowNotFoundError,
  WorkflowUpdateFailedError,
} from '@temporalio/client';

import type { Store } from '../activities/store.js';
import { assertActive, candidateRow } from '../activities/candidate-reading.js';
import { activePointer } from '../activities/pointer-change.js';
import { rollBack, rollBackTo, settleEnded, type RolledBack } from '../activities/rollback.js';
import { endUncarried } from '../activities/uncarried.js';
import type { Messenger } from '../activities/messenger.js';
import { feedbackFor } from '../contracts/feedback.js';
import { versionId } from '../contracts/ids.js';
import type { Agent } from '../contracts/agent.js';
import { promptOf } from '../contracts/task-prompt.js';
import { slicesOf } from '../contracts/task-slices.js';
import { isEnd } from '../domain/candidate.js';
import { wordsFor } from '../domain/candidate-words.js';
import { ConflictError, DeniedError, InvalidInputError, NotFoundError } from '../domain/errors.js';
import type { Feedback, Role } from '../domain/feedback.js';
import type { CandidateId, EpisodeId, Scope, TaskId, TenantId } from '../domain/ids.js';
import type { JsonObject } from '../domain/json.js';
import type { EpisodeLabel } from '../domain/label.js';
import type { AgentTaskResult } from '../workflows/agent-task.js';
import {
  abort,
  answer,
  approve,
  cancelTask,
  force,
  freeze,
  giveFeedback,
  keep,
  pin,
  rearm,
  rollback,
  taskProgress,
  unfreeze,
  unpin,
  veto,
  type Answer,
  type Decision,
  type Override,
  type TaskProgress,
} from '../workflows/messages.js';
import { pageMemo } from '../workflows/page-memo.js';
import { keys } from '../workflows/search-attributes.js';
import { learnerId } from './messenger.js';

export interface ClientDependencies {
  readonly temporal: Client;
  readonly store: Store;
  readonly messenger: Messenger;
  readonly taskQueue: string;
  /** Address of the dashboard, without a slash at the end, for links to it; null where none is known. */
  readonly dashboard?: string | null;
}

export interface TaskRequest extends Scope {
  readonly task: TaskId;
  readonly input: JsonObject;
  readonly subject?: string | null;
}

/** What a rollback came to; whoever reads it must see what still stands in its way. */
export interface RollbackDone {
  readonly to: string;
  /** False where the version served already, with no canary beside it. */
  readonly isChanged: boolean;
  /** Candidates that it takes back. */
  readonly ended: readonly CandidateId[];
  /** Candidates that are evaluated again. */
  readonly again?: readonly CandidateId[];
  /** Slices that another version serves all the same. */
  readonly exceptions?: Readonly<Record<string, string>>;
  /** The version that serves instead of it while it is pinned. */
  readonly pinned?: string | null;
}

const DECISIONS = { approve, veto, force, abort, rollback } as const;
/** Words that end a candidate. */
const ENDING = ['abort', 'veto', 'rollback'] as const;
const OVERRIDES = { freeze, unfreeze, pin, unpin, rearm, keep } as const;

/** What people and programs do with Ratchet, through workflows where a workflow owns the matter. */
export class RatchetClient {
  readonly #temporal: Client;
  readonly #store: Store;
  readonly #messenger: Messenger;
  readonly #taskQueue: string;
  readonly #dashboard: string | null;

  constructor({ temporal, store, messenger, taskQueue, dashboard }: ClientDependencies) {
    this.#temporal = temporal;
    this.#store = store;
    this.#messenger = messenger;
    this.#taskQueue = taskQueue;
    this.#dashboard = dashboard ?? null;
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

  /** Waits for the end of a task. */
  result(request: Pick<TaskRequest, 'tenant' | 'agent' | 'task'>): Promise<AgentTaskResult> {
    return this.#temporal.workflow.getHandle(taskWorkflowId(request)).result();
  }

  progress(request: Pick<TaskRequest, 'tenant' | 'agent' | 'task'>): Promise<TaskProgress> {
    return this.#temporal.workflow.getHandle(taskWorkflowId(request)).query(taskProgress);
  }

  async answer(
    request: Pick<TaskRequest, 'tenant' | 'agent' | 'task'>,
    given: Answer,
  ): Promise<void> {
    const workflowId = taskWorkflowId(request);
    await this.#update(workflowId, () =>
      this.#temporal.workflow.getHandle(workflowId).executeUpdate(answer, { args: [given] }),
    );
  }

  async cancelTask(
    request: Pick<TaskRequest, 'tenant' | 'agent' | 'task'>,
    given: { readonly actor: string; readonly reason: string },
  ): Promise<void> {
    const workflowId = taskWorkflowId(request);
    await this.#update(workflowId, () =>
      this.#temporal.workflow.getHandle(workflowId).executeUpdate(cancelTask, { args: [given] }),
    );
  }

  /**
   * Held by the task while it runs; after its end it is stored and the reflection starts again, also of a run
   * that was imported. On the run of a pair that a judge has judged it audits the judge, and starts
   * nothing. Answers what all sources make of the outcome by now; null while the task runs.
   */
  async giveFeedback(
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
    await this.reflectAgain(scope, episode.id, feedback.id, since, isImported);
    return stored;
  }

  async #toRunningTask(
    task: Pick<TaskRequest, 'tenant' | 'agent' | 'task'>,
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
  async reflectAgain(
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

  /** A person's word on a candidate, said to the workflow that carries it. */
  async decide(
    tenant: TenantId,
    candidate: CandidateId,
    kind: keyof typeof DECISIONS,
    decision: Decision,
  ): Promise<void> {
    const { workflowId } = await candidateRow(this.#store, tenant, candidate);
    try {
      const handle = this.#temporal.workflow.getHandle(workflowId);
      await handle.executeUpdate(DECISIONS[kind], { args: [decision] });
    } catch (error) {
      if (error instanceof WorkflowUpdateFailedError) throw updateFailure(error);
      if (!(error instanceof WorkflowNotFoundError)) throw error;
      await this.#decideUncarried(tenant, candidate, kind, decision);
    }
  }

  /** Of a candidate whose workflow has ended without it: what ends it needs no workflow. */
  async #decideUncarried(
    tenant: TenantId,
    candidate: CandidateId,
    kind: keyof typeof DECISIONS,
    { actor: id, role, reason, expectedVersion }: Decision,
  ): Promise<void> {
    assertMayOverride(role, kind, reason);
    const { agent, state } = await candidateRow(this.#store, tenant, candidate);
    const scope = { tenant, agent };
    const ending = ENDING.filter((other) => wordsFor(state).includes(other));
    const word = ending.find((other) => other === kind);
    if (word === undefined) {
      const found = isEnd(state) ? state : `${state}, and its workflow ended`;
      throw new ConflictError(
        `${kind}: found candidate ${candidate} ${found}, expected one to ${kind}; ` +
          `possible: ${ending.join(', ') || 'nothing, it has ended'}`,
      );
    }
    assertActive(await activePointer(this.#store, scope), expectedVersion, kind);
    await endUncarried({ store: this.#store, messenger: this.#messenger }, scope, candidate, {
      actor: { id, role },
      reason: `${word}: ${reason}`,
      detail: { automatic: false, carrier: 'ended' },
      word,
      ...(expectedVersion === undefined ? {} : { expectedVersion }),
    });
  }

  /** Freeze, unfreeze, pin, unpin, rearm, and which side of a dispute stands, said to the learner. */
  async override(scope: Scope, kind: keyof typeof OVERRIDES, given: Override): Promise<void> {
    assertMayOverride(given.role, kind, given.reason);
    await this.#messenger.wakeLearner(scope);
    const workflowId = learnerId(scope);
    await this.#update(workflowId, () =>
      this.#temporal.workflow
        .getHandle(workflowId)
        .executeUpdate(OVERRIDES[kind], { args: [given] }),
    );
  }

  /**
   * Returns to an earlier version: the last known-good one, or the one named. A candidate in canary or
   * probation is told; one whose life has ended is rolled back here, by the same transition.
   */
  async rollback(
    scope: Scope,
    given: {
      readonly actor: string;
      readonly role: Role;
      readonly reason: string;
      readonly to?: string;
      /** Version that the person believes to be active; a mismatch is refused. */
      readonly expectedVersion?: string;
    },
  ): Promise<RollbackDone> {
    assertMayOverride(given.role, 'rollback', given.reason);
    const pointer = await this.#store.pointer(scope);
    if (pointer === null) {
      throw new NotFoundError('agent', scope.agent, 'run a task first, so that it has a version');
    }
    assertActive(pointer, given.expectedVersion, 'rollback');
    const actor = { id: given.actor, role: given.role };
    const expected =
      given.expectedVersion === undefined ? {} : { expectedVersion: given.expectedVersion };
    if (given.to !== undefined) {
      const to = versionId(given.to);
      if ((await this.#store.version(scope, to)) === null) {
        throw new NotFoundError('version', to, 'list them with `ratchet versions`');
      }
      const { reason } = given;
      const done = await rollBackTo(this.#store, scope, { to, actor, reason, ...expected });
      await this.#tell(scope, done);
      const { isChanged, ended, again } = done;
      const { exceptions, pinned } = done.pointer;
      return { to: done.to, isChanged, ended, again, exceptions, pinned };
    }
    const rows = await this.#store.candidates(scope);
    const canary = rows.find(({ id }) => id === pointer.canary?.candidate);
    const serving =
      canary ??
      rows.find(
        ({ version, state }) =>
          version === pointer.active && (state === 'probation' || state === 'promoted'),
      );
    if (serving === undefined) {
      throw new ConflictError(
        `agent ${scope.agent}: found no promotion to take back, expected one; name a version with --to`,
      );
    }
    if (serving.state === 'promoted') {
      const done = await rollBack(this.#store, {
        ...scope,
        candidate: serving.id,
        actor,
        reason: given.reason,
        detail: { automatic: false },
        ...expected,
      });
      await this.#tell(scope, done);
      return { to: done.to, isChanged: true, ended: [serving.id] };
    }
    const { actor: name, role, reason } = given;
    await this.decide(scope.tenant, serving.id, 'rollback', {
      actor: name,
      role,
      reason,
      ...expected,
    });
    const to = serving.state === 'canary' ? pointer.active : (serving.baseline ?? pointer.active);
    return { to, isChanged: true, ended: [serving.id] };
  }

  async #tell(scope: Scope, { moved, past }: Pick<RolledBack, 'moved' | 'past'>): Promise<void> {
    for (const workflowId of moved) await this.#messenger.wake(workflowId);
    await settleEnded(this.#messenger, scope, past);
  }

  async #update(workflowId: string, send: () => Promise<unknown>): Promise<void> {
    try {
      await send();
    } catch (error) {
      if (error instanceof WorkflowNotFoundError) {
        throw new ConflictError(
          `${workflowId}: found it ended, expected a running workflow; look at it again`,
          { cause: error },
        );
      }
      if (error instanceof WorkflowUpdateFailedError) throw updateFailure(error);
      throw error;
    }
  }
}

export function taskWorkflowId({
  tenant,
  agent,
  task,
}: Pick<TaskRequest, 'tenant' | 'agent' | 'task'>): string {
  return `task/${tenant}/${agent}/${task}`;
}

function assertMayOverride(role: Role, action: string, reason: string): void {
  if (role === 'user') {
    throw new DeniedError(`${action}: found role user, expected owner or expert; ask one of them`);
  }
  if (reason.trim() === '') {
    throw new InvalidInputError('reason', 'an empty text', `why to ${action}`);
  }
}

/** The refusal of a workflow as the error it stands for. */
function updateFailure(error: WorkflowUpdateFailedError): Error {
  const cause = namedCause(error.cause);
  const type = cause instanceof Error && 'type' in cause ? cause.type : undefined;
  const message = cause instanceof Error ? cause.message : error.message;
  if (type === 'DeniedError') return new DeniedError(message, { cause: error });
  if (type === 'NotFoundError') return new ConflictError(message, { cause: error });
  if (type === 'InvalidInputError') return new InputRefusedError(message, { cause: error });
  return new ConflictError(message, { cause: error });
}

/** What an activity failed with stands below the failure of the activity. */
function namedCause(error: unknown): unknown {
  const hasType = error instanceof Error && 'type' in error && typeof error.type === 'string';
  if (hasType || !(error instanceof Error) || error.cause === undefined) return error;
  return namedCause(error.cause);
}

/** A field of a message that a workflow refused; the text names it. */
export class InputRefusedError extends InvalidInputError {
  constructor(message: string, options?: ErrorOptions) {
    super('message', message, 'one that fits', options);
    this.message = message;
  }
}
