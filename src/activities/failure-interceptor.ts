import { ApplicationFailure } from '@temporalio/activity';
import type { ActivityInterceptorsFactory } from '@temporalio/worker';

import { RatchetError } from '../domain/errors.js';

/**
 * Turns Ratchet's errors into failures that workflows can tell apart by type: the error's name, whether
 * it may be tried again, and how long the other side asked to wait. Everything else passes.
 */
export const failureInterceptor: ActivityInterceptorsFactory = () => ({
  inbound: {
    execute: async (input, next) => {
      try {
        return await next(input);
      } catch (error) {
        throw failureOf(error);
      }
    },
  },
});

function failureOf(error: unknown): unknown {
  if (!(error instanceof RatchetError)) return error;
  const retryAfterMs = 'retryAfterMs' in error ? error.retryAfterMs : undefined;
  return ApplicationFailure.create({
    message: error.message,
    type: error.name,
    nonRetryable: !error.retryable,
    cause: error,
    ...(typeof retryAfterMs === 'number' && { nextRetryDelay: retryAfterMs }),
  });
}
