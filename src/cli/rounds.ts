import { setTimeout as sleep } from 'node:timers/promises';

import { learnerId } from '../client/messenger.js';
import type { Agent } from '../contracts/agent.js';
import { slicesOf } from '../contracts/task-slices.js';
import type { Scope, TaskId } from '../domain/ids.js';
import type { JsonObject } from '../domain/json.js';
import { unreflectedTasks } from '../store/reflection-progress.js';
import type { AgentTaskResult } from '../workflows/agent-task.js';
import { learnerState } from '../workflows/messages.js';
import type { House } from './house.js';

export interface RoundTask {
  readonly id: TaskId;
  readonly input: JsonObject;
  readonly subject?: string;
}

/** More only adds latency: the dev server does no more tasks a second (measured). */
const SIDE_BY_SIDE = 8;
const POLL_MS = 40;

/**
 * Tasks in rounds, so that a run repeats: those of a round run side by side; at its end their proposals
 * and outcomes enter in task order, and every verdict and pointer move they allow is made before the
 * next round. Nothing is decided by what finished first.
 */
export class Rounds {
  readonly #house: House;
  readonly #scope: Scope;
  readonly #agent: Agent;
  /** Candidates that were taken back, of which the learner has heard. */
  readonly #told = new Set<string>();
  /** Number of the newest task of these rounds. */
  #upTo = 0;

  constructor(house: House, scope: Scope, agent: Agent) {
    this.#house = house;
    this.#scope = scope;
    this.#agent = agent;
  }

  /** Runs the tasks of one round; learning reads nothing of them yet. */
  async run(tasks: readonly RoundTask[]): Promise<readonly AgentTaskResult[]> {
    const { client, store } = this.#house;
    const { tenant, agent } = this.#scope;
    // Accepted one after the other, so that numbers follow the order of the round.
    for (const { id, input, subject } of tasks) {
      const slices = slicesOf(this.#agent, input);
      const task = { tenant, agent, id, input, subject: subject ?? null, slices };
      const { number } = await store.acceptTask(task);
      this.#upTo = Math.max(this.#upTo, number);
    }
    return inOrder(tasks, async ({ id, input, subject }) => {
      const request = { ...this.#scope, task: id, input, subject: subject ?? null };
      await client.startTask(this.#agent, request);
      return client.closed(request);
    });
  }

  /** Lets learning see everything up to here, and waits until it is at rest. */
  async settle(signal?: AbortSignal): Promise<void> {
    const { store, messenger, pool } = this.#house;
    // Only when all proposals are there: a bundle is not what happened to be proposed first.
    while ((await unreflectedTasks(pool, this.#scope, this.#upTo)) > 0) {
      await sleep(POLL_MS, undefined, { signal });
    }
    const { wake } = await store.setBarrier(this.#scope, this.#upTo);
    // Proposals first, then outcomes: what an alarm teaches comes after what the tasks taught.
    await messenger.wakeLearner(this.#scope);
    while (await this.#hasProposals()) await sleep(POLL_MS, undefined, { signal });
    await Promise.all(wake.map((workflowId) => messenger.wake(workflowId)));
    while (!(await this.#isAtRest())) await sleep(POLL_MS, undefined, { signal });
  }

  /**
   * Looks at the store on both sides of the learner: what gives its slot up says so to the learner first,
   * and what the learner grants thereupon is in the store before the learner has finished granting it.
   */
  async #isAtRest(): Promise<boolean> {
    const { store } = this.#house;
    if ((await store.unsettled(this.#scope)).length > 0) return false;
    if (await this.#learnerMoves()) return false;
    return (await store.unsettled(this.#scope)).length === 0;
  }

  async #hasProposals(): Promise<boolean> {
    const scope = this.#scope;
    return (await this.#house.store.waitingProposals(scope, 1)).length > 0;
  }

  /** Whether a diagnosis is under way, a canary may begin or a bundle close, which the learner is then about to do. */
  async #learnerMoves(): Promise<boolean> {
    const { store, temporal } = this.#house;
    // Asked first: what it has been told by then is in what it answers.
    if (await this.#mustBeTold()) return true;
    const { evaluating, canary, canaryQueue, frozen, isArmed, isDiagnosing } =
      await temporal.workflow.getHandle(learnerId(this.#scope)).query(learnerState);
    if (isDiagnosing) return true;
    if (canary !== null) return false;
    if (canaryQueue.length > 0) return !frozen && isArmed;
    return evaluating.length === 0 && (await store.openCandidate(this.#scope)) !== null;
  }

  /** Whether a candidate was taken back whose workflow has not told the learner, which then looks into it. */
  async #mustBeTold(): Promise<boolean> {
    const { store, temporal } = this.#house;
    const back = (await store.candidates(this.#scope)).filter(
      ({ id, state }) => state === 'rolled-back' && !this.#told.has(id),
    );
    for (const { id, workflowId } of back) {
      const { status } = await temporal.workflow.getHandle(workflowId).describe();
      if (status.name === 'RUNNING') return true;
      this.#told.add(id);
    }
    return false;
  }
}

/** Runs something for each item, a few side by side; answers in the order of the items. */
export async function inOrder<T, R>(
  items: readonly T[],
  run: (item: T) => Promise<R>,
): Promise<readonly R[]> {
  const results = new Array<R>(items.length);
  const queue = items.entries();
  const lane = async (): Promise<void> => {
    for (const [index, item] of queue) results[index] = await run(item);
  };
  await Promise.all(Array.from({ length: SIDE_BY_SIDE }, lane));
  return results;
}
