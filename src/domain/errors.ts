import type { SpendLimits } from './learning-budget.js';

/**
 * The root of every error Ratchet raises on purpose. The class name is the failure type on the wire
 * and in workflow histories, so it is never changed; `retryable` says whether trying again can help.
 */
export abstract class RatchetError extends Error {
  abstract override readonly name: string;
  abstract readonly retryable: boolean;
}

/** A value from outside that does not fit: names the field, what was found and what was expected. */
export class InvalidInputError extends RatchetError {
  override readonly name = 'InvalidInputError';
  override readonly retryable = false;
  readonly field: string;

  constructor(field: string, found: string, expected: string, options?: ErrorOptions) {
    super(`${field}: found ${found}, expected ${expected}`, options);
    this.field = field;
  }
}

/** Something named by the caller does not exist for this tenant. */
export class NotFoundError extends RatchetError {
  override readonly name = 'NotFoundError';
  override readonly retryable = false;

  constructor(kind: string, id: string, advice: string) {
    super(`${kind} ${id}: not found, expected one that exists; ${advice}`);
  }
}

/** What the caller saw has changed since, or the step asked for does not fit the present state. */
export class ConflictError extends RatchetError {
  override readonly name = 'ConflictError';
  override readonly retryable = false;
}

/** The caller may not do this: a frozen layer, a missing role. */
export class DeniedError extends RatchetError {
  override readonly name = 'DeniedError';
  override readonly retryable = false;
}

/** A server this process depends on does not answer. */
export class UnavailableError extends RatchetError {
  override readonly name = 'UnavailableError';
  override readonly retryable = true;
  readonly dependency: string;

  constructor(dependency: string, detail: string, advice: string, options?: ErrorOptions) {
    super(`${dependency} is not reachable: ${detail}; ${advice}`, options);
    this.dependency = dependency;
  }
}

/** A run that serves nobody was asked for on a day whose learning budget is spent. */
export class LearningBudgetError extends RatchetError {
  override readonly name = 'LearningBudgetError';
  override readonly retryable = false;

  constructor(agent: string, limit: number | SpendLimits) {
    const found =
      typeof limit === 'number'
        ? `${String(limit)} shadow runs today, expected fewer`
        : `nothing left today of ${limitText(limit)} for learning, expected room for one more call`;
    const setting =
      typeof limit === 'number'
        ? 'learning.shadowRunsPerDay'
        : 'learning.tokensPerDay and learning.costMicroUsdPerDay';
    super(
      `agent ${agent}: found ${found}; the next day begins at midnight UTC, or raise ${setting}`,
    );
  }
}

function limitText({ tokens, microUsd }: SpendLimits): string {
  return [
    ...(tokens === null ? [] : [`${String(tokens)} tokens`]),
    ...(microUsd === null ? [] : [`${String(microUsd)} micro-dollars`]),
  ].join(' and ');
}
