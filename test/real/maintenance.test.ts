import { afterAll, beforeAll, expect, test } from 'vitest';

import { maintenanceScheduleId, ensureMaintenance } from '../../src/client/maintenance-schedule.js';
import { keepMaintained } from '../../src/cli/maintained.js';
import type { House } from '../../src/cli/house.js';
import { historiesOf, replay } from '../../src/cli/reproduce/histories.js';
import type { maintainMemory, MaintenanceReport } from '../../src/workflows/maintain-memory.js';
import { deskAgent, deskQuestion, startDeskModel } from '../support/desk.js';
import { until } from '../support/poll.js';
import {
  openRealHouse,
  runTasks,
  scopeOf,
  startDeskWorkers,
  startRealServers,
} from '../support/real-house.js';
import { workflowBundle } from '../support/workflow-bundle.js';

const closers: (() => Promise<void>)[] = [];
const desk = deskAgent();
let house: House;

beforeAll(async () => {
  const servers = await startRealServers();
  closers.push(() => servers.stop());
  house = await openRealHouse(servers);
  closers.push(() => house.close());
  const model = await startDeskModel();
  closers.push(() => model.close());
  await startDeskWorkers(house, [desk], model);
});
afterAll(async () => {
  for (const close of closers.reverse()) await close();
});

/** The report of a round that the schedule was told to start now. */
async function triggered(scheduleId: string): Promise<MaintenanceReport> {
  const handle = house.temporal.schedule.getHandle(scheduleId);
  await handle.trigger();
  const workflowId = await until('a round', async () => {
    const { info } = await handle.describe();
    return info.recentActions.at(-1)?.action.workflow.workflowId;
  });
  return house.temporal.workflow.getHandle<typeof maintainMemory>(workflowId).result();
}

test('the schedule of an agent is made once, and its round archives what has closed', async () => {
  const scope = scopeOf('kept', desk);
  const tasks = ['t-1', 't-2'].map((id) => ({ id, input: deskQuestion('helps', 1, false) }));
  await runTasks(house, desk, scope, tasks);
  const ids = tasks.map(({ id }) => `task/${scope.tenant}/${scope.agent}/${id}`);
  await until('both are listed as closed', async () => {
    const query = `RatchetTenant = "${scope.tenant}" and ExecutionStatus = "Completed"`;
    const { count } = await house.temporal.workflow.count(query);
    return count >= tasks.length ? true : undefined;
  });

  await keepMaintained(house, [desk], () => undefined);
  const again = await ensureMaintenance(house.temporal, house.taskQueue, scope);
  const report = await triggered(maintenanceScheduleId(scope));

  expect(again).toBe('there');
  expect(report).toMatchObject({ quarantined: [], removals: [] });
  expect(report.archived).toBeGreaterThanOrEqual(tasks.length);
  expect((await house.store.utilityCursor(scope)).cursor).toBe(tasks.length);
  for (const id of ids) {
    expect(await house.store.archivedHistories(scope.tenant, id)).toHaveLength(1);
  }
});

test('an archived history replays after Temporal has forgotten the workflow', async () => {
  const scope = scopeOf('kept', desk);
  const id = `task/${scope.tenant}/${scope.agent}/t-1`;
  const { workflowService } = house.temporal;
  await workflowService.deleteWorkflowExecution({
    namespace: house.config.temporal.namespace,
    workflowExecution: { workflowId: id },
  });
  await until('it is forgotten', async () =>
    house.temporal.workflow
      .getHandle(id)
      .describe()
      .then(
        () => undefined,
        () => true as const,
      ),
  );

  const histories = await historiesOf(house.temporal, house.store, scope.tenant, id);

  expect(histories).toHaveLength(1);
  expect([...(await replay(await workflowBundle(), histories))]).toEqual([]);
});
