import type { Client } from '@temporalio/client';
import { expect, test } from 'vitest';

import { RatchetClient } from '../../src/client/ratchet-client.js';
import { agentId, episodeId, taskId, tenantId } from '../../src/contracts/ids.js';
import type { AgentTaskResult } from '../../src/workflows/messages.js';

const REQUEST = { tenant: tenantId('acme'), agent: agentId('clerk'), task: taskId('t-1') };

const RESULT: AgentTaskResult = {
  episode: episodeId('e-1'),
  end: 'done',
  score: 1,
  category: 'ok',
  missing: null,
  version: 'v-1',
  modelCalls: 2,
  toolCalls: 1,
  cost: 20,
};

/** A client whose task answers those who wait like this, one after the other, and closes like that. */
function clientOf(waits: (() => Promise<AgentTaskResult | null>)[], closes: AgentTaskResult) {
  const asked: string[] = [];
  const getHandle = (workflowId: string) => ({
    executeUpdate: () => {
      asked.push(`result of ${workflowId}`);
      return waits.shift()?.() ?? Promise.reject(new Error('asked once too often'));
    },
    result: () => {
      asked.push(`close of ${workflowId}`);
      return Promise.resolve(closes);
    },
  });
  const temporal = { workflow: { getHandle } } as unknown as Client;
  const unused = {} as never;
  const client = new RatchetClient({
    temporal,
    store: unused,
    messenger: unused,
    taskQueue: 'ratchet',
  });
  return { client, asked };
}

test('a result is asked of the next run where a task continued as new', async () => {
  const { client, asked } = clientOf(
    [() => Promise.resolve(null), () => Promise.resolve(RESULT)],
    RESULT,
  );

  const result = await client.result(REQUEST);

  expect(result).toEqual(RESULT);
  expect(asked).toEqual(['result of task/acme/clerk/t-1', 'result of task/acme/clerk/t-1']);
});

test('a result is that of the close where the task does not answer any more', async () => {
  const closes = { ...RESULT, end: 'cancelled' } as const;
  const { client, asked } = clientOf([() => Promise.reject(new Error('it has ended'))], closes);

  const result = await client.result(REQUEST);

  expect(result).toEqual(closes);
  expect(asked).toEqual(['result of task/acme/clerk/t-1', 'close of task/acme/clerk/t-1']);
});
