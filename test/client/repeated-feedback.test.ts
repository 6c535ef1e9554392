import {
  Client,
  Connection,
  WorkflowExecutionAlreadyStartedError,
  WorkflowNotFoundError,
} from '@temporalio/client';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';

import { createMessenger } from '../../src/client/messenger.js';
import { RatchetClient } from '../../src/client/ratchet-client.js';
import { createStore } from '../../src/store/store.js';
import { freshDatabase, type FreshDatabase } from '../support/postgres.js';
import { aScope, deploy, playTask, UNKNOWN } from '../support/store-builders.js';

let database: FreshDatabase;
beforeAll(async () => {
  database = await freshDatabase();
});
afterAll(() => database.drop());

test('feedback whose reflection was never started starts it when it is sent again', async () => {
  const store = createStore(database.pool);
  const scope = aScope('repeated');
  await deploy(store, scope);
  const { episode } = await playTask(store, scope, 't-1', { outcome: UNKNOWN });
  const temporal = new Client({ connection: Connection.lazy({ address: '127.0.0.1:1' }) });
  const messenger = createMessenger(temporal, 'ratchet');
  const client = new RatchetClient({ temporal, store, messenger, taskQueue: 'ratchet' });
  const given = { id: 'f-1', episode, actor: 'ann', role: 'user', score: 0 };
  const said = { ...given, correction: null, comment: 'no' };
  const workflowId = `reflect/${episode}`;
  const handle = temporal.workflow.getHandle(workflowId);
  vi.spyOn(temporal.workflow, 'getHandle').mockReturnValue(handle);
  const nowhere = new WorkflowNotFoundError('not found', workflowId, undefined);
  vi.spyOn(handle, 'describe').mockRejectedValue(nowhere);
  const start = vi.spyOn(temporal.workflow, 'start');

  start.mockRejectedValueOnce(new Error('the sender died'));
  await expect(client.giveFeedback(scope.tenant, said)).rejects.toThrow('the sender died');
  start.mockRejectedValue(
    new WorkflowExecutionAlreadyStartedError('started', workflowId, 'reflectAndUpdate'),
  );
  const again = await client.giveFeedback(scope.tenant, said);

  expect(again).toMatchObject({ existing: true });
  expect(start.mock.calls.map(([, { workflowId: id }]) => id)).toEqual([
    workflowId,
    workflowId,
    `${workflowId}.f-1`,
  ]);
});
