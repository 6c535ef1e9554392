import { setTimeout as sleep } from 'node:timers/promises';
import type { House } from '../../cli/house.js';
import { Rounds } from '../../cli/rounds.js';
import type { Agent } from '../../contracts/agent.js';
import { taskId } from '../../contracts/ids.js';
import { UnavailableError } from '../../domain/errors.js';
import type { Scope } from '../../domain/ids.js';
import type { JsonObject } from '../../domain/json.js';
import { unreflectedTasks } from '../../store/reflection-progress.js';

const POLL_MS = 40;
/** Learning that does not come to rest within this is a fault, not a slow machine. */
const REST_MS = 180_000;

/**
 * Runs a round: its tasks side by side, learning held back meanwhile; then everything that they allow
 * is decided before it returns. The barrier of learning moves only when every task has been reflected
 * upon, or the bundle would be what happened to be proposed first (DESIGN 10).
 */
export async function playRound(
  house: House,
  scope: Scope,
  agent: Agent,
  tasks: readonly { readonly id: string; readonly input: JsonObject }[],
): Promise<void> {
  const { store } = house;
  const rounds = new Rounds(house, scope, agent);
  let upTo = 0;
  for (const { id, input } of tasks) {
    const slices = agent.slices({ input });
    const task = { ...scope, id: taskId(id), input, subject: null, slices };
    const { number } = await store.acceptTask(task);
    if (upTo === 0) await store.setBarrier(scope, number - 1);
    upTo = number;
  }
  await rounds.run(tasks.map(({ id, input }) => ({ id: taskId(id), input })));
  await allReflected(house, scope, upTo);
  await rounds.settle(AbortSignal.timeout(REST_MS));
}

async function allReflected({ pool }: House, scope: Scope, upTo: number): Promise<void> {
  const deadline = Date.now() + REST_MS;
  for (;;) {
    const open = await unreflectedTasks(pool, scope, upTo);
    if (open === 0) return;
    if (Date.now() > deadline) {
      throw new UnavailableError(
        `reflection of ${scope.agent}`,
        `${String(open)} tasks are not reflected upon after ${String(REST_MS / 1000)} s`,
        'look at their workflows in the Temporal UI',
      );
    }
    await sleep(POLL_MS);
  }
}
