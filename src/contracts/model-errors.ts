import { RatchetError } from '../domain/errors.js';

/** What a failed call of a model knows beside its message. */
export interface ModelFailureFacts extends ErrorOptions {
  /** Milliseconds the server asked to wait. */
  readonly retryAfterMs?: number;
  /** Set where the server itself said whether another attempt can help. */
  readonly retryable?: boolean;
}

/** HTTP 429: too many calls, or a quota that is used up (then not retryable). */
export class ModelRateLimitedError extends RatchetError {
  override readonly name = 'ModelRateLimitedError';
  override readonly retryable: boolean;
  readonly retryAfterMs: number | undefined;

  constructor(detail: string, facts: ModelFailureFacts = {}) {
    super(
      `model: found ${detail}, expected a completion; lower the rate or raise the quota`,
      facts,
    );
    this.retryable = facts.retryable ?? true;
    this.retryAfterMs = facts.retryAfterMs;
  }
}

/** No usable answer for a reason that may pass: 5xx, network, deadline, half a body. */
export class ModelUnavailableError extends RatchetError {
  override readonly name = 'ModelUnavailableError';
  override readonly retryable: boolean;
  readonly retryAfterMs: number | undefined;

  constructor(detail: string, facts: ModelFailureFacts = {}) {
    super(`model: found ${detail}, expected a completion; check the endpoint`, facts);
    this.retryable = facts.retryable ?? true;
    this.retryAfterMs = facts.retryAfterMs;
  }
}

/** The server understood the request and will refuse it again: 400, 404, 422, context too long. */
export class ModelRefusedRequestError extends RatchetError {
  override readonly name = 'ModelRefusedRequestError';
  override readonly retryable = false;

  constructor(detail: string, options?: ErrorOptions) {
    super(
      `model: found ${detail}, expected a completion; check the model's name and the request`,
      options,
    );
  }
}

/** 401 or 403. What the server said is left out, since it may quote the key. */
export class ModelAuthError extends RatchetError {
  override readonly name = 'ModelAuthError';
  override readonly retryable = false;

  constructor(status: number) {
    super(`model: found HTTP ${String(status)}, expected a completion; check the API key`);
  }
}

/** HTTP 200 with something that is no completion: an error page, no choices, other JSON, too many bytes. */
export class ModelProtocolError extends RatchetError {
  override readonly name = 'ModelProtocolError';
  override readonly retryable: boolean;

  constructor(detail: string, facts: ModelFailureFacts = {}) {
    super(
      `model: found ${detail}, expected a chat completion; check that the base URL is of an ` +
        'OpenAI-compatible endpoint',
      facts,
    );
    this.retryable = facts.retryable ?? true;
  }
}

/** Neither text nor tool calls. Worth one more attempt; a second one is taken as an empty answer. */
export class ModelEmptyError extends RatchetError {
  override readonly name = 'ModelEmptyError';
  override readonly retryable = true;

  constructor(model: string) {
    super(`model ${model}: found an empty reply, expected text or tool calls; asking once more`);
  }
}
