import { setTimeout as sleep } from 'node:timers/promises';
import type { House } from '../../cli/house.js';
import type { Agent } from '../../contracts/agent.js';
import { taskId } from '../../contracts/ids.js';
import { UnavailableError } from '../../domain/errors.js';
import type { Scope, TaskId } from '../../domain/ids.js';
import type { JsonObject } from '../../domain/json.js';
import { unreflectedTasks } from '../../store/reflection-progress.js';

/** A task as a round takes it. */
export interface RoundTask {
  readonly id: string;
  readonly input: JsonObject;
}

const POLL_MS = 50;
/** Learning that does not come to rest within this is a fault, not a slow machine. */
const REST_MS = 180_000;

/**
 * Runs a round: its tasks side by side, learning held back meanwhile; then everything that they allow
 * is decided before it returns, so that nothing depends on what finished first (DESIGN 10).
 */
export async function playRound(
  house: House,
  scope: Scope,
  agent: Agent,
  tasks: readonly RoundTask[],
): Promise<void> {
  const { store, client, messenger, pool } = house;
  let upTo = 0;
  let before: number | undefined;
  const ids: TaskId[] = [];
  for (const { id, input } of tasks) {
    const task = taskId(id);
    const slices = agent.slices({ input });
    const accepted = await store.acceptTask({ ...scope, id: task, input, subject: null, slices });
    before ??= accepted.number - 1;
    upTo = accepted.number;
    ids.push(task);
  }
  await store.setBarrier(scope, before ?? 0);
  await Promise.all(
    tasks.map(async ({ id, input }) => {
      await client.startTask(agent, { ...scope, task: taskId(id), input });
    }),
  );
  await Promise.all(ids.map((task) => client.result({ ...scope, task })));
  if (agent.learning.reflect === 'never') return;
  await atRest(`reflections of ${scope.agent}`, async () => {
    const open = await unreflectedTasks(pool, scope, upTo);
    return open === 0 ? [] : [`${String(open)} tasks are being reflected upon`];
  });
  const { wake } = await store.setBarrier(scope, upTo);
  await messenger.wakeLearner(scope);
  await Promise.all(wake.map((workflowId) => messenger.wake(workflowId)));
  await settled(house, scope);
}

/** Waits until everything that the tasks so far allow has been decided. */
export function settled(house: House, scope: Scope): Promise<void> {
  return atRest(`learning of ${scope.agent}`, () => house.store.unsettled(scope));
}

async function atRest(what: string, moving: () => Promise<readonly string[]>): Promise<void> {
  const deadline = Date.now() + REST_MS;
  for (;;) {
    const left = await moving();
    if (left.length === 0) return;
    if (Date.now() > deadline) {
      const detail = `not at rest after ${String(REST_MS / 1000)} s (${left.slice(0, 3).join('; ')})`;
      throw new UnavailableError(what, detail, 'look at its workflows in the Temporal UI');
    }
    await sleep(POLL_MS);
  }
}
