import { type Client, ScheduleAlreadyRunning, ScheduleOverlapPolicy } from '@temporalio/client';

import type { Scope } from '../domain/ids.js';
import { searchAttributes } from '../workflows/search-attributes.js';

/** Well within the shortest retention of closed workflows that Temporal allows, one day. */
const EVERY = '1 hour';

export function maintenanceScheduleId({ tenant, agent }: Scope): string {
  return `maintain/${tenant}/${agent}`;
}

/** Makes sure that an agent's memory is looked after; one that is there already is left as it is. */
export async function ensureMaintenance(
  client: Client,
  taskQueue: string,
  scope: Scope,
): Promise<'created' | 'there'> {
  try {
    await client.schedule.create({
      scheduleId: maintenanceScheduleId(scope),
      spec: { intervals: [{ every: EVERY }] },
      action: {
        type: 'startWorkflow',
        workflowType: 'maintainMemory',
        workflowId: maintenanceScheduleId(scope),
        taskQueue,
        args: [{ tenant: scope.tenant, agent: scope.agent }],
        typedSearchAttributes: searchAttributes.owner(scope),
        staticSummary: `Memory of ${scope.agent}`,
      },
      // A round that still runs does what the next one would; hours slept through are one round.
      policies: { overlap: ScheduleOverlapPolicy.SKIP, catchupWindow: '1 hour' },
    });
    return 'created';
  } catch (error) {
    if (error instanceof ScheduleAlreadyRunning) return 'there';
    throw error;
  }
}
