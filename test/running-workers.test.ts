import { GracefulShutdownPeriodExpiredError } from '@temporalio/worker';
import { expect, test } from 'vitest';

import { UnderWay } from '../src/activities/under-way.js';
import { isExpected } from '../src/cli/temporal-logs.js';
import { runWorkers } from '../src/running-workers.js';
import { anActivityEnvironment } from './support/activity-environment.js';

const EXPIRED = new GracefulShutdownPeriodExpiredError('Timed out while waiting');

/** A worker that fails once it was told to end, as one does whose activities go on. */
function aWorkerThatExpires() {
  let expire = (): void => undefined;
  return {
    run: () => new Promise<void>((_resolve, reject) => (expire = () => reject(EXPIRED))),
    getState: () => 'RUNNING' as const,
    shutdown: () => expire(),
  };
}

test('what does not end with its worker is named, once', async () => {
  const underWay = new UnderWay();
  const info = {
    activityType: 'grade',
    workflowExecution: { workflowId: 'task/acme/desk/t-1', runId: 'r' },
  };
  const environment = anActivityEnvironment(info, { interceptors: [underWay.interceptor] });
  await environment.run(() => Promise.resolve('ended'));
  void environment.run(() => new Promise(() => undefined));
  const lines: string[] = [];
  const running = runWorkers([aWorkerThatExpires()], {
    ending: new AbortController(),
    underWay,
    log: (line) => void lines.push(line),
  });

  const haveEnded = await running.stop();
  await running.stop();

  expect(haveEnded).toBe(true);
  expect(lines).toEqual(['worker: gave up what did not end in time: grade of task/acme/desk/t-1']);
});

test('workers whose activities have ended say nothing', async () => {
  const lines: string[] = [];
  const running = runWorkers([aWorkerThatExpires()], {
    ending: new AbortController(),
    underWay: new UnderWay(),
    log: (line) => void lines.push(line),
  });

  await running.stop();

  expect(lines).toEqual([]);
});

test('the SDK need not say what the worker says better', () => {
  expect(isExpected('Worker failed', { error: EXPIRED })).toBe(true);
  expect(isExpected('Worker failed', { error: new Error('Connection lost') })).toBe(false);
});
