import { ApplicationFailure } from '@temporalio/activity';

import { expect, test } from 'vitest';

import { failureInterceptor } from '../../src/activities/failure-interceptor.js';
import {
  ModelRateLimitedError,
  ModelRefusedRequestError,
} from '../../src/contracts/model-errors.js';
import { anActivityEnvironment } from '../support/activity-environment.js';

async function failureOf(error: Error): Promise<unknown> {
  const environment = anActivityEnvironment({}, { interceptors: [failureInterceptor] });
  return environment
    .run(() => Promise.reject(error))
    .then(
      () => undefined,
      (reason: unknown) => reason,
    );
}

test('an error that may pass becomes a failure of its name, with the wait that was asked for', async () => {
  const error = new ModelRateLimitedError('HTTP 429', { retryAfterMs: 1_500 });

  const failure = await failureOf(error);

  expect(failure).toBeInstanceOf(ApplicationFailure);
  expect(failure).toMatchObject({
    type: 'ModelRateLimitedError',
    nonRetryable: false,
    nextRetryDelay: 1_500,
    message: error.message,
    cause: error,
  });
});

test('an error that stays becomes a failure that nobody tries again', async () => {
  const failure = await failureOf(new ModelRefusedRequestError('HTTP 400'));

  expect(failure).toMatchObject({ type: 'ModelRefusedRequestError', nonRetryable: true });
  expect(failure).toHaveProperty('nextRetryDelay', undefined);
});

test('any other error passes as it is', async () => {
  const error = new TypeError('a bug');

  expect(await failureOf(error)).toBe(error);
});

test('a result passes as it is', async () => {
  const environment = anActivityEnvironment({}, { interceptors: [failureInterceptor] });

  expect(await environment.run(() => Promise.resolve(7))).toBe(7);
});
