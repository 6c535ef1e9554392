import type { Client } from '@temporalio/client';

import type { Messenger } from '../activities/messenger.js';
import { UnavailableError } from '../domain/errors.js';

/**
 * The messenger of activities, which gives up when the workers of this process stop. An activity that
 * waits for the answer of a workflow of the same worker would wait in vain, and the worker for the
 * activity. What was sent may have arrived: the next attempt asks the same again.
 */
export function untilEnding(
  messenger: Messenger,
  { connection }: Pick<Client, 'connection'>,
  ending: AbortSignal,
): Messenger {
  // A signal for each message: the client hears it once a call and never stops to.
  const underWay = new Set<AbortController>();
  const abortAll = (): void => {
    for (const each of underWay) each.abort();
  };
  ending.addEventListener('abort', abortAll, { once: true });

  const send = async <T>(message: () => Promise<T>): Promise<T> => {
    const own = new AbortController();
    underWay.add(own);
    try {
      ending.throwIfAborted();
      return await connection.withAbortSignal(own.signal, message);
    } catch (error) {
      if (!ending.aborted) throw error;
      throw new UnavailableError(
        'the workflow that was sent a message',
        'the worker of this activity is stopping',
        'another one tries again',
        { cause: error },
      );
    } finally {
      underWay.delete(own);
    }
  };
  return {
    wake: (...of) => send(() => messenger.wake(...of)),
    grant: (...of) => send(() => messenger.grant(...of)),
    startCandidate: (...of) => send(() => messenger.startCandidate(...of)),
    wakeLearner: (...of) => send(() => messenger.wakeLearner(...of)),
    reserve: (...of) => send(() => messenger.reserve(...of)),
    settle: (...of) => send(() => messenger.settle(...of)),
    reflectOnDrift: (...of) => send(() => messenger.reflectOnDrift(...of)),
  };
}
