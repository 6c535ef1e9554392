import { RatchetError } from '../domain/errors.js';

export interface ToolFailureFacts extends ErrorOptions {
  /** What the model is shown once the attempts are used up; `TOOL_FAILED` unless told. */
  readonly code?: string;
  /** Milliseconds to wait before the next attempt. */
  readonly retryAfterMs?: number;
}

/**
 * Thrown by a tool whose next attempt may succeed where this one had no effect: a lock, a restart, a
 * rate limit. Everything else a tool throws is answered to the model at once and never tried again. An
 * `unsafe` tool is not run a second time even so: a person is asked.
 */
export class RetryableToolError extends RatchetError {
  override readonly name = 'RetryableToolError';
  override readonly retryable = true;
  readonly code: string;
  readonly retryAfterMs: number | undefined;

  constructor(message: string, facts: ToolFailureFacts = {}) {
    super(message, facts);
    this.code = facts.code ?? 'TOOL_FAILED';
    this.retryAfterMs = facts.retryAfterMs;
  }
}

/** By name and not by class: a configuration file may have loaded a copy of this module. */
export function isRetryableToolError(error: unknown): error is RetryableToolError {
  return error instanceof Error && error.name === 'RetryableToolError';
}

/**
 * An attempt ended without telling whether its effect happened. The next attempt finds out: with the
 * same key, by asking, or not at all.
 */
export class UnknownEffectError extends RatchetError {
  override readonly name = 'UnknownEffectError';
  override readonly retryable = true;
  readonly effectKey: string;

  constructor(effectKey: string, detail: string, options?: ErrorOptions) {
    super(`effect ${effectKey}: found ${detail}, expected an answer; trying again safely`, options);
    this.effectKey = effectKey;
  }
}
