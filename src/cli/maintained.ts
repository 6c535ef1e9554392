import { agentId } from '../contracts/ids.js';
import type { Agent } from '../contracts/agent.js';
import { ensureMaintenance } from '../client/maintenance-schedule.js';
import { createQueries } from '../store/queries.js';
import type { House } from './house.js';

/** How often tenants that came meanwhile are looked for. */
const LOOK_MS = 5 * 60_000;
const TENANTS = 10_000;

/**
 * Sees to it that every agent that serves a tenant has the schedule of its memory, at once and again and
 * again until the house closes. What fails is said and tried again at the next look.
 */
export async function keepMaintained(
  house: Pick<House, 'pool' | 'store' | 'temporal' | 'taskQueue' | 'onClose'>,
  agents: readonly Pick<Agent, 'id'>[],
  log: (line: string) => void,
): Promise<void> {
  const look = async (): Promise<void> => {
    try {
      for (const tenant of await createQueries(house.pool).latestTenants(TENANTS)) {
        for (const { id } of agents) {
          const scope = { tenant, agent: agentId(id) };
          if ((await house.store.pointer(scope)) === null) continue;
          const found = await ensureMaintenance(house.temporal, house.taskQueue, scope);
          if (found === 'created') log(`memory of ${id} of ${tenant}: looked after every hour`);
        }
      }
    } catch (error) {
      log(`schedules of memory: ${error instanceof Error ? error.message : String(error)}`);
    }
  };
  let looking = look();
  const timer = setInterval(() => {
    looking = looking.then(look);
  }, LOOK_MS);
  timer.unref();
  house.onClose(async () => {
    clearInterval(timer);
    await looking;
  });
  await looking;
}
