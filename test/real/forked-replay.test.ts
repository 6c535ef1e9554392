import { afterAll, beforeAll, expect, test } from 'vitest';

import { startHouseWorkers, type House } from '../../src/cli/house.js';
import { openRealHouse, runTasks, scopeOf, startRealServers } from '../support/real-house.js';
import { workflowBundle } from '../support/workflow-bundle.js';
import { clerk, ForgetfulModel, ran } from '../support/room-clerk.js';

const closers: (() => Promise<void>)[] = [];
const model = new ForgetfulModel();
let house: House;

beforeAll(async () => {
  const servers = await startRealServers();
  closers.push(() => servers.stop());
  house = await openRealHouse(servers);
  closers.push(() => house.close());
  await startHouseWorkers(house, {
    agents: [clerk],
    models: model,
    hasLocalModel: true,
    workflowBundle: await workflowBundle(),
  });
});

afterAll(async () => {
  for (const close of closers.reverse()) await close();
});

test('a failed episode runs again from the blamed step, and the changed step alone turns it', async () => {
  const scope = scopeOf('replays', clerk);

  const [result] = await runTasks(house, clerk, scope, [
    { id: 'may', input: { wish: 'a room on 1 May' } },
  ]);
  const episode = result?.episode ?? '';
  const reflected: unknown = await house.temporal.workflow.getHandle(`reflect/${episode}`).result();

  expect(result?.score).toBe(0);
  expect(reflected).toMatchObject({
    end: 'nothing-learned',
    reason:
      'nothing to propose (blame: run again from step 2 with it changed: ' +
      '3 wins and 0 losses against no change, in 3 pairs)',
  });
  const times = (what: string): number => ran.filter((each) => each === what).length;
  // The live task looked once; no fork looked again.
  expect(times('look')).toBe(1);
  expect(times('book 1 May')).toBe(3);
  expect(times('book without a date')).toBe(1 + 3);
  // Live: three calls. A patched run: the answer. A control: the booking and the answer.
  expect(model.asked.filter((name) => name === 'clerk')).toHaveLength(3 + 3 * 1 + 3 * 2);
  expect(model.blamed).toBe(1);
});
