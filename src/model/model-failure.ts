import { APIError } from 'openai';

import {
  ModelAuthError,
  ModelRateLimitedError,
  ModelRefusedRequestError,
  ModelUnavailableError,
} from '../contracts/model-errors.js';
import { singleLine } from '../contracts/plain-text.js';
import { RatchetError } from '../domain/errors.js';
import { retryAfterMs } from './retry-after.js';

/**
 * What a failed call means for who has to decide about it. `x-should-retry` wins over the status; an
 * error without a status never got an answer.
 */
export function modelFailureOf(error: unknown, nowMs: number): RatchetError {
  if (error instanceof RatchetError) return error;
  const answer: APIError | undefined = error instanceof APIError ? error : undefined;
  if (answer?.status === undefined) {
    return new ModelUnavailableError(`no answer (${reasonOf(error)})`, { cause: error });
  }
  const { status, headers } = answer;
  if (status === 401 || status === 403) return new ModelAuthError(status);

  const shouldRetry = headers?.get('x-should-retry');
  const waitMs = retryAfterMs(headers, nowMs);
  const detail = singleLine(`HTTP ${String(status)} (${answer.message})`);
  const isOver = shouldRetry === 'false' || answer.code === 'insufficient_quota';
  const facts = {
    cause: error,
    retryable: !isOver,
    ...(waitMs !== undefined && { retryAfterMs: waitMs }),
  };
  if (status === 429) return new ModelRateLimitedError(detail, facts);
  if (mayPass(status, answer.type) || shouldRetry === 'true') {
    return new ModelUnavailableError(detail, facts);
  }
  return new ModelRefusedRequestError(detail, { cause: error });
}

/** 409 is a lock that timed out, unless the endpoint calls the request itself invalid. */
function mayPass(status: number, type: string | undefined): boolean {
  return status === 408 || status >= 500 || (status === 409 && type !== 'invalid_request_error');
}

/** The innermost reason: `fetch failed` alone helps nobody. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return singleLine(String(error));
  return error.cause instanceof Error ? reasonOf(error.cause) : singleLine(error.message);
}
