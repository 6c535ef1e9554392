import { setTimeout as sleep } from 'node:timers/promises';

import type { Worker, WorkerOptions } from '@temporalio/worker';

/**
 * Activities get five seconds to end by themselves, then they are cancelled, a tool has five more to clean up,
 * and what has not ended soon after that is given up.
 */
export const ENDING = {
  shutdownGraceTime: '5s',
  shutdownForceTime: '12s',
} as const satisfies Partial<WorkerOptions>;

/** Past the time of force: a worker whose core has broken never says that it has ended. */
const LOST_MS = 14_000;

export interface RunningWorkers {
  /** Rejects when a worker fails for good. */
  readonly done: Promise<void>;
  /** Ends them in order, within a bounded time; twice is once. Answers whether all have ended. */
  stop(): Promise<boolean>;
}

export interface Ending {
  /** Heeded by what waits for other workflows. */
  readonly ending: Pick<AbortController, 'abort'>;
  /** Activities that have begun and not ended. */
  readonly underWay?: { names(): readonly string[] };
  readonly log?: ((line: string) => void) | undefined;
}

/** Runs workers that were made with `ENDING`. */
export function runWorkers(
  workers: readonly Pick<Worker, 'run' | 'getState' | 'shutdown'>[],
  { ending, underWay, log }: Ending,
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
      const left = underWay?.names() ?? [];
      if (left.length > 0) log?.(`worker: gave up what did not end in time: ${left.join(', ')}`);
    }
  };
  let stopping: Promise<boolean> | undefined;
  return { done, stop: () => (stopping ??= stop()) };
}
