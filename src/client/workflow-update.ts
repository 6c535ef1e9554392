import { WorkflowNotFoundError, WorkflowUpdateFailedError } from '@temporalio/client';

import { ConflictError, DeniedError, InvalidInputError } from '../domain/errors.js';

/** Sends an update; what the workflow refuses, or cannot hear any more, is the error it stands for. */
export async function sendUpdate(workflowId: string, send: () => Promise<unknown>): Promise<void> {
  try {
    await send();
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) {
      throw new ConflictError(
        `${workflowId}: found it ended, expected a running workflow; look at it again`,
        { cause: error },
      );
    }
    if (error instanceof WorkflowUpdateFailedError) throw updateFailure(error);
    throw error;
  }
}

/** The refusal of a workflow as the error it stands for. */
export function updateFailure(error: WorkflowUpdateFailedError): Error {
  const cause = namedCause(error.cause);
  const type = cause instanceof Error && 'type' in cause ? cause.type : undefined;
  const message = cause instanceof Error ? cause.message : error.message;
  if (type === 'DeniedError') return new DeniedError(message, { cause: error });
  if (type === 'NotFoundError') return new ConflictError(message, { cause: error });
  if (type === 'InvalidInputError') return new InputRefusedError(message, { cause: error });
  return new ConflictError(message, { cause: error });
}

/** What an activity failed with stands below the failure of the activity. */
function namedCause(error: unknown): unknown {
  const hasType = error instanceof Error && 'type' in error && typeof error.type === 'string';
  if (hasType || !(error instanceof Error) || error.cause === undefined) return error;
  return namedCause(error.cause);
}

/** A field of a message that a workflow refused; the text names it. */
export class InputRefusedError extends InvalidInputError {
  constructor(message: string, options?: ErrorOptions) {
    super('message', message, 'one that fits', options);
    this.message = message;
  }
}
