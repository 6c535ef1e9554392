import { setTimeout as sleep } from 'node:timers/promises';

import type { Worker, WorkerOptions } from '@temporalio/worker';

/** Activities get this long to end by themselves, then they are cancelled, then they are given up. */
export const ENDING = {
  shutdownGraceTime: '5s',
  shutdownForceTime: '10s',
} as const satisfies Partial<WorkerOptions>;

/** Past the time of force: a worker whose core has broken never says that it has ended. */
const LOST_MS = 12_000;

export interface RunningWorkers {
  /** Rejects when a worker fails for good. */
  readonly done: Promise<void>;
  /** Ends them in order, within a bounded time; twice is once. Answers whether all have ended. */
  stop(): Promise<boolean>;
}

/** Runs workers that were made with `ENDING`. What waits for other workflows has to heed `ending`. */
export function runWorkers(
  workers: readonly Worker[],
  ending: Pick<AbortController, 'abort'>,
): RunningWorkers {
  const runs = workers.map((worker) => worker.run());
  const done = Promise.all(runs).then(() => undefined);
  done.catch(() => undefined);
  const stop = async (): Promise<boolean> => {
    ending.abort();
    for (const worker of workers) if (worker.getState() === 'RUNNING') worker.shutdown();
    const lost = new AbortController();
    const ended = Promise.allSettled(runs).then(() => true);
    try {
      return await Promise.race([ended, sleep(LOST_MS, false, { signal: lost.signal })]);
    } finally {
      lost.abort();
    }
  };
  let stopping: Promise<boolean> | undefined;
  return { done, stop: () => (stopping ??= stop()) };
}
