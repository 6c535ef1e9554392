import { setTimeout as sleep } from 'node:timers/promises';

import type { Client } from '@temporalio/client';

const LIMIT_MS = 2_000;

/** Whether Temporal answers a question that costs it nothing, within two seconds. */
export function temporalAnswers({ connection }: Client): Promise<boolean> {
  return answersInTime(() =>
    connection.withDeadline(Date.now() + LIMIT_MS, () =>
      connection.workflowService.getSystemInfo({}),
    ),
  );
}

/** Whether something is answered at all before the time is up. */
export async function answersInTime(ask: () => Promise<unknown>): Promise<boolean> {
  const waited = new AbortController();
  const late = sleep(LIMIT_MS, false, { signal: waited.signal }).catch(() => false);
  const asked = ask().then(
    () => true,
    () => false,
  );
  try {
    return await Promise.race([asked, late]);
  } finally {
    waited.abort();
  }
}
